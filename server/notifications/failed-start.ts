import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config, NotificationsConfig } from '../config/index.ts';
import { redact } from '../config/redact.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import { isObject } from '../flows/flow-node.ts';
import { replaceFile } from '../flows/write-files.ts';
import { ownFetch } from '../sandbox/own-fetch.ts';
import { LONGEST, lines, type Notice, oneLine } from './notice.ts';
import { applianceName, sendMessage } from './send-message.ts';
import { NOT_STARTED } from './words.ts';

/** Whoever starts the program waits for its exit code. */
const PATIENCE_MS = 3000;
/** What starts it anew every few seconds is not to fill a channel: each reason is told once within this, … */
const QUIET_MS = 3_600_000;
/** … and so many reasons in all, should each start fail in another way. */
const MOST_TOLD = 10;
const HEADLINE = 200;

/** Starts that failed since the last good one. */
export interface FailedStarts {
  since: number;
  last: number;
  /** Why the last one did; free of known secrets, and bounded. */
  text: string;
  /** When a receiver last took it; null when none did. */
  toldAt: number | null;
}

interface Kept {
  /** Null: the last start was a good one. */
  failed: FailedStarts | null;
  /** Reasons that were told, with when. */
  told: Record<string, number>;
}

export interface TellFailedStartOptions {
  config: Pick<Config, 'data' | 'server' | 'environment' | 'proxy'>;
  notifications: NotificationsConfig;
  logger: Pick<Logger, 'warn'>;
  fetch?: typeof fetch;
  now?(): number;
  patienceMs?: number;
}

/** Tells that a start failed, and keeps that it was told. Never throws, and is over in time. */
export async function tellFailedStart(error: unknown, o: TellFailedStartOptions): Promise<void> {
  if (!o.notifications.on.includes('appliance')) return;
  const patience = AbortSignal.timeout(o.patienceMs ?? PATIENCE_MS);
  const over = new Promise<void>((resolve) => patience.addEventListener('abort', () => resolve(), { once: true }));
  // Also for a data folder on a disk that does not answer.
  await Promise.race([tell(error, o, patience), over]).catch((fault: unknown) =>
    o.logger.warn({ err: fault }, 'that it did not start cannot be told'),
  );
}

async function tell(error: unknown, o: TellFailedStartOptions, signal: AbortSignal): Promise<void> {
  const { config, notifications, logger, now = Date.now } = o;
  const at = now();
  const file = fileOf(config.data.dir);
  const before = read(file, at);
  const { reason, text } = wordsOf(error);
  // Numbers of processes and times do not make it another reason.
  const key = hash('sha256', reason.replace(/\d+/g, '#')).slice(0, 16);
  const failed: FailedStarts = {
    since: before.failed?.since ?? at,
    last: at,
    text,
    toldAt: before.failed?.toldAt ?? null,
  };
  let { told } = before;
  if (told[key] === undefined && Object.keys(told).length < MOST_TOLD) {
    const options = {
      config: notifications,
      fetch: o.fetch ?? ownFetch(config.proxy),
      appliance: applianceName(config),
      // Nobody answers there.
      statusPage: null,
      now,
    };
    const label = options.appliance;
    const sent = await sendMessage(options, [noticeOf(failed, label, reason)], signal);
    if (sent.outcome === 'delivered') failed.toldAt = at;
    else logger.warn({ reason: sent.reason }, `that it did not start was not told: ${sent.reason}`);
    // What is refused once is refused the next time.
    if (sent.outcome !== 'failed') told = { ...told, [key]: at };
  }
  // Where the data folder is the fault, it is told each time.
  await write(file, { failed, told }).catch(() => {});
}

/** The starts that failed before this one, which is good: once. */
export function takeFailedStarts(dir: string, now: number): FailedStarts | null {
  const file = fileOf(dir);
  const { failed, told } = read(file, now);
  // What comes and goes is not told more often for it.
  if (failed) write(file, { failed: null, told }).catch(() => {});
  return failed;
}

const fileOf = (dir: string): string => join(dir, DATA_FILES.failedStarts);
const write = (file: string, kept: Kept): Promise<void> => replaceFile(file, JSON.stringify(kept), 0o600);

function wordsOf(error: unknown): { reason: string; text: string } {
  const known = error instanceof RedstartError;
  const message = error instanceof Error ? error.message : String(error);
  const reason = redact(message);
  const code = known ? error.code : error instanceof Error ? error.name : 'Error';
  return { reason, text: lines(redact(`${code}: ${message}${known ? `\n${error.mend}` : ''}`), LONGEST.text) };
}

function noticeOf({ since, last, text }: FailedStarts, label: string, reason: string): Notice {
  return {
    event: 'failure',
    kind: 'appliance',
    id: 'appliance',
    label: oneLine(redact(label), LONGEST.label),
    problem: 'not-started',
    headline: oneLine(`${NOT_STARTED}: ${reason}`, HEADLINE),
    text,
    node: null,
    count: null,
    since,
    last,
    until: null,
    link: null,
  };
}

/** Nothing where it cannot be read. */
function read(file: string, now: number): Kept {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {}
  const { failed, told } = isObject(value) ? value : {};
  const good =
    isObject(failed) &&
    typeof failed.since === 'number' &&
    typeof failed.last === 'number' &&
    typeof failed.text === 'string' &&
    (failed.toldAt === null || typeof failed.toldAt === 'number');
  const recent = Object.entries(isObject(told) ? told : {}).filter(
    // A clock that was set back makes nobody wait for it.
    (entry): entry is [string, number] => typeof entry[1] === 'number' && Math.abs(now - entry[1]) < QUIET_MS,
  );
  return { failed: good ? (failed as unknown as FailedStarts) : null, told: Object.fromEntries(recent) };
}
