import type { ServerResponse } from 'node:http';
import type { Bearers } from '../auth/identities.ts';
import type { StatusReport } from './status-schema.ts';

/** What is told of. */
export interface Source {
  readonly revision: number;
  report(): StatusReport;
  sections(): Omit<StatusReport, 'runs'>;
  changedSince(revision: number): StatusReport['runs'];
  keys(): Iterable<string>;
}

/** How the page goes from what it has to what is now. */
export interface Patch {
  sections: Partial<StatusReport>;
  /** Of runs that are followed: new or changed. */
  changed: StatusReport['runs'];
  gone: string[];
  /** What ended since, newest first: all of them are much to send each time. */
  ended: StatusReport['ended'];
}

/** Each page that is open holds one connection; more are told to come again. */
export const MOST_CLIENTS = 50;
/** A person may have a few windows open. */
export const MOST_PER_SESSION = 6;
const TICK_MS = 1000;
/** A line that says nothing, so that proxies keep a quiet connection, and a dead one is noticed. */
const BEAT_TICKS = 15;
/** Who does not read is cut off and comes again: what is written to it would fill the memory. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

interface Client {
  res: ServerResponse;
  token: string;
  end(): void;
}

/**
 * Sends what changed to every page that is open, once a second at most and the same text to all. Nobody looking, nothing
 * is made.
 */
export class Live {
  readonly #source: Source;
  readonly #bearers: Bearers;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | null = null;
  #told = new Map<string, string>();
  #keys = new Set<string>();
  /** The newest that ended of those that were told. */
  #newest: StatusReport['ended'][number] | undefined;
  #revision = 0;
  #ticks = 0;
  #stopped = false;

  constructor(source: Source, bearers: Bearers) {
    this.#source = source;
    this.#bearers = bearers;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** @returns false when there are too many */
  join(res: ServerResponse, token: string): boolean {
    const own = [...this.#clients].filter((client) => client.token === token).length;
    if (this.#stopped || this.#clients.size >= MOST_CLIENTS || own >= MOST_PER_SESSION) return false;
    // All that are here are then at the same point as the newcomer.
    this.#tick();
    const unwatch = this.#bearers.watch(token, () => client.end());
    const client: Client = {
      res,
      token,
      end: () => {
        unwatch();
        this.#clients.delete(client);
        if (this.#clients.size === 0) this.#rest();
        res.end();
      },
    };
    this.#clients.add(client);
    res.once('close', client.end);
    res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
    if (this.#clients.size === 1) this.#remember();
    send(client, eventOf('report', this.#source.report()));
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return true;
  }

  /** Ends them all, for good. */
  stop(): void {
    this.#stopped = true;
    for (const client of [...this.#clients]) client.end();
  }

  #rest(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** What the first one was told, who was told all. */
  #remember(): void {
    const now = this.#source.sections();
    this.#told = new Map(textsOf(now));
    this.#newest = now.ended[0];
    this.#keys = new Set(this.#source.keys());
    this.#revision = this.#source.revision;
  }

  #tick(): void {
    if (this.#clients.size === 0) return;
    this.#ticks += 1;
    // An end that nobody told of, such as that of a token whose file is gone.
    for (const client of [...this.#clients]) if (this.#bearers.find(client.token) === null) client.end();
    const patch = this.#patch();
    const text = patch ? eventOf('patch', patch) : this.#ticks % BEAT_TICKS === 0 ? ':\n\n' : null;
    if (text !== null) for (const client of [...this.#clients]) send(client, text);
  }

  #patch(): Patch | null {
    const sections: Record<string, unknown> = {};
    const now = this.#source.sections();
    const at = this.#newest === undefined ? now.ended.length : now.ended.indexOf(this.#newest);
    // It is gone, by its age or the number of others: the list as a whole.
    if (at === -1) sections.ended = now.ended;
    this.#newest = now.ended[0];
    const ended = now.ended.slice(0, Math.max(0, at));
    for (const [name, text] of textsOf(now)) {
      if (this.#told.get(name) === text) continue;
      this.#told.set(name, text);
      sections[name] = now[name as keyof typeof now];
    }
    let changed: StatusReport['runs'] = [];
    let gone: string[] = [];
    if (this.#source.revision !== this.#revision) {
      changed = this.#source.changedSince(this.#revision);
      const keys = new Set(this.#source.keys());
      gone = [...this.#keys].filter((key) => !keys.has(key));
      this.#keys = keys;
      this.#revision = this.#source.revision;
    }
    if (Object.keys(sections).length + changed.length + gone.length + ended.length === 0) return null;
    return { sections: { ...sections, at: now.at }, changed, gone, ended };
  }
}

/** The time alone is no change; of what ended only the newest are told. */
function* textsOf(sections: object): Generator<[string, string]> {
  for (const [name, value] of Object.entries(sections))
    if (name !== 'at' && name !== 'ended') yield [name, JSON.stringify(value)];
}

const eventOf = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function send({ res, end }: Client, text: string): void {
  if (res.writableLength > MOST_UNREAD_BYTES) {
    end();
    res.destroy();
  } else res.write(text);
}
