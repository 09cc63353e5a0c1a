import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { refuse, refuseUpgrade } from '../auth/refusal.ts';
import type { ReplicasConfig } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import type { Caller, Elsewhere, Wanted } from '../http/elsewhere.ts';
import { PostgresStore } from '../state/postgres/postgres-store.ts';
import type { Replica } from '../state/postgres/session.ts';
import type { StoreError } from '../state/store-error.ts';
import { Cluster, shardOfLease } from './cluster.ts';
import { Forwarder, GONE, introducedCaller, type Peer } from './forward.ts';
import { type RouteOwners, routeOwners } from './route-owners.ts';
import { shardsOfTabs } from './shard-of.ts';

const OPEN_ATTEMPTS = 60;
const OPEN_EVERY_MS = 1000;
/** Times that a replica looks around within one term of a lease. */
const LOOKS = 5;

export interface ReplicasOptions {
  config: ReplicasConfig;
  logger: Logger;
  /** This process must do nothing more, and end. */
  onLost(reason: string): void;
}

/** Where this replica is reached, known once it listens. */
export interface OwnAddress {
  port: number;
  secure: boolean;
  /** The address that it listens on. */
  host: string;
  /** Of the certificate that is in use. */
  fingerprint(): string | null;
}

/**
 * This process as one of several: whether it runs the flows, or which of them, and where requests go for what it does
 * not run.
 */
export class Replicas implements Elsewhere {
  readonly store: PostgresStore;
  readonly #options: ReplicasOptions;
  readonly #id = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #key = randomBytes(32).toString('base64url');
  readonly #forwarder: Forwarder;
  #cluster: Cluster | null = null;
  #owners: RouteOwners | null = null;
  /** Tabs that others run, as they are in the files. */
  readonly #shownDisabled = new Map<string, FlowNode>();

  constructor(options: ReplicasOptions) {
    const { database, leaseMs } = options.config;
    this.#options = options;
    this.#forwarder = new Forwarder(options.logger);
    this.store = new PostgresStore({
      connectionString: database.reveal(),
      holder: this.#id,
      leaseMs,
      onLost: options.onLost,
    });
  }

