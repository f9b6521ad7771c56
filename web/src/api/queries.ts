import { QueryClient } from '@tanstack/react-query';
import { comebacks } from './client.ts';

/**
 * What was read from the API. Nothing is tried again by itself: a problem would come again, and a server that does not
 * answer is watched over by the connection.
 */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, networkMode: 'always', staleTime: 5_000 },
    mutations: { retry: false, networkMode: 'always' },
  },
});

comebacks.watch(() => void queries.invalidateQueries());
