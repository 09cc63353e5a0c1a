import { randomBytes } from 'node:crypto';
import type { PlatformClient } from './client.ts';
import { delivered } from './delivered.ts';
import { SeqeraError, toSeqeraError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import { whenFlowsStarted } from './flows-started.ts';
import { LaunchKeys } from './idempotency.ts';
import { type Intention, type Launched, type LaunchOptions, launchOnce, settleLaunch } from './launch-once.ts';
import { type NodeHost, PARKED } from './node-host.ts';
import type { Message, Send } from './red.ts';
import { runPage } from './run-page.ts';
import type { PlainObject } from './typed-input.ts';
import { WaitingMessages, type WaitingRecord } from './waiting-messages.ts';

/** What to launch, with everything looked up. */
export interface Prepared {
  request: PlainObject;
  sourceWorkspaceId: string | undefined;
  /** The role that it takes, for the message of a 403. */
  needs: string;
}

interface Outcome {
  launched: Launched;
  reused: boolean;
}

/** How far a message has come: taken; about to be launched; launched; being sent. */
interface LaunchRecord extends WaitingRecord {
  workspaceId: string | null;
  idempotencyKey: string;
  intention?: Intention;
  prepared?: Prepared;
  outcome?: Outcome;
  /** It is being sent. Found so after a start, it may have been sent before. */
  sending?: boolean;
}

export interface LaunchJobsOptions {
  idempotencyKey(msg: Message): Promise<string>;
  prepare(msg: Message, client: PlatformClient): Promise<Prepared>;
}

const PREFIX = 'launching-';

/**
 * Launches one run for each message, over restarts and crashes too. The message is on disk before anything is done for
 * it, what is about to be launched before it is sent, the outcome before the message goes on. What a start finds is taken up where
 * it was: a launch of unknown outcome is looked for by its run name.
 */
export class LaunchJobs {
  readonly #host: NodeHost;
  readonly #options: LaunchJobsOptions;
  readonly #list: WaitingMessages<LaunchRecord>;
  readonly #keys: LaunchKeys;
  readonly #resumed = new WeakMap<Message, LaunchRecord>();
  #closing = false;
  #removed = false;

  constructor(host: NodeHost, options: LaunchJobsOptions) {
    this.#host = host;
    this.#options = options;
    // A launch takes seconds: that its HTTP request would not outlive the process is no news to each caller.
    this.#list = new WaitingMessages(host, PREFIX, ['req', 'res']);
    this.#keys = new LaunchKeys(host.store, () => host.clock.now());
  }

  start(): void {
    const host = this.#host;
    host.onInput((msg, send) => this.#input(msg, send));
    const notStarted = whenFlowsStarted(host.RED, () => {
      this.#resume().catch((error: unknown) => host.node.error(toSeqeraError(error)));
    });
    host.onClose(async (removed) => {
      this.#closing = true;
      this.#removed = removed;
      notStarted();
      await this.#list.close(removed);
    });
  }

  /** Messages of before the deploy or restart come in again as input, so that they end like any other. */
  async #resume(): Promise<void> {
    const waiting = await this.#list.read();
    if (this.#closing || waiting.length === 0) return;
    // Those that may have a run come first: a new launch of the same name must not be taken for theirs.
    waiting.sort((a, b) => Number(b.record.intention !== undefined) - Number(a.record.intention !== undefined));
    this.#host.node.log(`Taking up ${waiting.length} launch(es) of before the restart`);
    for (const { record, msg } of waiting) {
      this.#resumed.set(msg, record);
      this.#host.node.receive(msg);
    }
  }

  async #input(msg: Message, send: Send): Promise<typeof PARKED | undefined> {
    const host = this.#host;
    host.status('working', host.busy > 1 ? `launching (${host.busy})` : 'launching');
    const record = this.#resumed.get(msg) ?? (await this.#take(msg));
    try {
      const outcome = record.outcome ?? (await this.#launch(record, msg));
      if (!(await this.#send(record, outcome, msg, send))) return this.#park(record, msg);
    } catch (error) {
      const wasStopped = host.signal.aborted || toSeqeraError(error).code === 'SEQERA_STOPPED';
      if (wasStopped && !this.#removed && this.#list.has(record)) return this.#park(record, msg);
      await this.#list.remove(record).catch((failure: unknown) => this.#storeFailed(failure, msg));
      throw error;
    }
    return undefined;
  }

  /** The node goes, and the message goes on in the node that takes its place, or after the restart. */
  #park(record: LaunchRecord, msg: Message): typeof PARKED {
    this.#host.node.log('A launch was interrupted and is taken up when the flows run again');
    this.#list.handOver([{ record, msg }]);
    return PARKED;
  }

  async #take(msg: Message): Promise<LaunchRecord> {
    const host = this.#host;
    const idempotencyKey = await this.#options.idempotencyKey(msg);
    const { workspaceId } = await host.place(msg);
    const key = `${PREFIX}${randomBytes(9).toString('hex')}`;
    const record: LaunchRecord = { key, at: host.clock.now(), workspaceId, idempotencyKey };
    await this.#list.add(record, msg).catch((error: unknown) => this.#storeFailed(error, msg));
    return record;
  }

  async #launch(record: LaunchRecord, msg: Message): Promise<Outcome> {
    const { settleMs } = this.#host.settings;
    const client = await this.#clientFor(record, msg);
    const look = { signal: this.#host.signal, ...(settleMs === undefined ? {} : { settleMs }) };
    // Beside the launch, so that the page's address costs no time.
    void runPage(client, '');
    const options = async (): Promise<LaunchOptions> => {
      record.prepared ??= await this.#options.prepare(msg, client);
      return {
        ...record.prepared,
        ...look,
        note: (note) => this.#host.status('retrying', note),
        intend: async (intention) => {
          record.intention = intention;
          // Not swallowed: a message that is on disk without its intention would be launched twice.
          await this.#list.update(record);
        },
      };
    };
    const settle = (intention: Intention) => settleLaunch(client, intention, look, options);
    const fresh = async (intend?: (intention: Intention) => Promise<void>) => {
      const prepared = await options();
      const both = async (intention: Intention) => {
        await intend?.(intention);
        await prepared.intend?.(intention);
      };
      return launchOnce(client, { ...prepared, intend: both });
    };
    if (record.idempotencyKey === '') {
      const launched = record.intention ? await settle(record.intention) : await fresh();
      return { launched, reused: false };
    }
    return this.#keys.use({
      scope: record.workspaceId ?? '',
      key: record.idempotencyKey,
      owner: record.key,
      waits: (key) => this.#list.has({ key, at: 0 }),
      launch: (intend) => (record.intention ? settle(record.intention) : fresh(intend)),
      settle,
    });
  }

  /** The workspace of when the message came: the node or the connection may say another by now. */
  async #clientFor(record: LaunchRecord, msg: Message): Promise<PlatformClient> {
    try {
      return (await this.#host.place(msg)).client.with({ workspaceId: record.workspaceId });
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      if (!record.intention) throw error;
      throw new SeqeraError(
        'SEQERA_AMBIGUOUS_LAUNCH',
        `The program ended while it launched "${record.intention.runName}", and it cannot be looked for: ${error.message}. Look for that run on the Platform; launch again only if there is none.`,
        { outcome: 'unknown' },
      );
    }
  }

  /** @returns false when the node goes first */
  async #send(record: LaunchRecord, outcome: Outcome, msg: Message, send: Send): Promise<boolean> {
    const host = this.#host;
    const again = record.sending === true;
    const { launched, reused } = outcome;
    const { workflowId, runName, answer } = launched;
    record.outcome = outcome;
    if (this.#closing) {
      await this.#list.update(record);
      return false;
    }
    record.sending = true;
    const client = await this.#clientFor(record, msg);
    const [workflowUrl] = await Promise.all([
      runPage(client, workflowId),
      this.#list.update(record).catch((error: unknown) => this.#storeFailed(error, msg)),
    ]);
    failpoint('launch.stored');
    Object.assign(msg, { payload: answer, workflowId, runName, workflowUrl });
    if (reused) Object.assign(msg, { reused });
    if (again) Object.assign(msg, { redelivered: true });
    send(msg);
    failpoint('launch.sent');
    host.status('ok', `${reused ? 'reused' : 'launched'} ${runName}`);
    await delivered();
    await this.#list.sent(record, (error) => this.#storeFailed(error, msg));
    return true;
  }

  /** A launch whose message cannot be stored is made all the same, once, and the flow is told. */
  #storeFailed(thrown: unknown, msg: Message): void {
    const { message } = toSeqeraError(thrown);
    this.#host.node.error(
      new SeqeraError('SEQERA_STORE_FAILED', `The launch goes on, but would not survive a restart: ${message}`),
      this.#host.RED.util.cloneMessage(msg),
    );
  }
}
