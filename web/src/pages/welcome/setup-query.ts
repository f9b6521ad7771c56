import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';

/** Whether the first administrator is still to be created. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => dataOf(api.GET('/api/v1/setup')),
});
