import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { Traces } from './create-traces.ts';

/** Null where they are off: then nothing of OpenTelemetry is loaded. */
export async function openTraces(config: Config, index: FlowIndex, logger: Logger): Promise<Traces | null> {
  const { traces, proxy } = config;
  return traces && (await import('./create-traces.ts')).createTraces({ traces, proxy, index, logger });
}
