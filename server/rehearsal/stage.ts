import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import pino from 'pino';
import { contextStorage } from '../../settings/context-storage.ts';
import type { FlowStorage } from '../../settings/late-nodes.ts';
import { FILES_DIR, nodePolicy } from '../../settings/node-policy.ts';
import {
  type LogHandler,
  type ManagedConnections,
  nodeRedSettings,
  USER_DIR,
} from '../../settings/node-red-settings.ts';
import { createSimulator, type Simulator } from '../../simulator/index.ts';
import { loadConfig } from '../config/index.ts';
import { setVariables } from '../config/rehearsal-environment.ts';
import { encryptBlob } from '../flows/credential-blob.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { CONNECTION_TYPE, managedNodes } from '../flows/managed-nodes.ts';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { loadNodeRed } from '../runtime/node-red.ts';
import { createRuntime, type Runtime } from '../runtime/runtime.ts';
import { createContextStore } from '../state/context-store.ts';
import { SqliteStore } from '../state/sqlite-store.ts';
import { OpenWork } from './open-work.ts';
import { Outgoing } from './outgoing.ts';
import { nameOf, Recorder, type RehearsedNodeRed } from './recorder.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { NodeName } from './rehearsal-event.ts';
import { seededRandom } from './seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

const CONNECTION = 'seqera-default';
/** Of nothing: rehearsals have no credentials. */
const CREDENTIAL_SECRET = 'rehearsal';
/** The workspace of the simulator that flows start in. */
const WORKSPACE = '70001';
/** All that the simulator has. */
const WORKSPACES: readonly string[] = [WORKSPACE, '70002'];
/** A flow loops or waits for what never comes: more than a deploy of a large flow takes. */
const DEPLOY_MS = 15_000;

export interface StageOptions {
  time: VirtualTime;
  /** Real milliseconds. */
  realNow(): number;
  /** A folder of its own. */
  dir: string;
  nodesAllow: string;
  onNode(node: NodeName): void;
}

/** A rehearsal that cannot go on. */
export class StageError extends Error {
  readonly details: string[];
  constructor(message: string, details: string[] = []) {
    super(message);
    this.details = details;
  }
}

/** Node-RED with the appliance's settings and nodes, on virtual time and a simulated Platform, for one rehearsal after another. */
export class Stage {
  readonly recorder: Recorder;
  readonly work: OpenWork;
  readonly #options: StageOptions;
  readonly #red: RehearsedNodeRed;
  readonly #runtime: Runtime;
  readonly #outgoing: Outgoing;
  readonly #state: SqliteStore;
  readonly #files: string;
  readonly #memory: { data: Record<string, unknown> };
  readonly #log: string[] = [];
  readonly #managed: ManagedConnections = { defaultId: CONNECTION, connections: {} };
  readonly #server: Server;
  readonly #httpPath: string;
  #nodes: object[] = [];
  #simulator: Simulator | null = null;
  #rehearsals = 0;
  #endpoint = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #credentials: Rehearsal['credentials'] = {};
  /** Undoes the variables of the rehearsal. */
  #restore: () => void = () => undefined;