  /** Waits for a database that is not there yet, as when everything is started at once. @throws RedstartError */
  async open(): Promise<void> {
    const { logger } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.store.open();
      } catch (error) {
        const { code, message } = error as StoreError;
        if (code === 'STORE_NEWER_SCHEMA' || attempt === OPEN_ATTEMPTS) throw unusable(error as StoreError);
        if (attempt === 1) logger.warn({ code }, `waiting for the database: ${message}`);
        await setTimeout(OPEN_EVERY_MS);
      }
    }
  }

  /** Nothing runs here: another replica does it, or will in a moment. */
  get standby(): boolean {
    return this.#held.length === 0;
  }

  /** Shards whose flows run here. */
  get leads(): readonly number[] {
    return this.#held;
  }

  /** Joins the others. `run` makes the flows run as `disabled` says, from now on. */
  async join(own: OwnAddress, run: () => Promise<void>): Promise<void> {
    const { config, logger } = this.#options;
    this.#cluster = new Cluster({
      store: this.store,
      id: this.#id,
      details: () => ({ url: config.url ?? addressOf(own), fingerprint: own.fingerprint(), key: this.#key }),
      shards: config.shards,
      logger,
      run,
      everyMs: config.leaseMs / LOOKS,
      seen: (replicas) => this.#forgetGone(replicas),
    });
    await this.#cluster.start();
  }

  /** Who there is, and what each of them leads. */
  members(): { shards: number; members: { id: string; self: boolean; leads: number[] }[] } {
    const others = (this.#cluster?.replicas ?? []).filter(({ id }) => id !== this.#id);
    const list = others.map(({ id, leases }) => ({ id, self: false, leads: leases.flatMap(shardOfLease) }));
    const members = [{ id: this.#id, self: true, leads: [...this.#held] }, ...list];
    return { shards: this.#options.config.shards, members };
  }

  /**
   * Takes on nothing more. What it holds is let go when the store is closed, after the flows have stopped; what was passed
   * on is answered until `close`.
   */
  async leave(): Promise<void> {
    await this.#cluster?.stop();
  }

  close(): void {
    this.#forwarder.close();
  }

  /** The flows as this replica is to run them: tabs that others run are disabled. Remembers who answers which request. */
  share(nodes: FlowNode[]): FlowNode[] {
    const { shards } = this.#options.config;
    if (shards === 1) return nodes;
    this.#owners = routeOwners(nodes, shards);
    const shardOf = shardsOfTabs(nodes, shards);
    const held = new Set(this.#held);
    this.#shownDisabled.clear();
    return nodes.map((node) => {
      const shard = shardOf.get(node.id);
      if (shard === undefined || held.has(shard)) return node;
      this.#shownDisabled.set(node.id, node);
      return { ...node, disabled: true };
    });
  }

  /** Flows of an editor as they would be in the files: it was shown tabs as disabled that only run elsewhere. */
  unshare(nodes: readonly FlowNode[]): FlowNode[] {
    return nodes.map((node) => {
      const own = this.#shownDisabled.get(node.id);
      if (!own || node.disabled !== true) return node;
      const { disabled: _, ...rest } = node;
      return Object.hasOwn(own, 'disabled') ? { ...rest, disabled: own.disabled } : (rest as FlowNode);
    });
  }

  /**
   * Looks at a request that has just arrived. @returns true when it was dealt with: passed on, or refused as nobody
   * runs what it is for. One that another replica passed on looks from now on as it did there.
   */
  arrive(req: IncomingMessage, res: ServerResponse, wanted: Wanted | null, caller: () => Caller): boolean {
    const introduced = this.#introduce(req);
    if (introduced === 'astray') {
      refuse(req, res, GONE);
      return true;
    }
    if (introduced || wanted === null) return false;
    const peer = this.#peerFor(wanted);
    if (peer === null) return false;
    if (peer === undefined) refuse(req, res, GONE);
    else this.#forwarder.request(req, res, peer, caller());
    return true;
  }

  /** The same for a request to upgrade. */
  arriveUpgrade(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    wanted: Wanted | null,
    caller: () => Caller,
  ): boolean {
    const introduced = this.#introduce(req);
    if (introduced === 'astray') {
      refuseUpgrade(socket, GONE);
      return true;
    }
    if (introduced || wanted === null) return false;
    const peer = this.#peerFor(wanted, true);
    if (peer === null) return false;
    if (peer === undefined) refuseUpgrade(socket, GONE);
    else this.#forwarder.upgrade(req, socket, head, peer, caller());
    return true;
  }

  /** Connections of other replicas carry many callers. */
  isReplica(address: string): boolean {
    const plain = address.replace(/^::ffff:/, '');
    return this.#others.some(
      ({ details }) => URL.parse(String(details.url))?.hostname.replace(/^\[|\]$/g, '') === plain,
    );
  }

  get #held(): readonly number[] {
    return this.#cluster?.shards ?? [];
  }

  get #others(): readonly Replica[] {
    return (this.#cluster?.replicas ?? []).filter(({ id }) => id !== this.#id);
  }

  /** As long as a shard has no leader, the one that is not heard of may just be busy. */
  #forgetGone(replicas: readonly Replica[]): void {
    const led = new Set([...this.#held, ...replicas.flatMap(({ leases }) => leases.flatMap(shardOfLease))]);
    if (led.size >= this.#options.config.shards) this.#forwarder.keep(replicas.map(peerOf));
  }

  /** Null: it is for this replica; undefined: for nobody, at the moment. */
  #peerFor(wanted: Wanted, upgrade = false): Peer | null | undefined {
    const shard = this.#shardFor(wanted, upgrade);
    if (this.#held.includes(shard)) return null;
    const replica = this.#cluster?.leaderOf(shard);
    return replica ? peerOf(replica) : undefined;
  }

  #shardFor(wanted: Wanted, upgrade: boolean): number {
    if (wanted.area === 'editor' || this.#options.config.shards === 1) return 0;
    const owner = upgrade ? this.#owners?.upgrade(wanted.path) : this.#owners?.request(wanted.method, wanted.path);
    // What nobody answers is answered by the first, with a 404 or what its credentials say.
    return owner ?? 0;
  }

  /** Only the key says that it is a replica: an address can be shared. */
  #introduce(req: IncomingMessage): boolean | 'astray' {
    const caller = introducedCaller(req, (key) => sameText(key, this.#key));
    if (caller === null) return false;
    if (caller === 'astray') return caller;
    const { address, secure, host } = caller;
    req.headers['x-forwarded-for'] = address;
    if (host !== undefined) req.headers.host = host;
    else delete req.headers.host;
    // Over Express's getters, which would tell of the other replica.
    Object.defineProperties(req, {
      ip: { value: address },
      secure: { value: secure },
      protocol: { value: secure ? 'https' : 'http' },
    });
    return true;
  }
}

function unusable(error: StoreError): RedstartError {
  const { code, message } = error;
  if (code === 'STORE_NEWER_SCHEMA') {
    return new RedstartError({
      code,
      message,
      mend: 'Run the version that wrote it, or restore a dump that this version made.',
      cause: error,
    });
  }
  return new RedstartError({
    code: 'DATABASE_UNAVAILABLE',
    message: `The database of REDSTART_DATABASE_URL cannot be used: ${message}`,
    mend: 'Check that it runs, that this machine reaches it, and user, password and rights: it wants to make tables of its own.',
    cause: error,
  });
}

function peerOf({ details: { url, fingerprint, key } }: Replica): Peer {
  return { url: String(url), fingerprint: typeof fingerprint === 'string' ? fingerprint : null, key: String(key) };
}

function addressOf({ port, secure, host }: OwnAddress): string {
  const wildcard = host === '0.0.0.0' || host === '::';
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const first =
    addresses.find(({ internal, family }) => !internal && family === 'IPv4') ??
    addresses.find(({ internal }) => !internal);
  const name = wildcard ? (first?.address ?? '127.0.0.1') : host;
  return `${secure ? 'https' : 'http'}://${isIP(name) === 6 ? `[${name}]` : name}:${port}`;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
