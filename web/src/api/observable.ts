import { useSyncExternalStore } from 'react';

/** A value that others watch. */
export interface Observable<T> {
  get(): T;
  set(value: T): void;
  /** Calls back after each change, until what it returns is called. */
  watch(onChange: () => void): () => void;
}

export function createObservable<T>(initial: T): Observable<T> {
  const watchers = new Set<() => void>();
  let value = initial;
  return {
    get: () => value,
    set(next) {
      if (Object.is(value, next)) return;
      value = next;
      for (const onChange of [...watchers]) onChange();
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}

/** The value as it is now; the component renders again when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.watch, observable.get);
}
