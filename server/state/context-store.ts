import { createRequire } from 'node:module';
import { decode, EncodingError, encode } from './encoding.ts';
import type { StateStore, Write } from './state-store.ts';
import { StoreError } from './store-error.ts';

/** Above this a value is refused: context is for state, not for files, and each change writes the whole value. */
export const MAX_VALUE_BYTES = 1024 * 1024;

/** What scopes of the appliance itself begin with: no id of a node. */
export const OWN_SCOPES = '$redstart';

type Callback = (error?: Error | null, ...values: unknown[]) => void;

/** What Node-RED asks of a context-store module. With a callback a call is asynchronous, without one it answers at once. */
export interface ContextStore {
  open(): Promise<void>;
  close(): Promise<void>;
  get(scope: string, key: string | string[], callback?: Callback): unknown;
  set(scope: string, key: string | string[], value: unknown, callback?: Callback): void;
  keys(scope: string, callback?: Callback): string[] | undefined;
  delete(scope: string): Promise<void>;
  clean(activeNodes: readonly string[]): Promise<void>;
}

export interface ContextStoreOptions {
  /** Entries of nodes that are gone are removed. Default: true. */
  cleans?: boolean;
  /** Told how long each write took until it was on disk. */
  onWritten?: (seconds: number) => void;
}

interface Paths {
  normalisePropertyExpression(path: string): (string | number)[];
  getObjectProperty(target: object, path: string): unknown;
  setObjectProperty(target: object, path: string, value: unknown): boolean | undefined;
}

const { util: paths } = createRequire(import.meta.url)('@node-red/util') as { util: Paths };

/**
 * Node-RED's context on the crash-safe store, one row a top-level key. Keys are property paths (`a.b[0]`): a nested one
 * reads and writes the row of its first part. It is given the store and not a path, as the appliance opens it before
 * Node-RED starts and asks it for its health. With `cleans` off it keeps what nodes left that are gone: where others write to
 * the same store, a node that is not known here may be theirs.
 */
export function createContextStore(store: StateStore, options: ContextStoreOptions = {}): ContextStore {
  const { cleans = true, onWritten } = options;
  const rootOf = (key: string): string => String(paths.normalisePropertyExpression(key)[0]);

  const load = (scope: string, root: string): unknown => {
    const text = store.get(scope, root);
    return text === undefined ? undefined : decode(text);
  };

  const read = (scope: string, key: string): unknown => {
    const root = rootOf(key);
    const value = load(scope, root);
    if (root === key || value === undefined) return value;
    try {
      return paths.getObjectProperty(holding(root, value), key);
    } catch (error) {
      // A path through something that is not there is not an error but nothing.
      if ((error as { code?: string }).code === 'INVALID_EXPR') throw error;
      return undefined;
    }
  };

  /** The rows that a `set` changes. Several paths into one row are put together before it is written. */
  const rows = (scope: string, keys: string[], values: unknown[]): Write[] => {
    const changed = new Map<string, unknown>();
    for (const [index, key] of keys.entries()) {
      const root = rootOf(key);
      const value = index < values.length ? values[index] : null;
      if (root === key) {
        changed.set(root, value);
        continue;
      }
      const holder = holding(root, changed.has(root) ? changed.get(root) : load(scope, root));
      paths.setObjectProperty(holder, key, value);
      changed.set(root, holder[root]);
    }
    return Array.from(changed, ([key, value]) => ({
      scope,
      key,
      text: value === undefined ? null : text(scope, key, value),
    }));
  };

  const answer = (callback: Callback | undefined, produce: () => unknown[]): unknown[] => {
    if (!callback) return produce();
    let values: unknown[];
    try {
      values = produce();
    } catch (error) {
      callback(error as Error);
      return [];
    }
    callback(undefined, ...values);
    return values;
  };

  return {
    // The appliance opens the store and says why it could not: here a failure would stop Node-RED without a reason.
    open: async () => {},
    close: async () => {},
    get(scope, key, callback) {
      const values = answer(callback, () => [key].flat().map((each) => read(scope, each)));
      return Array.isArray(key) ? values : values[0];
    },
    set(scope, key, value, callback) {
      const values = Array.isArray(key) && Array.isArray(value) ? value : [value];
      const began = onWritten && performance.now();
      const written = (): void => {
        if (began !== undefined) onWritten?.((performance.now() - began) / 1000);
      };
      if (!callback) {
        store.writeSync(rows(scope, [key].flat(), values));
        written();
        return;
      }
      try {
        store.write(rows(scope, [key].flat(), values), (error) => {
          if (!error) written();
          callback(error);
        });
      } catch (error) {
        callback(error as Error);
      }
    },
    keys(scope, callback) {
      const [keys] = answer(callback, () => [store.keys(scope)]);
      return keys as string[] | undefined;
    },
    delete: async (scope) => store.removeScope(scope),
    async clean(activeNodes) {
      // Asked between the stop and the start of a deploy, of which each looks at all nodes: others have their turn now.
      await new Promise((resolve) => setImmediate(resolve));
      if (!cleans) return;
      // A scope is `id` or, for a node in a flow, `id:flow`.
      const ownerOf = (scope: string): string => scope.split(':')[0] ?? scope;
      const scopes = store.scopes().filter((scope) => !['global', OWN_SCOPES].includes(ownerOf(scope)));
      if (scopes.length === 0) return;
      const active = new Set(activeNodes);
      for (const scope of scopes) {
        if (!active.has(ownerOf(scope))) store.removeScope(scope);
      }
    },
  };
}

/** An object with this one property: an own one, so that a key `__proto__` is a key like any other. */
function holding(root: string, value: unknown): Record<string, unknown> {
  const holder: Record<string, unknown> = {};
  if (value !== undefined)
    Object.defineProperty(holder, root, { value, enumerable: true, configurable: true, writable: true });
  return holder;
}

function text(scope: string, key: string, value: unknown): string {
  let encoded: string;
  try {
    encoded = encode(value);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new StoreError(
      'STORE_NOT_SERIALISABLE',
      `Context ${whose(scope)}, key "${key}${error.part}": ${error.message}. Keep only data in context.`,
    );
  }
  const bytes = Buffer.byteLength(encoded);
  if (bytes > MAX_VALUE_BYTES) {
    throw new StoreError(
      'STORE_TOO_LARGE',
      `Context ${whose(scope)}, key "${key}": ${bytes} bytes, over the limit of ${MAX_VALUE_BYTES}. Spread it over several keys, or keep the data in a file and its name in context.`,
    );
  }
  return encoded;
}

const whose = (scope: string): string => (scope === 'global' ? 'global' : `of node or flow ${scope.split(':')[0]}`);
