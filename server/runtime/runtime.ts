import type { Express } from 'express';
import type { NodePolicy } from '../../settings/node-policy.ts';
import type { LogHandler } from '../../settings/node-red-settings.ts';
import type { Audit } from '../audit/audit-event.ts';
import { RedstartError } from '../errors.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { FROM_FILES } from '../flows/storage-module.ts';
import type { Notice, NotReady } from '../http/index.ts';
import { createEditorNotices, type Stopped } from '../sandbox/editor-notices.ts';
import { createFaultLog } from './fault-log.ts';
import type { FlowIndex } from './flow-index.ts';
import { createInFlight, type Follower, type Recipients, watchInFlight } from './in-flight.ts';
import { createLogBridge } from './log-bridge.ts';
import type { Logs } from './logs.ts';
import { explainMissingTypes } from './missing-types.ts';
import { loadNodeRed, type NodeRed, type RuntimeEvent } from './node-red.ts';
import { scriptHashes } from './script-hashes.ts';
import type { StoreProbe } from './store-probe.ts';

export interface RuntimeOptions {
  /** The real http(s) server: Node-RED's websockets attach to it. */
  server: unknown;
  /** Builds Node-RED's settings from what only the runtime has. */
  settings(parts: { logHandler: LogHandler; setFlowState(options: object): Promise<unknown> }): object;
  /** Called once, before Node-RED registers any type. */
  prepare?(red: NodeRed): void;
  editor: boolean;
  policy: NodePolicy;
  /** Why the flow files could not be loaded when last asked; null when they could. */
  flowFault(): Error | null;
  fileOf(nodeId: string): string | null;
  /** Node types are loaded, and flows are about to run: at the start, and with each deploy. */
  beforeFlows?(): void;
  /** Flows that are not run: those that use nodes which are off, and those that brought the program down. */
  stopped?: Stopped;
  /** Is given the flows that run. */
  index: FlowIndex;
  /** Is told of each message's way. */
  follower?: Follower | null;
  /** Is told who receives messages. */
  recipients?: Recipients | null;
  store: StoreProbe;
  /** True while another replica runs the flows: they are loaded here and do not run. */
  standby?: () => boolean;
  /** What has to end before nodes are closed: requests that wait for a flow's answer, then websockets. */
  connections: { drained(): Promise<void>; refuseOpen(): number; closeWebSockets(): void };
  logs: Pick<Logs, 'of'>;
  /** Is told of what is changed in the editor besides flows. */
  audit?: Audit;
}

export interface Readiness {
  ok: boolean;
  standby: boolean;
  reasons: NotReady[];
  /** What is out of order and keeps nothing else from running. */
  notices: Notice[];
}

export interface Runtime {
  adminApp: Express | null;
  nodeApp: Express;
  /** Resolves when flows run, or when it is known why they cannot (see `ready`); the same promise when called again. */
  start(): Promise<void>;
  ready(): Readiness;
  /** Reads the flow files anew and runs them as they now are; what has not changed is stopped and started too. */
  reload(): Promise<void>;
  /**
   * Puts what the flow files now say in force: flows that are the same run on, unless `all` are to begin anew. Resolves
   * when they run; rejects with the reason when they cannot.
   */
  deploy(files: { flows: readonly FlowNode[]; credentials: object }, all: boolean): Promise<void>;
  /** Lets messages in flight finish, stops flows and nodes. At most `deadlineMs`. The same promise when called again. */
  stop(deadlineMs: number): Promise<void>;
  scriptHashes(): readonly string[];
  readonly messages: {
    /** Taken by a node and not finished. */
    inFlight(): number;
    /** What each node received since this was asked last. */
    takeReceived(): Map<string, number>;
    /** What a node received since the start. */
    received(nodeId: string): number;
  };
}

/** Longest that a deploy takes to have its flows run. Nodes have 5 s to close. */
const DEPLOY_MS = 60_000;

/** A share of the deadline is kept for closing nodes, which save their state then. */
const CLOSE_SHARE = 0.3;

