import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { type FlowNode, isObject } from '../flows/flow-node.ts';
import { fingerprintOf, flowOf, type RunningFlow } from './running-flow.ts';

/** What a flow did to the program. */
export type HoldCause = 'exception' | 'loop' | 'stall';

export interface Hold extends RunningFlow {
  cause: HoldCause;
  at: string;
}

const CAUSES: Record<HoldCause, string> = {
  exception: 'an exception that nobody caught ended the program',
  loop: 'it kept everything else waiting until the program was ended',
  stall: 'the program died (out of memory, or killed) while it kept everything else waiting',
};

export interface HeldFlowsOptions {
  /** Where holds are kept. */
  file: string;
  /** Where the watchdog leaves the node that is blocking the program. */
  suspectFile: string;
  logger: Logger;
  now?: () => Date;
}

/**
 * Flows that brought the program down are loaded disabled at the next start, so that the others run. Only in what the
 * runtime is given: the flow files stay as they are. A flow is let go when it is deployed enabled, when its file says
 * something else than when it failed, or when somebody removes it from the list.
 */
export class HeldFlows {
  readonly #options: HeldFlowsOptions;
  readonly #holds = new Map<string, Hold>();
  // Flows are loaded twice at a start, and again with each restart of flows.
  readonly #told = new Set<Hold>();
  #nodes: readonly FlowNode[] = [];

  constructor(options: HeldFlowsOptions) {
    this.#options = options;
    for (const hold of readHolds(options.file, options.logger)) this.#holds.set(hold.flow, hold);
    const suspect = readSuspect(options.suspectFile);
    if (suspect) this.#add(suspect);
    rmSync(options.suspectFile, { force: true });
  }

  list(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  /** The flow of a node as it runs now; null for what belongs to none, a connection for instance. */
  running(nodeId: string): RunningFlow | null {
    return flowOf(nodeId, this.#nodes);
  }

  /** Never throws: it is called when everything else has failed. @returns the flow that the next start will hold back */
  blame(nodeId: string, cause: HoldCause): Hold | null {
    const running = this.running(nodeId);
    if (!running) return null;
    const hold = { ...running, cause, at: (this.#options.now?.() ?? new Date()).toISOString() };
    this.#add(hold);
    return hold;
  }

  has(flow: string): boolean {
    return this.#holds.has(flow);
  }

  /** Takes the flows as their files have them: lets go of what changed since it failed, and tells what is held. */
  loaded(nodes: readonly FlowNode[]): void {
    this.#nodes = nodes;
    for (const hold of this.list()) {
      if (fingerprintOf(hold.flow, nodes) === hold.fingerprint) continue;
      this.#release(hold, 'changed since it failed: it runs again');
    }
    for (const hold of this.list()) {
      if (this.#told.has(hold)) continue;
      this.#told.add(hold);
      const { flow, flowLabel, node, nodeName, at, cause } = hold;
      this.#options.logger.error(
        { code: 'FLOW_HELD_BACK', flow, flowLabel, node, nodeName, cause, at },
        `flow "${flowLabel}" is held back and does not run: ${CAUSES[cause]} (node "${nodeName}", ${at}). ` +
          `Mend it and deploy it enabled, change its file, or remove it from ${this.#options.file}`,
      );
    }
  }

  /** Takes a deploy: a held flow that was enabled or deleted is free; one still disabled is held in its new form. */
  deployed(nodes: readonly FlowNode[]): void {
    this.#nodes = nodes;
    for (const hold of this.list()) {
      const tab = nodes.find(({ id }) => id === hold.flow);
      if (tab?.disabled === true) this.#holds.set(hold.flow, { ...hold, fingerprint: fingerprintOf(hold.flow, nodes) });
      else this.#release(hold, tab ? 'was deployed enabled: it is no longer held back' : 'was deleted');
    }
    this.#write();
  }

  #release({ flow, flowLabel }: Hold, why: string): void {
    this.#holds.delete(flow);
    this.#write();
    this.#options.logger.info({ flow, flowLabel }, `flow "${flowLabel}" ${why}`);
  }

  #add(hold: Hold): void {
    this.#holds.set(hold.flow, hold);
    this.#write();
  }

  #write(): void {
    const { file, logger } = this.#options;
    try {
      if (this.#holds.size === 0) {
        rmSync(file, { force: true });
        return;
      }
      const temporary = `${file}.new`;
      writeFileSync(temporary, `${JSON.stringify({ held: this.list() }, null, 2)}\n`, { mode: 0o600 });
      renameSync(temporary, file);
    } catch (error) {
      logger.error({ err: error, file }, 'the list of flows that are held back cannot be written');
    }
  }
}

function readHolds(file: string, logger: Logger): Hold[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(value) && Array.isArray(value.held) && value.held.every(isHold)) return value.held;
    throw new Error('it is not what this program writes');
  } catch (error) {
    // Damaged, it holds nothing back: flows run, and one that fails again is written again.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn({ file, reason: (error as Error).message }, 'the list of flows that are held back cannot be read');
    return [];
  }
}

function readSuspect(file: string): Hold | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isHold(value) ? value : null;
  } catch {
    return null;
  }
}

function isHold(value: unknown): value is Hold {
  return (
    isObject(value) &&
    ['flow', 'flowLabel', 'node', 'nodeName', 'fingerprint', 'at'].every((key) => typeof value[key] === 'string') &&
    Object.hasOwn(CAUSES, String(value.cause))
  );
}
