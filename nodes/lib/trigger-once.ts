import { isDeepStrictEqual } from 'node:util';
import { PAGE, type PlatformClient } from './client.ts';
import { triggerAction } from './client-actions.ts';
import { sleep } from './clock.ts';
import { SeqeraError, toSeqeraError } from './errors.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { Action, Workflow } from './schemas.ts';
import { isPlainObject, type PlainObject } from './typed-input.ts';

export interface TriggerOptions {
  signal: AbortSignal;
  /** How long a run is looked for before it counts as not launched: lists lag behind. */
  settleMs?: number;
  note?: (text: string) => void;
}

export interface Triggered {
  workflowId: string;
  answer: PlainObject;
}

const SETTLE_MS = 12_000;
/** A server that did not answer in time may still be at work. */
const TIMEOUT_FACTOR = 2.5;
const FIRST_LOOK_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const LEAST_LOOKS = 3;
const MOST_TRIES = 4;

/** One trigger of an action at a time, so that two of this process are told apart. */
const locks = new WeakMap<object, KeyedLock>();

/**
 * Triggers an action once. Its run cannot be given a name, so after an unclear outcome it is looked for among the runs
 * that were not there before: of the action's pipeline, by the token's user, with these parameters. One such run is taken
 * over; when there certainly is none, the action is triggered again; anything else cannot be told.
 * @throws SEQERA_AMBIGUOUS_LAUNCH
 */
export function triggerOnce(
  client: PlatformClient,
  action: Action,
  params: PlainObject,
  options: TriggerOptions,
): Promise<Triggered> {
  const lock = locks.get(client.http) ?? new KeyedLock();
  locks.set(client.http, lock);
  return lock.run(JSON.stringify([client.workspaceId, action.id]), () => trigger(client, action, params, options));
}

async function trigger(
  client: PlatformClient,
  action: Action,
  params: PlainObject,
  options: TriggerOptions,
): Promise<Triggered> {
  const before = new Set((await newest(client, true)).map(({ id }) => id));
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await triggerAction(client, action, params);
      return { workflowId: answer.workflowId, answer };
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      if (error.outcome === 'none') throw error;
      if (error.code === 'SEQERA_STOPPED')
        throw ambiguous(action, 'the node was stopped before it could be looked for');
      options.note?.('looking for the run');
      const settleMs = (options.settleMs ?? SETTLE_MS) * (error.code === 'SEQERA_TIMEOUT' ? TIMEOUT_FACTOR : 1);
      const found = await settle(client, action, params, before, { ...options, settleMs });
      if (found !== undefined) client.tellAdopted(found, action.name ?? action.id);
      if (found !== undefined) return { workflowId: found, answer: { workflowId: found } };
      if (attempt >= MOST_TRIES) throw error;
      options.note?.('triggering again');
    }
  }
}

/** @returns the id of the run, or undefined when there certainly is none */
async function settle(
  client: PlatformClient,
  action: Action,
  params: PlainObject,
  before: ReadonlySet<string>,
  { signal, settleMs }: TriggerOptions & { settleMs: number },
): Promise<string | undefined> {
  const { clock } = client.http;
  const started = clock.monotonic();
  let looks = 0;
  for (let pause = Math.min(FIRST_LOOK_MS, settleMs / 4); ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const elapsed = clock.monotonic() - started;
    try {
      const [runs, user] = [await newest(client, false), await userName(client)];
      const others = runs.filter(({ id }) => !before.has(id));
      if (others.length === PAGE)
        throw ambiguous(action, 'so many runs were launched meanwhile that it cannot be told which one is its own');
      const own = others.filter((run) => couldBe(run, action, params, user));
      if (own.length > 1)
        throw ambiguous(action, `several runs could be its own: ${own.map(({ id }) => id).join(', ')}`);
      const [found] = own;
      if (found) return found.id;
      looks += 1;
      if (elapsed >= settleMs && looks >= LEAST_LOOKS) return undefined;
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      if (error.code === 'SEQERA_AMBIGUOUS_LAUNCH') throw error;
      if (!error.transient || elapsed >= settleMs * 10)
        throw ambiguous(action, `the runs cannot be listed (${error.message})`);
    }
    await sleep(clock, pause, signal).catch(() => {
      throw ambiguous(action, 'the node was stopped before it could be looked for');
    });
  }
}

async function newest(client: PlatformClient, minimal: boolean): Promise<Workflow[]> {
  const { workflows } = await client.runs({ max: PAGE, minimal });
  return (workflows ?? []).map(({ workflow }) => workflow);
}

const userName = async (client: PlatformClient): Promise<string | undefined> =>
  (await client.userInfo()).user.userName ?? undefined;

/** What the list leaves out speaks neither for it nor against it. */
function couldBe(run: Workflow, action: Action, params: PlainObject, user: string | undefined): boolean {
  const { repository, userName: by, params: has } = run;
  if (action.pipeline && repository && bare(action.pipeline) !== bare(repository)) return false;
  if (user !== undefined && typeof by === 'string' && by !== user) return false;
  if (!isPlainObject(has) || Object.keys(has).length === 0) return true;
  return Object.entries(params).every(([name, value]) => isDeepStrictEqual(has[name], value));
}

const bare = (repository: string): string => repository.toLowerCase().replace(/\.git$|\/+$/g, '');

const ambiguous = ({ name, id }: Action, why: string): SeqeraError =>
  new SeqeraError(
    'SEQERA_AMBIGUOUS_LAUNCH',
    `The answer to the trigger of the action "${name ?? id}" was lost, and ${why}. It was not triggered again. Look on the Platform whether its run is there; trigger it again only if there is none.`,
    { outcome: 'unknown' },
  );