/** Node-RED's life. One a process: Node-RED keeps its state at module level. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, index } = options;
  const logger = options.logs.of('runtime');
  const red = loadNodeRed();
  const inFlight = createInFlight(options.follower, options.recipients);
  const bridge = createLogBridge(options.logs.of('node-red'), index, options.audit);
  const settings = options.settings({
    logHandler(message) {
      if (message.level <= 20 && message.id !== undefined) inFlight.onError(message.id);
      bridge(message);
    },
    setFlowState: (state) => red.runtime.flows.setState(state),
  });
  red.init(options.server, settings);
  options.prepare?.(red);
  watchInFlight(red, inFlight, options.follower);

  const flows = watchFlows(red, options, index);
  const faults = createFaultLog(logger);
  let hashes: readonly string[] = [];
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  const takeHashes = async (): Promise<void> => {
    if (options.editor) hashes = await scriptHashes(red);
  };

  async function run(): Promise<void> {
    try {
      await red.start();
      await flows.settled;
    } catch (error) {
      throw startFailed(error);
    }
    await Promise.all([store.check(), takeHashes()]);
    if (options.stopped) {
      const notices = createEditorNotices(options.stopped, (notice) => red.events.emit('runtime-event', notice));
      notices.tell();
      // A deploy may have mended them.
      red.events.on('flows:started', notices.tell);
    }
    red.events.on('runtime-event', ({ id }: RuntimeEvent) => {
      // A node set was switched on or off: its script must be known, or the editor would not run it.
      if (/^(?:node|plugin)\//.test(id))
        takeHashes().catch((error: unknown) => logger.warn({ err: error }, 'the script hashes cannot be renewed'));
    });
  }

  async function shutDown(deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs;
    // Node-RED cannot be stopped half-way through its start: what it is just starting would stay.
    if (starting)
      await within(
        starting.catch(() => {}),
        deadlineMs,
      );
    inFlight.holdTimers();
    // A whole number: AbortSignal refuses fractions.
    const patience = Math.max(0, Math.floor((until - Date.now()) * (1 - CLOSE_SHARE)));
    const [messages, requests] = await Promise.all([
      inFlight.drained(AbortSignal.timeout(patience)),
      within(options.connections.drained(), patience),
    ]);
    if (!messages) {
      for (const { id, count } of inFlight.byNode()) {
        logger.warn({ ...index.place(id), messages: count }, `stopped with ${count} message(s) unfinished in a node`);
      }
    }
    if (!requests) {
      const refused = options.connections.refuseOpen();
      logger.warn({ refused }, `stopped with HTTP requests that no flow had answered: ${refused} got a 503`);
    }
    options.connections.closeWebSockets();
    const stopped = await within(red.stop(), Math.max(1000, until - Date.now()));
    if (!stopped) logger.warn('nodes did not close in time; what they had not saved is lost');
  }

  return {
    adminApp: options.editor ? red.httpAdmin : null,
    nodeApp: red.httpNode,
    start() {
      starting ??= run();
      return starting;
    },
    async reload() {
      await starting;
      await red.runtime.flows.setFlows({ flows: { flows: [] }, deploymentType: 'reload' });
    },
    ready() {
      if (stopping) return { ok: false, standby: false, reasons: ['stopping'], notices: [] };
      const files = options.flowFault();
      const fault = store.fault();
      faults.note('flow_files_invalid', files && `the flow files cannot be loaded: ${files.message}`);
      const block = flows.reason();
      // While it starts nothing was written yet, which is no fault.
      if (block !== 'starting') faults.note('store_not_writing', fault && `the store does not write: ${fault}`);
      const reasons: NotReady[] = block ? [block] : [];
      // Flows run on as they were; but nobody can deploy, and a restart would fail.
      if (files) reasons.push('flow_files_invalid');
      if (fault) reasons.push('store_not_writing');
      // A fault of what was brought in, so that a new version of the flows is not rolled out with it.
      if (options.stopped?.refused().length) reasons.push('flows_refused');
      const notices: Notice[] = options.stopped?.held().length ? ['flows_held_back'] : [];
      return { ok: reasons.length === 0, standby: options.standby?.() === true, reasons, notices };
    },
    async deploy(files, all) {
      if (stopping) throw new Error('the program is stopping');
      const settled = flows.next();
      await red.runtime.flows.setFlows({ flows: files, deploymentType: all ? 'full' : 'flows', user: FROM_FILES });
      // Where another replica runs them there is nothing to wait for.
      if (options.standby?.()) return;
      if (!(await within(settled, DEPLOY_MS))) throw new Error(`flows did not start within ${DEPLOY_MS / 1000} s`);
      const reason = flows.reason();
      if (reason !== null) throw new Error(`no flow runs (${reason}): the log says which and why`);
    },
    stop(deadlineMs) {
      stopping ??= shutDown(deadlineMs);
      return stopping;
    },
    scriptHashes: () => hashes,
    messages: { inFlight: inFlight.count, takeReceived: inFlight.takeReceived, received: inFlight.received },
  };
}

/** Follows Node-RED's events: its own `getState()` says "start" even when flows did not start. */
function watchFlows(red: NodeRed, options: RuntimeOptions, index: FlowIndex) {
  const logger = options.logs.of('runtime');
  let reason: NotReady | null = 'starting';
  let settle: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const settled = new Promise<void>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  // It may fail before anybody waits for it.
  settled.catch(() => {});
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    settle();
    for (const each of waiting.splice(0)) each();
  };
  const block = (code: NotReady, why: readonly string[]): void => {
    reason = code;
    for (const each of why) logger.error({ code }, each);
    wake();
  };

  red.events.on('flows:starting', ({ config }: { config: { flows: FlowNode[] } }) => {
    index.replace(config.flows);
    options.beforeFlows?.();
  });
  red.events.on('flows:started', ({ config }: { config: { flows: FlowNode[] } }) => {
    index.replace(config.flows);
    reason = null;
    logger.info(
      { tabs: config.flows.filter(({ type }) => type === 'tab').length, nodes: config.flows.length },
      'flows started',
    );
    wake();
  });
  red.events.on('flows:stopping', ({ type }: { type: string }) => {
    // A deploy of single flows or nodes stops only these.
    if (type === 'full') reason = 'flows_stopped';
  });
  red.events.on('runtime-event', ({ id, payload }: RuntimeEvent) => {
    if (id !== 'runtime-state') return;
    if (!payload?.error) {
      // Loaded and stopped is what a standby is to be.
      if (payload?.state !== 'stop' || !options.standby?.()) return;
      reason = null;
      settle();
      return;
    }
    if (payload.error === 'missing-types') {
      void currentFlows(red).then((nodes) => {
        index.replace(nodes);
        block(
          'flows_missing_types',
          explainMissingTypes(payload.types ?? [], {
            index,
            policy: options.policy,
            sets: red.nodes.getNodeList(),
            fileOf: options.fileOf,
          }),
        );
      });
    } else if (payload.error === 'missing-modules') {
      block(
        'flows_missing_modules',
        (payload.modules ?? []).map(
          ({ module, error }) =>
            `no flow runs: module "${module}" that a function node uses cannot be loaded (${error})`,
        ),
      );
    } else if (payload.error === 'credentials_load_failed') {
      block('credentials_unreadable', ['the credentials cannot be decrypted (credentials_load_failed)']);
    } else {
      const fault = options.flowFault();
      if (fault) fail(fault);
      else block('flows_failed', [`no flow runs: ${payload.error}`]);
    }
  });

  return {
    settled,
    /** When flows start the next time, or it is known why they cannot. */
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    reason: () => reason,
  };
}

async function currentFlows(red: NodeRed): Promise<FlowNode[]> {
  return (await red.runtime.flows.getFlows({}).catch(() => null))?.flows ?? [];
}

function startFailed(error: unknown): RedstartError {
  if (error instanceof RedstartError) return error;
  return new RedstartError({
    code: 'RUNTIME_START_FAILED',
    message: `Node-RED did not start: ${error instanceof Error ? error.message : String(error)}`,
    mend: 'The log above says what it was doing. If it tells nothing that you can mend, this is a bug of Redstart: report it with the log.',
    cause: error,
  });
}

/** True when `promise` was done in time. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return await Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer));
}