  private constructor(options: StageOptions) {
    this.#options = options;
    const { dir, time } = options;
    const config = loadConfig({
      env: {
        REDSTART_SIMULATOR: 'true',
        REDSTART_DATA_DIR: join(dir, 'data'),
        REDSTART_FLOWS_DIR: join(dir, 'flows'),
        ...(options.nodesAllow === '' ? {} : { REDSTART_NODES_ALLOW: options.nodesAllow }),
      },
      cwd: dir,
    });
    this.#files = join(config.data.dir, FILES_DIR);
    mkdirSync(this.#files, { recursive: true });
    const userDir = join(config.data.dir, USER_DIR);
    mkdirSync(userDir, { recursive: true });
    writeFileSync(join(userDir, 'package.json'), '{"name":"rehearsal","version":"0.0.0"}');
    // The appliance's store, but for the disk: what is in it is gone after each rehearsal.
    const state = new SqliteStore(':memory:');
    state.open();
    this.#state = state;
    const Memory = createRequire(import.meta.url)('@node-red/runtime/lib/nodes/context/memory.js') as (
      config: object,
    ) => { data: Record<string, unknown> };
    this.#memory = Memory({});
    const logger = pino(
      { level: 'warn', base: null, timestamp: false },
      { write: (line: string) => void this.#log.push(line) },
    );
    const app = express();
    const server = createServer(app);
    const index = createFlowIndex();
    this.#runtime = createRuntime({
      server,
      editor: false,
      policy: nodePolicy(config.nodesAllow, config.data.dir),
      index,
      flowFault: () => null,
      fileOf: () => null,
      store: { check: async () => null, fault: () => null },
      connections: { drained: async () => undefined, refuseOpen: () => 0, closeWebSockets: () => undefined },
      // Of a rehearsal every line counts, also one that comes twice.
      logs: { of: (component) => logger.child({ component }) },
      settings: ({ logHandler }) => ({
        ...nodeRedSettings({
          config,
          credentialSecret: CREDENTIAL_SECRET,
          storageModule: this.#storage(),
          managed: this.#managed,
          durable: { module: () => createContextStore(state) },
          logHandler: this.#hearing(logHandler),
          adminAuth: null,
          adminMiddleware: [],
          flowState: () => 'start',
          // A limit in real time would cut what is only slow because the machine is busy, and costs a thread a message.
          // A loop without an end is cut with its process (child-pool.ts).
          functionTimeLimit: () => 0,
        }),
        contextStorage: {
          ...contextStorage({ module: () => createContextStore(state) }),
          memory: { module: () => this.#memory },
        },
      }),
    });
    app.use(config.server.httpPath, this.#runtime.nodeApp);
    this.#red = loadNodeRed() as unknown as RehearsedNodeRed;
    this.recorder = new Recorder(this.#red, options.onNode);
    this.#outgoing = new Outgoing({
      onRequest: (request) => this.recorder.add({ kind: 'http', ...request }),
      onRefused: (address) =>
        this.recorder.add({
          kind: 'http',
          method: 'CONNECT',
          url: address,
          headers: {},
          body: undefined,
          refused: true,
        }),
    });
    this.work = new OpenWork({
      held: () => (this.#simulator?.held ?? 0) + this.#outgoing.held,
      changes: () => time.changes + this.recorder.events.length,
      realNow: options.realNow,
    });
    this.#server = server;
    this.#httpPath = config.server.httpPath;
  }

  static async start(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options);
    await stage.#outgoing.listen();
    await new Promise<void>((resolve) => stage.#server.listen(0, '127.0.0.1', resolve));
    stage.#endpoint = (stage.#server.address() as AddressInfo).port;
    stage.#outgoing.allow(stage.#endpoint);
    stage.work.ownPort(stage.#endpoint);
    stage.#deadline = options.realNow() + 60_000;
    await stage.#meanwhile(stage.#runtime.start());
    return stage;
  }

  get simulator(): Simulator {
    if (!this.#simulator) throw new Error('there is no rehearsal');
    return this.#simulator;
  }

  /** A fresh Platform, clock, context and environment, and the flows of the rehearsal started. */
  async open(rehearsal: Rehearsal): Promise<void> {
    const { time, realNow } = this.#options;
    this.#deadline = realNow() + rehearsal.timeoutMs;
    this.#rehearsals += 1;
    time.setDate(rehearsal.at);
    Math.random = seededRandom(1);
    this.#restore = setVariables({ FLOW_SIMULATOR: 'true', ...rehearsal.env });
    this.#simulator = await createSimulator({
      scenario: rehearsal.platform,
      rateLimit: true,
      startAt: new Date(rehearsal.at),
      onCall: (call) => {
        const { method, path, route, query, body } = call;
        this.recorder.add({ kind: 'call', method, path, route, query, body, call });
      },
    });
    this.#outgoing.allow(this.#simulator.port);
    this.#outgoing.set(rehearsal.http);
    this.#connect(rehearsal, this.#simulator.url);
    this.#credentials = rehearsal.credentials;
    this.recorder.start(new Set([...rehearsal.expect, ...rehearsal.never].flatMap(({ nodeIds }) => nodeIds)));
    const own = managedNodes([
      { id: CONNECTION, name: 'simulator', baseUrl: this.#simulator.url, workspaceId: WORKSPACE },
    ]);
    await this.deploy([...rehearsal.nodes.filter(({ id }) => id !== CONNECTION).map(onSimulator), ...own]);
  }

  /** Every connection that the flows know leads to the simulated Platform, with a token that means nothing elsewhere. */
  #connect(rehearsal: Rehearsal, baseUrl: string): void {
    // One of its own for each rehearsal: calls are paced by token.
    const token = `rehearsal-${this.#rehearsals}`;
    const ids = rehearsal.nodes.filter(({ type }) => type === CONNECTION_TYPE).map(({ id }) => id);
    this.#managed.connections = Object.fromEntries(
      [CONNECTION, ...ids].map((id) => [
        id,
        { name: 'simulator', baseUrl, workspaceId: WORKSPACE, token: () => token },
      ]),
    );
  }

  async close(): Promise<void> {
    this.recorder.stop();
    this.#deadline = this.#options.realNow() + DEPLOY_MS;
    await this.deploy([]);
    for (const scope of this.#state.scopes()) this.#state.removeScope(scope);
    this.#memory.data = {};
    rmSync(this.#files, { recursive: true });
    mkdirSync(this.#files);
    this.#restore();
    if (this.#simulator) {
      this.#outgoing.forbid(this.#simulator.port);
      await this.#simulator.close();
    }
    this.#simulator = null;
    this.#options.time.clear();
  }

  /** Stops all flows and starts these. */
  async deploy(nodes: object[] = this.#nodes): Promise<void> {
    this.#nodes = nodes;
    this.#log.length = 0;
    await this.#meanwhile(this.#red.runtime.flows.setFlows({ flows: {}, deploymentType: 'reload' }));
    for (;;) {
      const { ok, reasons } = this.#runtime.ready();
      if (ok) return;
      if (!reasons.includes('flows_stopped') && !reasons.includes('starting')) {
        await this.work.idle(() => this.#check());
        throw new StageError(`the flows do not start (${reasons.join(', ')})`, this.#log.map(messageOf));
      }
      await this.work.idle(() => this.#check());
      this.#check();
    }
  }

  /** Lets virtual time pass: from timer to timer, each with all that it sets off. */
  async wait(ms: number): Promise<void> {
    const { time } = this.#options;
    const end = time.monotonic() + ms;
    for (;;) {
      await this.work.idle(() => this.#check());
      this.#check();
      if (time.monotonic() + time.untilNext() > end) break;
      time.fireNext();
    }
    time.move(end - time.monotonic());
  }

  /** Nodes that have messages, for telling what is not done. */
  held(): { node: NodeName; count: number }[] {
    return this.recorder.inFlight.byNode().flatMap(({ id, count }) => {
      const node = this.#red.nodes.getNode(id);
      return node ? [{ node: nameOf(node as never), count }] : [];
    });
  }

  /** An error that nobody caught, which the appliance logs, or ends by. */
  fault(nodeId: string, error: unknown): void {
    const live = this.#red.nodes.getNode(nodeId);
    this.recorder.uncaught(live ? nameOf(live as never) : { id: nodeId, type: 'a node', name: '' }, error);
  }

  receive(nodeId: string, message: object): void {
    const found = this.#red.nodes.getNode(nodeId);
    // Of a subflow's instance it is the subflow, which keeps the node that is drawn.
    const node = found?.receive ? found : found?.node;
    if (!node?.receive) throw new StageError(`node ${nodeId} does not run: it, or its flow, is disabled`);
    node.receive(message);
  }

  /** Calls an endpoint of the flows. It resolves when it is answered, which may take virtual time. */
  call(o: {
    method: string;
    path: string;
    headers: Record<string, string>;
    body: string | undefined;
    step: number;
  }): void {
    const arrives = this.work.begin();
    let answering: (() => void) | null = null;
    this.#server.prependOnceListener('request', (incoming, response) => {
      incoming.once('close', arrives);
      response.once('finish', () => {
        answering = this.work.begin();
      });
    });
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port: this.#endpoint,
        agent: false,
        method: o.method,
        path: `${this.#httpPath}${o.path.startsWith('/') ? '' : '/'}${o.path}`,
        headers: {
          ...(o.body === undefined ? {} : { 'content-length': Buffer.byteLength(o.body) }),
          ...o.headers,
        },
      },
      (answer) => {
        void textOf(answer).then((text) => {
          const body = /json/.test(String(answer.headers['content-type'])) ? parsed(text) : text;
          this.recorder.add({
            kind: 'answer',
            step: o.step,
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body,
          });
          arrives();
          answering?.();
        });
      },
    );
    outgoing.on('error', () => {
      arrives();
      answering?.();
    });
    outgoing.end(o.body);
  }

  /** What a rehearsal that takes too long is waiting for. */
  stuck(): string[] {
    const { time } = this.#options;
    const lines = this.held().map(
      ({ node, count }) => `"${node.name || node.type}" has ${count} message(s) that it has not ended with`,
    );
    if (this.work.open > 0) lines.push(`${this.work.open} request(s) are open`);
    const timers = time.waiting();
    for (const { inMs, nodeId } of timers.slice(0, 5)) {
      const node = nodeId === undefined ? null : this.#red.nodes.getNode(nodeId);
      lines.push(
        `a timer fires in ${Math.round(inMs)} ms${node ? `, set by "${nameOf(node as never).name || nameOf(node as never).type}"` : ''}`,
      );
    }
    if (timers.length > 5) lines.push(`and ${timers.length - 5} more timers`);
    const busiest = new Map<string, number>();
    for (const event of this.recorder.events)
      if (event.kind === 'message')
        busiest.set(event.node.name || event.node.type, (busiest.get(event.node.name || event.node.type) ?? 0) + 1);
    const [most] = [...busiest].sort((a, b) => b[1] - a[1]);
    if (most && most[1] > 200)
      lines.push(
        `"${most[0]}" got ${most[1]} messages: does the flow send in a circle, or poll too often for the time that passes?`,
      );
    return lines;
  }

  #check(): void {
    if (this.#options.realNow() > this.#deadline) throw new StageError('it takes too long', this.stuck());
    if (this.recorder.overflow) throw new StageError('more happens than a rehearsal keeps', this.stuck());
  }

  /** For what Node-RED does by itself: time moves only when nothing else brings it on. */
  async #meanwhile<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    promise.then(end, end);
    const { time } = this.#options;
    for (let turns = 0; !done; turns++) {
      await this.work.idle(() => this.#check());
      this.#check();
      // Starting loads files by ways that no counter sees; a few idle turns are no reason to hurry.
      if (!done && turns > 20 && Number.isFinite(time.untilNext())) time.fireNext();
    }
    return promise;
  }

  #hearing(logHandler: LogHandler): LogHandler {
    return (message) => {
      logHandler(message);
      if (message.level > 20) return;
      if (message.id === undefined) return;
      this.recorder.inFlight.onError(message.id);
      const live = this.#red.nodes.getNode(message.id);
      const node = live
        ? nameOf(live as never)
        : { id: message.id, type: message.type ?? '', name: message.name ?? '' };
      this.recorder.uncaught(node, message.msg);
    };
  }

  #storage(): FlowStorage {
    const none = async (): Promise<object> => ({});
    const ignore = async (): Promise<void> => undefined;
    const storage = {
      init: ignore,
      getFlows: async () => structuredClone(this.#nodes) as FlowNode[],
      saveFlows: ignore,
      // Of a plain {} Node-RED warns that it is not encrypted.
      getCredentials: async () => encryptBlob(this.#credentials, CREDENTIAL_SECRET),
      saveCredentials: ignore,
      getSettings: none,
      saveSettings: ignore,
      getSessions: none,
      saveSessions: ignore,
      getLibraryEntry: async () => [],
      saveLibraryEntry: ignore,
    };
    return storage;
  }
}

/** The node as it is on the simulated Platform, which has neither the real one's workspaces nor its address. */
function onSimulator(node: FlowNode): FlowNode {
  if (!node.type.startsWith('seqera-')) return node;
  const { workspaceId, workspaceIdType = 'str', baseUrl } = node;
  const foreign = workspaceIdType === 'str' && !WORKSPACES.includes(String(workspaceId ?? ''));
  return {
    ...node,
    ...(workspaceId !== undefined && foreign ? { workspaceId: '' } : {}),
    ...(baseUrl !== undefined && node.type !== CONNECTION_TYPE ? { baseUrl: '', baseUrlType: 'str' } : {}),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(line: string): string {
  const { msg } = JSON.parse(line) as { msg?: string };
  return msg ?? line.trim();
}
