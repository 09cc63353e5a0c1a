import { Announcer } from './announcer.ts';
import type { PlatformClient } from './client.ts';
import { sleep } from './clock.ts';
import { findDataLink } from './data-link.ts';
import type { DataLink } from './data-schemas.ts';
import { KnownObjects, type KnownPlace, shortHash } from './known-objects.ts';
import { counted, DEFAULT_MAX, listingInputs, outputOf } from './listing-inputs.ts';
import type { NodeHost } from './node-host.ts';
import { keyOf, nameOf, type ObjectChanges, ObjectComparison } from './object-changes.ts';
import { type DataObject, listObjects } from './object-listing.ts';
import { type Poll, Poller, pollIntervalMs } from './poller.ts';
import type { Message } from './red.ts';
import { flag, type InputValues, type PlainObject } from './typed-input.ts';

const inputs = {
  ...listingInputs,
  outputAllPolls: flag({ initial: false }),
  detectChanges: flag({ initial: false }),
};

/** More are not watched: what is behind them is as if it were not there, and nothing counts as deleted. */
const MOST_WATCHED = 1_000_000;
/** Announced in one go; the note of it has to fit into one entry of the context. */
const MOST_AT_ONCE = 20_000;
/** Before everything counts as deleted, it is listed once more. */
const SECOND_LOOK_MS = 2_000;

interface Round {
  poll: Poll;
  client: PlatformClient;
  dataLink: DataLink;
  values: InputValues<typeof inputs>;
  /** What the known objects are of: another one is another baseline. */
  place: string;
}

type Found = { kind: 'fresh' | 'changed'; object: DataObject } | { kind: 'gone'; key: string };

/**
 * Tells which objects of a data link are new, gone or changed since the poll before, also when the program was away in
 * between. What is known moves on only after it was announced; a listing that failed, or was cut, changes nothing of it
 * and never looks like deletions.
 */
export class ObjectPoll {
  readonly #host: NodeHost;
  readonly #known: KnownObjects;
  readonly #announcer: Announcer;
  /** Announced, and the context did not take it. */
  #unsaved: { set: Map<string, number>; gone: Set<string> } = { set: new Map(), gone: new Set() };

  constructor(host: NodeHost) {
    this.#host = host;
    this.#known = new KnownObjects(host.store);
    this.#announcer = new Announcer(host);
  }

