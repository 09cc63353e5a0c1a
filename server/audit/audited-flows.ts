import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type FlowNode, isObject } from '../flows/flow-node.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import { replaceFile } from '../flows/write-files.ts';
import type { Audit } from './audit-event.ts';
import { currentCaller } from './caller.ts';
import { createFlowHashes, type FlowHash, flowChanges, totalHash } from './flow-hashes.ts';

/** Who a flow that runs is from. */
export type Deployer =
  | { by: 'editor'; user: string; at: string }
  /** It was not deployed here as it is: it came with the flow files. */
  | { by: 'flow files' };

export interface AuditedFlowStore extends FlowStore {
  /** @param flow id of a tab or subflow */
  deployerOf(flow: string): Deployer;
}

export interface AuditedFlowsOptions {
  audit: Audit;
  /** Keeps who deployed what over a restart. */
  deployersFile: string;
  logger: Logger;
}

type Deployers = Record<string, { user: string; at: string; hash: string }>;

/** The flow files, with each deploy recorded: who, from where, which flows, and their hash before and after. */
export function auditFlows(flows: FlowStore, { audit, deployersFile, logger }: AuditedFlowsOptions): AuditedFlowStore {
  const flowHashes = createFlowHashes();
  let current: FlowHash[] | null = null;
  let deployers: Deployers | null = null;

  async function load(): Promise<FlowNode[]> {
    const nodes = await flows.load();
    deployers ??= await readDeployers(deployersFile, logger);
    const hashes = flowHashes(nodes);
    // "Restart flows", after the files were changed: what ran before is known.
    const changes = current === null ? [] : flowChanges(current, hashes);
    if (current !== null && changes.length > 0)
      audit.record({
        event: 'reload',
        ...currentCaller(),
        flows: changes,
        before: totalHash(current),
        after: totalHash(hashes),
      });
    current = hashes;
    return nodes;
  }

  async function save(nodes: readonly FlowNode[]): Promise<void> {
    const before = current ?? [];
    const caller = currentCaller();
    try {
      await flows.save(nodes);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      audit.record({ event: 'refused', ...caller, what: 'deploy', why: code ?? message });
      throw error;
    }
    const after = flowHashes(nodes);
    const changes = flowChanges(before, after);
    current = after;
    audit.record({ event: 'deploy', ...caller, flows: changes, before: totalHash(before), after: totalHash(after) });
    const at = new Date().toISOString();
    const known: Deployers = { ...deployers };
    for (const { flow, after: hash } of changes) {
      if (hash === null) delete known[flow];
      else known[flow] = { user: caller.user ?? 'unknown', at, hash };
    }
    deployers = known;
    await replaceFile(deployersFile, JSON.stringify(known, null, 2), 0o600).catch((error: unknown) =>
      logger.warn(
        { err: error },
        'who deployed the flows cannot be kept: after a restart the audit trail says "flow files"',
      ),
    );
  }

  return Object.create(flows, {
    load: { value: load },
    save: { value: save },
    deployerOf: {
      value(flow: string): Deployer {
        const known = deployers?.[flow];
        const hash = current?.find(({ id }) => id === flow)?.hash;
        return known && known.hash === hash ? { by: 'editor', user: known.user, at: known.at } : { by: 'flow files' };
      },
    },
  }) as AuditedFlowStore;
}

async function readDeployers(path: string, logger: Logger): Promise<Deployers> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isObject(value) ? (value as Deployers) : {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn({ err: error }, 'who deployed the flows cannot be read: the audit trail says "flow files"');
    return {};
  }
}
