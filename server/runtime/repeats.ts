import { redact } from '../config/redact.ts';

/** A line that is counted and not written again. */
export interface RepeatedLine {
  /** Fields of the line that are short and say what it is about. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly msg: string;
}

export interface RepeatCount {
  /** How often it was not written since the line before. */
  count: number;
  first: string;
  last: string;
}

export interface RepeatsOptions {
  /** Writes the line that tells the count. */
  summary(key: string, line: RepeatedLine, repeated: RepeatCount): void;
  now?(): number;
}

interface Entry {
  line: RepeatedLine;
  /** Not written since the last line. */
  count: number;
  first: number;
  last: number;
  /** Which of the waits is under way, and when it ends. */
  step: number;
  due: number;
}

/** From one line to the next of the same error. One that did not come back within a wait is new when it does. */
const WAITS_MS = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000] as const;
const MOST = 500;
const LONGEST_TEXT = 500;
const LONGEST_MESSAGE = 2000;

/**
 * Writes an error once, and then how often it came, at growing intervals. What is known of an error is bounded, and so is
 * how many are known: the one that came longest ago makes room, and its count is told then.
 */
export class Repeats {
  readonly #summary: RepeatsOptions['summary'];
  readonly #now: () => number;
  /** The one that came longest ago is first. */
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | null = null;
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor({ summary, now = Date.now }: RepeatsOptions) {
    this.#summary = summary;
    this.#now = now;
  }

  /** True: the line is to be written. */
  take(key: string, line: () => RepeatedLine): boolean {
    const now = this.#now();
    const known = this.#entries.get(key);
    if (known && known.due > now) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      if (known.count === 0) known.first = now;
      known.count += 1;
      known.last = now;
      return false;
    }
    // A timer can be late, as after a pause of the machine: nothing that was counted is lost.
    if (known) this.#end(key, known);
    if (this.#entries.size >= MOST) {
      const [oldest] = this.#entries;
      if (oldest) this.#end(...oldest);
    }
    this.#entries.set(key, { line: line(), count: 0, first: now, last: now, step: 0, due: now + WAITS_MS[0] });
    this.#wakeAt(now + WAITS_MS[0]);
    return true;
  }

  /** Tells all that was counted; what comes after it is written. */
  flush(): void {
    for (const [key, entry] of [...this.#entries]) this.#end(key, entry);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakesAt = Number.POSITIVE_INFINITY;
  }

  /** Looks for what is due. Called by the timer; by tests with their own clock. */
  tick(): void {
    const now = this.#now();
    this.#timer = null;
    this.#wakesAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const [key, entry] of [...this.#entries]) {
      if (entry.due > now) next = Math.min(next, entry.due);
      else if (entry.count === 0) this.#entries.delete(key);
      else {
        this.#tell(key, entry);
        entry.step = Math.min(entry.step + 1, WAITS_MS.length - 1);
        entry.due = now + (WAITS_MS[entry.step] ?? WAITS_MS[0]);
        next = Math.min(next, entry.due);
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }

  #end(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (entry.count > 0) this.#tell(key, entry);
  }

  #tell(key: string, entry: Entry): void {
    const { line, count, first, last } = entry;
    entry.count = 0;
    this.#summary(key, line, { count, first: new Date(first).toISOString(), last: new Date(last).toISOString() });
  }

  #wakeAt(time: number): void {
    if (time >= this.#wakesAt) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#wakesAt = time;
    this.#timer = setTimeout(() => this.tick(), Math.max(0, time - this.#now()));
    this.#timer.unref();
  }
}

/** Ids of runs are in the line and not in what makes two lines the same. */
const PASSING = new Set(['runId']);

/**
 * What an error is, whichever run or file number it is about: two lines with the same key are the same error. Fields are part
 * of it, so that the same words about another connection, file or path are another error.
 */
export function repeatKey(component: string, fields: Readonly<Record<string, unknown>>, msg: string): string {
  const parts = [component];
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || PASSING.has(name)) continue;
    parts.push(`${name}=${withoutIds(value.slice(0, LONGEST_TEXT))}`);
  }
  const { err } = fields;
  if (typeof err === 'object' && err !== null && 'code' in err) parts.push(String(err.code));
  parts.push(withoutIds(msg.slice(0, LONGEST_MESSAGE)));
  return parts.join('\n');
}

/**
 * What is kept of a line for the one with its count: not the stack, which the first line has. Secrets go before anything is
 * cut: half a secret is no longer known as one.
 */
export function keptOf(fields: Readonly<Record<string, unknown>>, msg: string): RepeatedLine {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    if (typeof value === 'string' && !PASSING.has(name)) kept[name] = redact(value).slice(0, LONGEST_TEXT);
  return { fields: kept, msg: redact(msg).slice(0, LONGEST_MESSAGE) };
}

/**
 * Numbers and ids as `#`. Not what tells one error from another: HTTP statuses (three digits) and addresses (`10.0.0.7`);
 * a word with a digit in it is an id from eight letters on, and before that a name such as `S3`.
 */
function withoutIds(text: string): string {
  return text.replace(/[\w-]*\d[\w-]*(?:\.[\w-]+)*/g, (word) => {
    if (/^[1-5]\d\d$/.test(word) || /^\d+(?:\.\d+){3}$/.test(word)) return word;
    return word.length >= 8 || /^\d+(?:\.\d+)?(?:ms|s|m|h|MB|kB)?$/.test(word) ? '#' : word;
  });
}