  start(): void {
    if (String(this.#host.config.dataLinkName ?? '').trim() === '') {
      this.#host.node.status({ fill: 'yellow', shape: 'ring', text: 'no data link is chosen' });
      return;
    }
    new Poller({
      host: this.#host,
      everyMs: () => pollIntervalMs(this.#host, 15),
      poll: (poll) => this.#poll(poll),
    }).start();
  }

  async #poll(poll: Poll): Promise<number> {
    const host = this.#host;
    host.status('working', 'polling');
    const values = await host.evaluate(inputs, { _msgid: '' });
    const { client: at, workspaceId } = await host.place({ _msgid: '' });
    const client = at.with({ signal: poll.signal });
    const dataLink = await findDataLink(client, values.dataLinkName, { signal: poll.signal });
    const { basePath, prefix, pattern, depth = 0, returnType } = values;
    const place = JSON.stringify([at.baseUrl, workspaceId, dataLink.id, basePath, prefix, pattern, depth, returnType]);
    const round: Round = { poll, client, dataLink, values, place };
    const known = await this.#known.place();
    if (known?.place === place) return await this.#compare(round, known);
    await this.#baseline(round, known);
    return 0;
  }

  async #baseline(round: Round, before: KnownPlace | undefined): Promise<void> {
    const host = this.#host;
    const objects = new Map<string, number>();
    const { all } = await this.#list(round, (object) => {
      objects.set(keyOf(object), object.size);
      return objects.size;
    });
    this.#unsaved = { set: new Map(), gone: new Set() };
    await this.#known.replace(round.place, host.clock.now(), objects);
    if (before) {
      host.node.warn(
        `The data link, a filter, the workspace or the connection was changed: the ${counted(objects.size, 'object')} of now are known, later ones are new`,
      );
    }
    this.#tellAll(round, all);
    host.status('ok', `${counted(objects.size, 'object')} known`);
  }

  async #compare(round: Round, known: KnownPlace): Promise<number> {
    const host = this.#host;
    const look = async () => {
      const comparison = new ObjectComparison(await this.#read(known));
      const listing = await this.#list(round, (object) => {
        comparison.see(object);
        return comparison.seen;
      });
      return { ...listing, comparison };
    };
    let { all, whole, comparison } = await look();
    if (whole && comparison.seen === 0 && known.count > 0) {
      // As a path that is missing for a moment is listed too.
      await sleep(host.clock, SECOND_LOOK_MS, round.poll.signal);
      ({ all, whole, comparison } = await look());
    }
    // Nodes behind this one may be gone already: the next start sees it.
    if (round.poll.signal.aborted) return 0;
    const changes = comparison.end(whole);
    this.#tellAll(round, all);
    await this.#announce(round, known, changes);
    const { fresh, gone, changed } = changes;
    const news = [
      fresh.length > 0 && `${fresh.length} new`,
      gone.length > 0 && `${gone.length} deleted`,
      changed.length > 0 && round.values.detectChanges && `${changed.length} changed`,
    ].filter(Boolean);
    host.status('ok', `${news.join(', ') || 'nothing new'} of ${counted(comparison.seen, 'object')}`);
    return fresh.length;
  }

  /** @param see gives how many different ones there are by now */
  async #list(
    { client, dataLink, values, poll }: Round,
    see: (object: DataObject) => number,
  ): Promise<{ all: DataObject[]; whole: boolean }> {
    const { basePath, prefix, pattern, depth = 0, returnType, maxResults = DEFAULT_MAX, outputAllPolls } = values;
    const all: DataObject[] = [];
    const batches = listObjects(client, {
      dataLink,
      basePath,
      prefix,
      pattern,
      depth,
      returnType,
      most: Number.POSITIVE_INFINITY,
      signal: poll.signal,
      onUnreachable: (folder) =>
        this.#host.node.warn(`The folder ${JSON.stringify(folder)} cannot be watched: no address names it`),
    });
    for await (const batch of batches) {
      for (const object of batch) {
        if (see(object) > MOST_WATCHED) {
          this.#host.node.warn(
            `The listing is cut after ${counted(MOST_WATCHED, 'object')}: what is behind them is not seen, and deletions are not told`,
          );
          return { all, whole: false };
        }
        if (outputAllPolls && all.length < maxResults) all.push(object);
      }
      // A tree of a hundred thousand comes at once: others have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { all, whole: true };
  }

  async #read(known: KnownPlace): Promise<Map<string, number>> {
    const objects = await this.#known.read(known);
    for (const key of this.#unsaved.gone) objects.delete(key);
    for (const [key, size] of this.#unsaved.set) objects.set(key, size);
    return objects;
  }

  async #announce(round: Round, known: KnownPlace, { fresh, gone, changed }: ObjectChanges): Promise<void> {
    const found: Found[] = [
      ...fresh.map((object) => ({ kind: 'fresh' as const, object })),
      ...gone.map((key) => ({ kind: 'gone' as const, key })),
      ...changed.map((object) => ({ kind: 'changed' as const, object })),
    ];
    // Also when nothing was found: what was being announced when the process died may be gone by now.
    for (let from = 0; from === 0 || (from < found.length && !round.poll.signal.aborted); from += MOST_AT_ONCE) {
      const part = found.slice(from, from + MOST_AT_ONCE);
      const told = part.filter(({ kind }) => kind !== 'changed' || round.values.detectChanges);
      await this.#announcer.announce({
        ids: told.map(idOf),
        send: (again) => this.#send(round, told, again),
        cursor: part,
        signal: round.poll.signal,
        save: (parts) => this.#save(known, parts),
      });
    }
  }

  #send(round: Round, found: readonly Found[], again: (id: string) => boolean): void {
    const { maxResults = DEFAULT_MAX, outputAllPolls, detectChanges } = round.values;
    const first = outputAllPolls ? 1 : 0;
    const ports = [['fresh', first] as const, ['gone', first + 1] as const, ['changed', first + 2] as const];
    for (const [kind, port] of ports) {
      if (kind === 'changed' && !detectChanges) continue;
      const ofKind = found.filter((each) => each.kind === kind);
      for (const redelivered of [true, false]) {
        const objects = ofKind
          .filter((each) => again(idOf(each)) === redelivered)
          .map((each) => (each.kind === 'gone' ? { name: nameOf(each.key) } : each.object));
        for (let from = 0; from < objects.length; from += maxResults) {
          const output = outputOf(round.dataLink, objects.slice(from, from + maxResults));
          this.#emit(port, { ...output, ...(redelivered ? { redelivered } : {}) });
        }
      }
    }
  }

  /** One after the other: a second save waits for what the first one could not do. */
  async #save(known: KnownPlace, found: readonly Found[]): Promise<void> {
    const { set, gone } = this.#unsaved;
    for (const each of found) {
      if (each.kind === 'gone') {
        gone.add(each.key);
        set.delete(each.key);
      } else {
        const key = keyOf(each.object);
        set.set(key, each.object.size);
        gone.delete(key);
      }
    }
    if (set.size + gone.size === 0) return;
    await this.#known.change((await this.#known.place()) ?? known, set, [...gone]);
    this.#unsaved = { set: new Map(), gone: new Set() };
  }

  #tellAll({ dataLink, values, poll }: Round, all: readonly DataObject[]): void {
    if (!values.outputAllPolls) return;
    const output = outputOf(dataLink, all);
    Object.assign(output.payload, { nextPoll: poll.next.toISOString(), pollIntervalSeconds: poll.everyMs / 1000 });
    this.#emit(0, output);
  }

  #emit(port: number, properties: PlainObject): void {
    const message = { _msgid: this.#host.RED.util.generateId(), ...properties } as Message;
    this.#host.node.send([...Array.from({ length: port }, () => null), message]);
  }
}

const idOf = (found: Found): string =>
  shortHash(found.kind === 'gone' ? `- ${found.key}` : `${found.kind === 'fresh' ? '+' : '='} ${keyOf(found.object)}`);
