/** A context store as Node-RED's setting takes it: a built-in name or a module function. */
export interface ContextStoreSetting {
  module: string | ((config: object) => object);
  config?: object;
}

/**
 * Where flows and nodes keep what must survive: `durable`, which is also the default. A crash-safe store takes its place
 * by being passed in; names do not change then, so neither do flows. `memory` is for what need not survive.
 */
export function contextStorage(
  dataDir: string,
  durable?: ContextStoreSetting,
): Record<string, ContextStoreSetting | string> {
  return {
    default: 'durable',
    durable: durable ?? {
      module: 'localfilesystem',
      // The cache is what lets function nodes read without a callback; flushed often, as a kill loses what is not.
      config: { dir: dataDir, base: 'context', cache: true, flushInterval: 1 },
    },
    memory: { module: 'memory' },
  };
}
