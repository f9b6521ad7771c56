import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { later } from './connection.ts';
import { queries } from './queries.ts';
import { sessionQuery } from './session.ts';
import { type Change, createStream, type Listener } from './stream.ts';

/** The stream of this tab. */
export const stream = createStream({
  open: (lastEventId) => {
    const query = lastEventId === null ? '' : `?${new URLSearchParams({ lastEventId })}`;
    return new EventSource(`/api/v1/stream${query}`);
  },
  later,
  onRefused: () => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
});

/** Tells a component of changes while it is on the screen. */
export function useChanges(topic: string, listener: Listener): void {
  const onChanges = useEffectEvent(listener.onChanges);
  const onReset = useEffectEvent(listener.onReset);
  useEffect(
    () => stream.listen(topic, { onChanges: (changes) => onChanges(changes), onReset: () => onReset() }),
    [topic],
  );
}

/**
 * Keeps lists fresh while they are on the screen: items that are there are replaced in place, so that nothing moves
 * under a reader's hand, and `onNew` is told of the others.
 */
export function useLiveItems(topic: string, queryKey: QueryKey, onNew?: (changes: readonly Change[]) => void): void {
  const cache = useQueryClient();
  useChanges(topic, {
    onChanges(changes) {
      const missing = new Map(changes.map((change) => [change.id, change]));
      cache.setQueriesData<{ items: Change[] }>({ queryKey }, (page) => {
        if (page === undefined) return page;
        const fresh = new Map(changes.map((change) => [change.id, change]));
        return {
          ...page,
          items: page.items.map((item) => {
            missing.delete(item.id);
            return { ...item, ...fresh.get(item.id) };
          }),
        };
      });
      if (missing.size > 0) onNew?.([...missing.values()]);
    },
    onReset: () => void cache.invalidateQueries({ queryKey }),
  });
}
