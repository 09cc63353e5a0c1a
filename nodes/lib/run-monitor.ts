import { randomBytes } from 'node:crypto';
import type { PlatformClient } from './client.ts';
import type { Timer } from './clock.ts';
import { delivered } from './delivered.ts';
import { aboutRun, SeqeraError, toSeqeraError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import { whenFlowsStarted } from './flows-started.ts';
import { type NodeHost, PARKED } from './node-host.ts';
import { type StatusKind, shortError } from './node-status.ts';
import { messageOf, tell, type WatchReport } from './observer.ts';
import { LEAST_POLL_MS, pollUnits, UNIT_MS } from './poll-units.ts';
import type { Message, Send } from './red.ts';
import { TroubleLog } from './trouble-log.ts';
import { flag, number, text } from './typed-input.ts';
import { WaitingMessages } from './waiting-messages.ts';
import { WATCH_PREFIX, type WatchRecord } from './watch-record.ts';
import type { Watcher } from './watcher.ts';

const STATUS_EVERY_MS = 200;
const DEFAULT_POLL = 5;

/** Evaluated anew after a restart, so that a changed interval counts for what is watched already. */
const pace = {
  poll: number({ initial: DEFAULT_POLL, least: 0, most: 1_000_000 }),
  pollUnits: pollUnits('seconds'),
  /** Minutes. */
  unknownGrace: number({ initial: 30, least: 0, most: 1_000_000 }),
};

const keepPolling = flag({ initial: true });

/** What a monitor follows to its end: runs, studios. */
export interface Followed<T> {
  /** The property that says which one, of the node and of the messages: `workflowId`. */
  property: string;
  /** For texts: `run`. */
  noun: string;
  watcherFor(client: PlatformClient): Watcher<T>;
  read(client: PlatformClient, id: string): Promise<T>;
  idOf(body: T): string;
  nameOf(body: T): string;
  statusOf(body: T): string;
  /** What else a list of them shows. */
  aboutOf(body: T): Pick<WatchReport, 'pipeline' | 'reason'>;
  /** How it ended, or undefined while it has not. */
  endOf(body: T): 'good' | 'bad' | undefined;
  /** The Platform has lost sight of it; a bad end when that lasts longer than the grace. */
  isUnknown(body: T): boolean;
  /** Something that is told once when it comes, on the second output, although the watch goes on. */
  isReady(body: T): boolean;
  /** The output of an end, from 0. */
  outputOf(end: 'good' | 'bad'): number;
  /** Checks that find it ended are told as checks too. */
  endIsCheck: boolean;
}

interface Active {
  record: WatchRecord;
  msg: Message;
  send: Send;
  graceMs: number;
  /** Already sent before the process died, perhaps. */
  redelivered: boolean;
  readyRedelivered: boolean;
  /** While it is being told that it is ready: the end comes after. */
  telling: Promise<void> | undefined;
  ending: boolean;
  /** What was said of it last, so that it is said again only when it changed. */
  told: string | undefined;
  stop: () => void;
  settle: (outcome: typeof PARKED | SeqeraError | undefined) => void;
}

const OUTPUTS = 3;
const READY_OUTPUT = 1;

/**
 * Follows runs or studios to their ends: any number at once, each for its own message. Every watch is stored with its message
 * before it begins and is forgotten after its end was sent, so that neither a deploy nor a crash loses one.
 */
export class Monitor<T> {
  readonly #host: NodeHost;
  readonly #followed: Followed<T>;
  readonly #list: WaitingMessages<WatchRecord>;
  readonly #troubles: TroubleLog;
  /** By workspace and id, in the order in which they came: the first one reports each check, all of them the end. */
  readonly #active = new Map<string, Set<Active>>();
  readonly #resumed = new WeakMap<Message, WatchRecord>();
  readonly #ends = new Set<Promise<void>>();
  #closing = false;
  #statusTimer: Timer | undefined;
  #status: [StatusKind, string] | undefined;
  #notStarted: () => void = () => undefined;

  constructor(host: NodeHost, followed: Followed<T>) {
    this.#host = host;
    this.#followed = followed;
    this.#list = new WaitingMessages(host, WATCH_PREFIX);
    this.#troubles = new TroubleLog(host);
  }

  start(): void {
    const host = this.#host;
    // Its messages wait on purpose: whoever counts what is in flight leaves them out.
    Object.assign(host.node, { parksMessages: true });
    host.onInput((msg, send) => this.#input(msg, send));
    host.onClose((removed) => this.#close(removed));
    this.#notStarted = whenFlowsStarted(host.RED, () => {
      this.#resume().catch((error: unknown) => host.node.error(toSeqeraError(error)));
    });
  }

  async #input(msg: Message, send: Send): Promise<typeof PARKED | undefined> {
    const resumed = this.#resumed.get(msg);
    if (resumed) return this.#watch(resumed, msg, send);
    const host = this.#host;
    const { property } = this.#followed;
    const which = { [property]: text({ initial: property, type: 'msg', required: true }) };
    const id = (await host.evaluate(which, msg))[property] ?? '';
    const { keepPolling: keeps } = await host.evaluate({ keepPolling, ...pace }, msg);
    const { client, workspaceId } = await host.place(msg, { workspaceOfMessage: true });
    if (!keeps) {
      host.status('working', `reading ${id}`);
      const body = await this.#followed.read(client, id);
      const end = this.#followed.endOf(body);
      if (end === undefined && this.#followed.isReady(body))
        this.#outputReady(host.RED.util.cloneMessage(msg), send, body);
      this.#output(msg, send, body, end);
      return undefined;
    }
    const record: WatchRecord = {
      key: `${WATCH_PREFIX}${randomBytes(9).toString('hex')}`,
      id,
      workspaceId,
      at: host.clock.now(),
      ending: false,
    };
    await this.#store(() => this.#list.add(record, msg), msg);
    return this.#watch(record, msg, send);
  }

  /** Messages of before the deploy or restart come in again as input, so that they end like any other. */
  async #resume(): Promise<void> {
    const waiting = await this.#list.read();
    if (this.#closing) return;
    for (const { record, msg } of waiting) {
      this.#resumed.set(msg, record);
      this.#host.node.receive(msg);
    }
  }

  /** Resolves when it has ended and its end was sent, or when the node goes. */
  async #watch(record: WatchRecord, msg: Message, send: Send): Promise<typeof PARKED | undefined> {
    const host = this.#host;
    const { poll, pollUnits: units, unknownGrace } = await host.evaluate(pace, msg);
    const { client } = await host.place(msg, { workspaceOfMessage: true });
    if (this.#closing) {
      this.#list.handOver([{ record, msg }]);
      return PARKED;
    }
    const outcome = await new Promise<typeof PARKED | SeqeraError | undefined>((settle) => {
      const active: Active = {
        record,
        msg,
        send,
        graceMs: unknownGrace * 60_000,
        redelivered: record.ending,
        readyRedelivered: record.ready === 'telling',
        telling: undefined,
        ending: false,
        told: undefined,
        stop: () => undefined,
        settle,
      };
      const together = this.#active.get(placeOf(record)) ?? new Set();
      this.#active.set(placeOf(record), together.add(active));
      // The workspace of when the watch began: the message or the connection may say another by now.
      active.stop = this.#followed.watcherFor(client.with({ workspaceId: record.workspaceId })).watch({
        id: record.id,
        // Flows that exist have a zero here where their author emptied the field.
        intervalMs: Math.max(LEAST_POLL_MS, (poll || DEFAULT_POLL) * UNIT_MS[units]),
        onSight: (body) => this.#sighted(active, body),
        onTrouble: (error) => this.#trouble(error),
        onLost: (error) => this.#lost(active, error),
      });
      this.#show('working', this.#watching());
      this.#tell(active, { state: 'watching' });
    });
    if (outcome instanceof SeqeraError) throw outcome;
    return outcome;
  }

  #sighted(active: Active, body: T): void {
    this.#troubles.succeeded();
    const { record } = active;
    const { endOf, isUnknown, isReady, nameOf } = this.#followed;
    this.#tell(active, { state: 'watching', ...this.#seen(body) });
    if (endOf(body) !== undefined) {
      this.#end(active, body);
      return;
    }
    if (isUnknown(body)) {
      if (record.unknownSince === undefined) {
        record.unknownSince = this.#host.clock.now();
        this.#save(active);
      } else if (this.#host.clock.now() - record.unknownSince >= active.graceMs) {
        this.#end(active, body);
        return;
      }
      this.#show('retrying', `${nameOf(body)} unknown`);
    } else {
      if (record.unknownSince !== undefined) {
        delete record.unknownSince;
        this.#save(active);
      }
      this.#show('working', this.#watching(body));
    }
    const [first] = this.#active.get(placeOf(record)) ?? [];
    if (first === active) this.#output(this.#host.RED.util.cloneMessage(active.msg), active.send, body, undefined);
    if (isReady(body)) this.#ready(active, body);
    else if (record.ready === 'told') {
      delete record.ready;
      this.#save(active);
    }
  }

  /** Told once, in the same order as an end: a crash in between tells it twice and never not at all. */
  #ready(active: Active, body: T): void {
    const { record, msg, send } = active;
    if (record.ready === 'told' || active.telling || active.ending) return;
    const work = (async () => {
      record.ready = 'telling';
      await this.#store(() => this.#list.update(record), msg);
      if (this.#closing) {
        if (!active.readyRedelivered) delete record.ready;
        await this.#store(() => this.#list.update(record), msg);
        return;
      }
      const copy = this.#host.RED.util.cloneMessage(msg);
      if (active.readyRedelivered) Object.assign(copy, { redelivered: true });
      active.readyRedelivered = false;
      this.#outputReady(copy, send, body);
      await delivered();
      record.ready = 'told';
      await this.#store(() => this.#list.update(record), msg);
    })().finally(() => {
      active.telling = undefined;
      this.#ends.delete(work);
    });
    active.telling = work;
    this.#ends.add(work);
  }

  /** Stored as ending, sent, forgotten: in this order, so that a crash in between sends twice and never not at all. */
  #end(active: Active, body: T): void {
    if (active.ending) return;
    active.ending = true;
    active.stop();
    const work = (async () => {
      const { record, msg, send, settle } = active;
      await active.telling;
      failpoint('watch.ended');
      record.ending = true;
      await this.#store(() => this.#list.update(record), msg);
      if (this.#closing) {
        record.ending = active.redelivered;
        await this.#store(() => this.#list.update(record), msg);
        this.#forget(active);
        settle(PARKED);
        return;
      }
      failpoint('watch.ending');
      // Out of sight for longer than the grace: nobody will say how it ended.
      if (active.redelivered) msg.redelivered = true;
      const end = this.#followed.endOf(body) ?? 'bad';
      this.#output(msg, send, body, end);
      this.#tell(active, { state: 'ended', ...this.#seen(body), end });
      failpoint('watch.sent');
      await delivered();
      this.#forget(active);
      if (this.#closing) {
        settle(PARKED);
        return;
      }
      await this.#list.sent(record, (error) => this.#storeFailed(error, msg));
      settle(undefined);
    })().finally(() => this.#ends.delete(work));
    this.#ends.add(work);
  }

  #lost(active: Active, error: SeqeraError): void {
    if (active.ending) return;
    active.ending = true;
    const work = this.#store(() => this.#list.remove(active.record), active.msg).finally(() => {
      this.#ends.delete(work);
      this.#forget(active);
      this.#tell(active, { state: 'ended', end: 'bad', error: error.code });
      active.settle(aboutRun(error, this.#runId(active.record.id)));
    });
    this.#ends.add(work);
  }

  #trouble(error: SeqeraError): void {
    this.#troubles.failed(error);
    this.#show('retrying', `retrying: ${shortError(error)}`);
  }

  #output(msg: Message, send: Send, body: T, end: 'good' | 'bad' | undefined): void {
    const { nameOf, statusOf, outputOf, endIsCheck } = this.#followed;
    this.#fill(msg, body);
    if (end === undefined) {
      send(on(0, msg));
      this.#show('working', this.#watching(body));
      return;
    }
    const outputs = on(outputOf(end), msg);
    if (endIsCheck) outputs[0] = this.#host.RED.util.cloneMessage(msg);
    send(outputs);
    const others = this.#count() - 1;
    const rest = others > 0 ? `, watching ${others}` : '';
    this.#show(end === 'good' ? 'ok' : 'failed', `${nameOf(body)} ${statusOf(body)}${rest}`);
  }

  #outputReady(msg: Message, send: Send, body: T): void {
    this.#fill(msg, body);
    send(on(READY_OUTPUT, msg));
    const { nameOf, statusOf } = this.#followed;
    this.#show('ok', `${nameOf(body)} ${statusOf(body)}`);
  }

  /** With a copy of the body: the flow may change it, and the next check builds on it. */
  #fill(msg: Message, body: T): void {
    const { property, idOf } = this.#followed;
    Object.assign(msg, { payload: structuredClone(body), [property]: idOf(body) });
  }

  #forget(active: Active): void {
    const place = placeOf(active.record);
    const together = this.#active.get(place);
    together?.delete(active);
    if (together?.size === 0) this.#active.delete(place);
  }

  #seen(body: T): Pick<WatchReport, 'name' | 'status' | 'pipeline' | 'reason'> {
    const { nameOf, statusOf, aboutOf } = this.#followed;
    return { name: nameOf(body), status: statusOf(body), ...aboutOf(body) };
  }

  #tell(active: Active, now: Omit<WatchReport, 'kind' | 'id' | 'workspaceId' | 'page' | 'since' | 'messageId'>): void {
    const { record, msg } = active;
    const told = JSON.stringify(now);
    if (active.told === told) return;
    active.told = told;
    const { RED, node } = this.#host;
    const page = typeof msg.workflowUrl === 'string' ? { page: msg.workflowUrl } : {};
    const { id, workspaceId, at } = record;
    const about = { kind: this.#followed.noun, id, workspaceId, since: at, ...messageOf(msg) };
    tell(RED, 'onWatch', node.id, { ...about, ...page, ...now });
  }

  #save(active: Active): void {
    const work = this.#store(() => this.#list.update(active.record), active.msg).finally(() => this.#ends.delete(work));
    this.#ends.add(work);
  }

  /** A watch that cannot be stored goes on, and the flow is told that it would not survive. */
  async #store(write: () => Promise<void>, msg: Message): Promise<void> {
    try {
      await write();
    } catch (thrown) {
      this.#storeFailed(thrown, msg);
    }
  }

  #storeFailed(thrown: unknown, msg: Message): void {
    const { message } = toSeqeraError(thrown);
    const error = new SeqeraError(
      'SEQERA_STORE_FAILED',
      `The watch goes on, but would not survive a restart: ${message}`,
    );
    this.#host.node.error(
      aboutRun(error, this.#runId(msg[this.#followed.property])),
      this.#host.RED.util.cloneMessage(msg),
    );
  }

  /** Undefined where it is no run that is followed. */
  #runId(id: unknown): string | undefined {
    return this.#followed.property === 'workflowId' && typeof id === 'string' ? id : undefined;
  }

  #count(): number {
    let count = 0;
    for (const together of this.#active.values()) count += together.size;
    return count;
  }

  #watching(body?: T): string {
    const count = this.#active.size;
    const { noun, nameOf, statusOf } = this.#followed;
    if (count > 1) return `watching ${count} ${noun}s`;
    return body === undefined ? 'watching' : `${nameOf(body)} ${statusOf(body)}`;
  }

  /** Gathered, since a check of a thousand runs tells a thousand things. */
  #show(kind: StatusKind, message: string): void {
    this.#status = [kind, message];
    this.#statusTimer ??= this.#host.clock.setTimer(() => {
      this.#statusTimer = undefined;
      if (this.#status) this.#host.status(...this.#status);
    }, STATUS_EVERY_MS);
  }

  async #close(removed: boolean): Promise<void> {
    this.#closing = true;
    this.#notStarted();
    this.#host.clock.clearTimer(this.#statusTimer);
    this.#troubles.close();
    const left = [...this.#active.values()].flatMap((together) => [...together]);
    for (const active of left) if (!active.ending) active.stop();
    await Promise.all(this.#ends);
    for (const active of left) {
      this.#tell(active, { state: 'left' });
      active.settle(PARKED);
    }
    if (!removed) this.#list.handOver(left);
    await this.#list.close(removed);
  }
}

const placeOf = ({ id, workspaceId }: WatchRecord): string => `${workspaceId} ${id}`;

/** A message on one output and nothing on the others. */
const on = (output: number, msg: Message): (Message | null)[] =>
  Array.from({ length: OUTPUTS }, (_, index) => (index === output ? msg : null));
