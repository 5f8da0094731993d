// A value that components watch. Small on purpose: the console has four of them.

import { useEffect, useState } from 'preact/hooks';

export interface Store<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  const [, again] = useState({});
  useEffect(() => {
    let seen = store.get();
    again({}); // what changed between render and effect
    return store.subscribe(() => {
      if (Object.is(seen, store.get())) return;
      seen = store.get();
      again({});
    });
  }, [store]);
  return store.get();
}
