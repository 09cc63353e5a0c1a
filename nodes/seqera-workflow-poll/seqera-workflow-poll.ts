import { Announcer } from '../lib/announcer.ts';
import { PAGE, type PlatformClient } from '../lib/client.ts';
import { defineNode } from '../lib/define-node.ts';
import { SeqeraError } from '../lib/errors.ts';
import type { NodeHost } from '../lib/node-host.ts';
import { type Poll, Poller, pollIntervalMs } from '../lib/poller.ts';
import type { Message } from '../lib/red.ts';
import { baseline, isKnown, type RunCursor, withRuns } from '../lib/run-cursor.ts';
import type { Run } from '../lib/schemas.ts';
import { type PlainObject, text, whole } from '../lib/typed-input.ts';

const inputs = {
  search: text(),
  maxResults: whole({ least: 1, most: 10_000 }),
};

const DEFAULT_MAX = 50;
const CURSOR = 'cursor';
/** Pages overlap by so many: a run that is deleted meanwhile moves all behind it up. */
const OVERLAP = 5;
/** A million runs: only a list that does not end has more. */
const MOST_PAGES = 10_000;

export default defineNode('seqera-workflow-poll', (host) => {
  const announcer = new Announcer(host);
  let cursor: RunCursor | undefined;
  new Poller({
    host,
    everyMs: () => pollIntervalMs(host, 1),
    async poll(round) {
      host.status('working', 'polling');
      const { search, maxResults = DEFAULT_MAX } = await host.evaluate(inputs, { _msgid: '' });
      const place = await host.place({ _msgid: '' });
      const client = place.client.with({ signal: round.signal });
      const scope = JSON.stringify([place.client.baseUrl, place.workspaceId, search]);
      cursor ??= await host.store.get<RunCursor>(CURSOR);
      if (cursor && cursor.scope !== scope) {
        host.node.warn(
          'The search, the workspace or the connection was changed: the runs of now are known, later ones are new',
        );
        cursor = undefined;
      }
      const known = cursor;
      const { runs, whole } = await read(client, { search, least: maxResults, known });
      if (round.signal.aborted) return 0;
      const newest = runs.slice(0, maxResults);
      if (!known) {
        const first = baseline(scope, runs, whole);
        await host.store.set(CURSOR, first);
        cursor = first;
        tellAll(host, newest, round);
        host.status('ok', `${newest.length} runs known`);
        return 0;
      }
      const old = isKnown(known);
      // Oldest first, as they came.
      const fresh = runs.filter((run) => !old(run)).reverse();
      tellAll(host, newest, round);
      await announcer.announce({
        ids: fresh.map(({ workflow }) => workflow.id),
        send: (again) => {
          for (const run of fresh) host.node.send([null, newRun(host, run, again(run.workflow.id))]);
        },
        cursor: withRuns(known, fresh),
        signal: round.signal,
        async save(next) {
          cursor = next;
          if (fresh.length > 0) await host.store.set(CURSOR, next);
        },
      });
      host.status('ok', fresh.length === 1 ? '1 new run' : `${fresh.length} new runs`);
      return fresh.length;
    },
  }).start();
});

interface Reading {
  search: string;
  /** At least so many, where there are as many. */
  least: number;
  known: RunCursor | undefined;
}

/** The newest runs: as many as were asked for, and on until known ground is met. */
async function read(
  client: PlatformClient,
  { search, least, known }: Reading,
): Promise<{ runs: Run[]; whole: boolean }> {
  const old = known && isKnown(known);
  const runs = new Map<string, Run>();
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const max = page === 0 ? Math.min(least, PAGE) : PAGE;
    const { workflows, hasMore, totalSize } = await client.runs({
      max,
      offset,
      minimal: true,
      ...(search === '' ? {} : { search }),
    });
    const items = workflows ?? [];
    for (const item of items) runs.set(item.workflow.id, item);
    const end = offset + items.length;
    const more = items.length > 0 && (hasMore ?? (totalSize ? end < totalSize : items.length === max));
    if (!more) return { runs: [...runs.values()], whole: true };
    const met = old === undefined || items.some(old);
    if (met && runs.size >= least) return { runs: [...runs.values()], whole: false };
    offset = Math.max(offset + 1, end - OVERLAP);
  }
  throw new SeqeraError('SEQERA_ANSWER_TOO_LARGE', 'Listing the runs failed: the list does not end.');
}

function tellAll(host: NodeHost, runs: readonly Run[], { next }: Poll): void {
  const payload = { workflows: structuredClone(runs), nextPoll: next.toISOString() };
  host.node.send([message(host, { payload, workflowIds: runs.map(({ workflow }) => workflow.id) }), null]);
}

const newRun = (host: NodeHost, run: Run, again: boolean): Message =>
  message(host, {
    payload: { workflow: structuredClone(run) },
    workflowId: run.workflow.id,
    ...(again ? { redelivered: true } : {}),
  });

const message = (host: NodeHost, properties: PlainObject): Message =>
  ({ _msgid: host.RED.util.generateId(), ...properties }) as Message;
