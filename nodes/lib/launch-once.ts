import { randomBytes } from 'node:crypto';
import type { LaunchAnswer, PlatformClient } from './client.ts';
import { sleep } from './clock.ts';
import { invalidInput, SeqeraError, toSeqeraError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import { KeyedLock } from './keyed-lock.ts';
import { runsNamed } from './run-search.ts';
import type { PlainObject } from './typed-input.ts';

/** A launch about to be made: enough to find its run later, whatever happens to the answer. */
export interface Intention {
  runName: string;
  /** Runs that had this name before. */
  known: string[];
}

export interface Launched {
  workflowId: string;
  runName: string;
  answer: LaunchAnswer;
  /** The answer was lost, and the run was found. */
  adopted: boolean;
}

export interface LaunchOptions {
  request: PlainObject;
  sourceWorkspaceId?: string | undefined;
  /** The role that it takes, for the message of a 403. */
  needs?: string;
  signal?: AbortSignal;
  /** How long a run is looked for before it counts as not launched: lists lag behind. */
  settleMs?: number;
  /** Called before anything is sent. When it fails, nothing is launched. */
  intend?: (intention: Intention) => Promise<void>;
  /** Told in a few words what is going on. */
  note?: (text: string) => void;
}

const SETTLE_MS = 12_000;
/** A server that did not answer in time may still be at work. */
const TIMEOUT_FACTOR = 2.5;
const FIRST_LOOK_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const LEAST_LOOKS = 3;
/** While no look-up succeeds, nothing is known; after so long it is said so. */
const BLIND_FACTOR = 50;
const MOST_LAUNCHES = 5;
const LONGEST_RUN_NAME = 80;

const locks = new WeakMap<object, KeyedLock>();
/** Ids that launches of this process gave: never another launch's run. */
const given = new WeakMap<object, Set<string>>();
const MOST_GIVEN = 10_000;

function of<T>(map: WeakMap<object, T>, owner: object, make: () => T): T {
  const found = map.get(owner) ?? make();
  map.set(owner, found);
  return found;
}

/**
 * Launches exactly one run. The Platform has no idempotency key, so a POST whose outcome is unknown is never blindly
 * repeated: the run is looked for by its name, and is adopted, or launched again once it is certain that there is none.
 * @throws SEQERA_AMBIGUOUS_LAUNCH when that cannot be told
 */
export async function launchOnce(client: PlatformClient, options: LaunchOptions): Promise<Launched> {
  const own = String(options.request.runName ?? '').trim();
  if (own.length > LONGEST_RUN_NAME)
    throw invalidInput(`The run name has ${own.length} characters, and ${LONGEST_RUN_NAME} is the most`);
  if (own === '') {
    // Unique by itself, so that a run of this name can only be this one.
    const intention = { runName: await freshName(client), known: [] };
    return launchAs(client, intention, options);
  }
  return lockOf(client).run(lockKey(client, own), async () => {
    const known = (await runsNamed(client, own)).map(({ id }) => id);
    return launchAs(client, { runName: own, known }, options);
  });
}

/**
 * Finishes what a launch of unknown outcome left: adopts its run, or launches it now.
 * @param options asked for only when it is certain that there is no run
 */
export async function settleLaunch(
  client: PlatformClient,
  intention: Intention,
  look: Pick<LaunchOptions, 'settleMs' | 'signal'>,
  options: () => Promise<LaunchOptions>,
): Promise<Launched> {
  // Not while another launch of that name is under way, whose run could be taken for this one's.
  return lockOf(client).run(lockKey(client, intention.runName), async () => {
    const workflowId = await settle(client, intention, look, look.settleMs ?? SETTLE_MS);
    if (workflowId !== undefined) return adopt(client, intention, workflowId);
    return launchAs(client, intention, await options());
  });
}

const lockOf = (client: PlatformClient): KeyedLock => of(locks, client.http, () => new KeyedLock());
const lockKey = (client: PlatformClient, runName: string): string => JSON.stringify([client.workspaceId, runName]);

async function freshName(client: PlatformClient): Promise<string> {
  const unique = randomBytes(4).toString('hex');
  const name = await client.randomRunName().catch((error: unknown) => {
    // Older installations do not have it; a name of our own does as well.
    if (toSeqeraError(error).status !== 404) throw error;
    return 'run';
  });
  return `${name.slice(0, LONGEST_RUN_NAME - 1 - unique.length)}-${unique}`;
}

async function launchAs(client: PlatformClient, intention: Intention, options: LaunchOptions): Promise<Launched> {
  const { runName } = intention;
  await options.intend?.(intention);
  failpoint('launch.intended');
  let doubtful = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.launch({ ...options.request, runName }, options.sourceWorkspaceId, options.needs);
      failpoint('launch.answered');
      remember(client, answer.workflowId);
      return { workflowId: answer.workflowId, runName, answer, adopted: false };
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      // A 400 of unclear outcome: the Platform failed itself, and would again. A conflict may be with our own lost launch.
      const inner = error.status === 400 && error.outcome === 'unknown';
      const refused = inner || (doubtful && error.status === 409);
      if (error.outcome === 'none' && !refused) throw error;
      options.note?.(`looking for ${runName}`);
      const settleMs = (options.settleMs ?? SETTLE_MS) * (error.code === 'SEQERA_TIMEOUT' ? TIMEOUT_FACTOR : 1);
      const workflowId = await settle(client, intention, options, settleMs);
      if (workflowId !== undefined) return adopt(client, intention, workflowId);
      // A 500 is the Platform's own fault and seldom passes; what a gateway or the network did passes.
      if (refused || attempt >= (error.status === 500 ? 2 : MOST_LAUNCHES)) throw error;
      doubtful = true;
      options.note?.(`launching again: ${runName}`);
    }
  }
}

