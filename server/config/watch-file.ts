import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

export interface WatchedFile {
  /** Looks now; what tests call instead of waiting. */
  check(): Promise<void>;
  close(): void;
}

export interface WatchFileOptions {
  readonly file: string;
  /** What is known already; null: the first look counts as a change. */
  readonly known?: string | null;
  readonly maxBytes?: number;
  readonly everyMs?: number;
  /** It comes and goes: that it is not there is no failure, and when it comes again it is new, whatever is in it. */
  readonly comesAndGoes?: boolean;
  /** With the new content. What it throws counts as a file that cannot be used. */
  changed(text: string): void;
  /** Once for each time that the file stops being usable. What was read before stays in use. */
  failed(reason: string): void;
}

const POLL_MS = 2000;
const MAX_BYTES = 1024 * 1024;

/**
 * Follows the content of a file, not its time stamp: Kubernetes swaps a link behind it, and a file system event does not
 * come over every mount.
 */
export function watchFile(options: WatchFileOptions): WatchedFile {
  const { file, maxBytes = MAX_BYTES, everyMs = POLL_MS } = options;
  let known = options.known ?? null;
  /** What is in `known` was taken into use. */
  let usable = known !== null;
  let told = false;
  let looking: Promise<void> | null = null;

  const fail = (error: unknown): void => {
    if (!told) options.failed((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    told = true;
  };
  const look = async (): Promise<void> => {
    let text: string;
    try {
      text = await readBounded(file, maxBytes);
    } catch (error) {
      if (options.comesAndGoes && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        known = null;
        told = false;
      } else fail(error);
      return;
    }
    if (text !== known) {
      // Also if it cannot be used: that is told once, not every two seconds.
      known = text;
      told = false;
      try {
        options.changed(text);
        usable = true;
      } catch (error) {
        usable = false;
        fail(error);
      }
    } else if (usable) told = false;
  };
  const check = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };
  const timer = setInterval(() => void check(), everyMs);
  timer.unref();
  return { check, close: () => clearInterval(timer) };
}

/** Bounded, and only of regular files: /dev/zero never ends, and a pipe without a writer would never answer. */
async function readBounded(file: string, maxBytes: number): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if (stat.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
