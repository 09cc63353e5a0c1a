import { join } from 'node:path';
import type { Logger } from 'pino';
import type { NodePolicy } from '../../settings/node-policy.ts';
import type { Audit } from '../audit/audit-event.ts';
import type { Config } from '../config/index.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import { nodeTrace } from '../runtime/node-trace.ts';
import { limitEgress } from './egress.ts';
import { createFunctionTimeLimit } from './function-time-limit.ts';
import { guardFlows } from './guarded-flows.ts';
import { HeldFlows, type Hold } from './held-flows.ts';
import { giveUpRights } from './permissions.ts';
import type { RefusedFlow } from './refused-flows.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** Names within the data folder. */
export const SANDBOX_FILES = { held: 'held-flows.json', suspect: 'blocking-flow.json' } as const;

export interface SandboxOptions {
  config: Config;
  policy: NodePolicy;
  flows: FlowStore;
  simulatorUrl: string | null;
  logger: Logger;
  audit: Audit;
  index: FlowIndex;
}

/** What keeps flows from the machine, from the network's inside and from each other. */
export interface Sandbox {
  /** The flow files, with what must not run disabled. */
  readonly flows: FlowStore;
  refused(): readonly RefusedFlow[];
  held(): readonly Hold[];
  /** An exception of this node ends the program. @returns the flow that the next start holds back */
  blame(nodeId: string): Hold | null;
  /** Everything is in force when it resolves, which is to be before a flow runs. */
  settled(): Promise<void>;
  /** Seconds that the function node which runs now may take; 0 is without a limit. */
  functionTimeLimit(): number;
  /** Flows are about to run. */
  arm(): void;
  close(): void;
}

/** Its second thread comes up while the program loads: see `settled`. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { config, policy, logger, audit, index, simulatorUrl } = options;
  const suspectFile = join(config.data.dir, SANDBOX_FILES.suspect);
  const held = new HeldFlows({ file: join(config.data.dir, SANDBOX_FILES.held), suspectFile, logger });
  const { store, refused } = guardFlows(options.flows, held, policy, logger);
  const egress = limitEgress({ config, own: simulatorUrl === null ? [] : [simulatorUrl], logger, audit, index });
  const limitSeconds = config.loopLimitSeconds;
  const watchdog: Watchdog | null = limitSeconds > 0 ? startWatchdog({ limitSeconds, suspectFile, held }) : null;
  for (const { flow, flowLabel, node, cause, at } of held.list())
    audit.record({ event: 'flow-held-back', flow, flowLabel, node, cause, at });
  return {
    flows: store,
    refused,
    held: () => held.list(),
    blame: (nodeId) => held.blame(nodeId, 'exception'),
    async settled() {
      await watchdog?.watching;
      giveUpRights(logger);
    },
    functionTimeLimit: createFunctionTimeLimit({
      watchdog: watchdog !== null,
      running: nodeTrace.node,
      find: index.find,
    }),
    arm: () => watchdog?.arm(),
    close() {
      watchdog?.stop();
      egress.remove();
    },
  };
}