function adopt(client: PlatformClient, { runName }: Intention, workflowId: string): Launched {
  remember(client, workflowId);
  client.tellAdopted(workflowId, runName);
  return { workflowId, runName, answer: { workflowId }, adopted: true };
}

function remember(client: PlatformClient, workflowId: string): void {
  const ids = of(given, client.http, () => new Set<string>());
  ids.add(workflowId);
  for (const oldest of ids) {
    if (ids.size <= MOST_GIVEN) break;
    ids.delete(oldest);
  }
}

/** @returns the id of the run, or undefined when there certainly is none */
async function settle(
  client: PlatformClient,
  intention: Intention,
  options: Pick<LaunchOptions, 'signal'> & { request?: PlainObject },
  settleMs: number,
): Promise<string | undefined> {
  const { clock } = client.http;
  const { runName } = intention;
  const known = new Set(intention.known);
  const ids = of(given, client.http, () => new Set<string>());
  const session = options.request?.resume === true ? options.request.sessionId : undefined;
  const started = clock.monotonic();
  const longest = Math.max(settleMs * BLIND_FACTOR, 1000);
  let looks = 0;
  for (let pause = Math.min(FIRST_LOOK_MS, settleMs / 4); ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const elapsed = clock.monotonic() - started;
    try {
      const runs = await runsNamed(client, runName);
      const candidates = runs.filter(
        ({ id, sessionId }) =>
          !known.has(id) && !ids.has(id) && (session === undefined || sessionId === session || !sessionId),
      );
      if (candidates.length > 1) {
        throw ambiguous(
          runName,
          `there are ${candidates.length} runs of that name: ${candidates.map(({ id }) => id).join(', ')}`,
        );
      }
      const [found] = candidates;
      if (found) return found.id;
      looks += 1;
      // Only looks that began late enough count as proof: an early one may be ahead of the list.
      if (elapsed >= settleMs && looks >= LEAST_LOOKS) return undefined;
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      if (error.code === 'SEQERA_AMBIGUOUS_LAUNCH') throw error;
      const hopeless = error.code === 'SEQERA_STOPPED' || (!error.transient && elapsed >= settleMs);
      // A look-up that failed proves nothing, and nothing is launched on it.
      if (hopeless || elapsed >= longest) throw ambiguous(runName, `the run cannot be looked for (${error.message})`);
    }
    await sleep(clock, pause, options.signal).catch(() => {
      throw ambiguous(runName, 'the node was stopped before it could be looked for');
    });
  }
}

const ambiguous = (runName: string, why: string): SeqeraError =>
  new SeqeraError(
    'SEQERA_AMBIGUOUS_LAUNCH',
    `The answer to the launch of "${runName}" was lost, and ${why}. It was not launched again. Look for the run "${runName}" on the Platform; launch again only if there is none.`,
    { outcome: 'unknown' },
  );
