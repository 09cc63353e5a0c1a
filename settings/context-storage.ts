/** A context store as Node-RED's setting takes it: a built-in name or a module function. */
export interface ContextStoreSetting {
  module: string | ((config: object) => object);
  config?: object;
}

/**
 * Where flows and nodes keep what must survive: `durable`, which is also the default. `memory` is for what need not:
 * it keeps values by reference and costs no write.
 */
export function contextStorage(durable: ContextStoreSetting): Record<string, ContextStoreSetting | string> {
  return { default: 'durable', durable, memory: { module: 'memory' } };
}
