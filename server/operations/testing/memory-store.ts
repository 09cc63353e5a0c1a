import type { StateStore } from '../../state/state-store.ts';

/** A state store in memory that counts its writes and can be made to fail. */
export function memoryStore() {
  const scopes = new Map<string, Map<string, string>>();
  const of = (scope: string): Map<string, string> => {
    const found = scopes.get(scope) ?? new Map<string, string>();
    scopes.set(scope, found);
    return found;
  };
  const store = {
    writes: 0,
    failing: null as Error | null,
    get: (scope: string, key: string) => of(scope).get(key),
    keys: (scope: string) => [...of(scope).keys()],
    write(writes: Parameters<StateStore['write']>[0], done: (error?: Error) => void) {
      if (store.failing) {
        done(store.failing);
        return;
      }
      store.writes += 1;
      for (const { scope, key, text } of writes) {
        if (text === null) of(scope).delete(key);
        else of(scope).set(key, text);
      }
      done();
    },
  };
  return store;
}
