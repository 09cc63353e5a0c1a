import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** An object of a repository. */
export interface GitObject {
  id: string;
  /** blob, tree, commit or tag */
  type: string;
  bytes: number;
  /** Null when it is larger than the limit. */
  content: Buffer | null;
}

export interface ObjectReader {
  /** By id, or by any name that git has for it; null when there is none. */
  read(name: string): Promise<GitObject | null>;
  close(): void;
}

export interface ObjectReaderOptions {
  /** The repository. */
  dir: string;
  env: Record<string, string>;
  /** Bytes of a content that are kept in memory at most. */
  limit: number;
  /** How long git may say nothing while it is asked. */
  silentMs: number;
  signal: AbortSignal;
}

interface Question {
  name: string;
  resolve(object: GitObject | null): void;
  reject(error: Error): void;
}

/**
 * Reads objects through one `git cat-file --batch` that stays: starting a program takes a process of several hundred MB
 * 10 ms each time, in which nothing else runs. It is started when first asked, and anew when it has ended.
 */
export function createObjectReader(options: ObjectReaderOptions): ObjectReader {
  let current: Batch | null = null;
  let closed = options.signal.aborted;
  const close = (): void => {
    closed = true;
    current?.end(new Error('the program is stopping'));
  };
  options.signal.addEventListener('abort', close, { once: true });
  return {
    read(name) {
      return new Promise((resolve, reject) => {
        if (closed) throw new Error('the program is stopping');
        if (/[\n\0]/.test(name)) throw new Error(`not the name of an object: ${name}`);
        if (current === null || current.ended) current = new Batch(options);
        current.ask({ name, resolve, reject });
      });
    },
    close,
  };
}

/** One such process, with the questions that it has yet to answer, in their order. */
class Batch {
  ended = false;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: ObjectReaderOptions;
  readonly #questions: Question[] = [];
  #chunks: Buffer[] = [];
  /** In `#chunks`. */
  #length = 0;
  /** What is being read; null: its first line is. */
  #object: GitObject | null = null;
  #silence: NodeJS.Timeout | null = null;
  #errors = '';

  constructor(options: ObjectReaderOptions) {
    this.#options = options;
    const { dir, env } = options;
    const child = spawn('git', ['cat-file', '--batch'], { cwd: dir, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.on('error', (error) => this.end(error));
    child.on('close', (code) => this.end(new Error(this.#errors.trim() || `git cat-file ended with ${code}`)));
    // Told by `close`.
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-1000);
    });
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    // It waits for questions, and keeps no program from ending that has none.
    child.unref();
    for (const stream of [child.stdin, child.stderr]) (stream as unknown as Socket).unref();
    this.#wait();
  }

  ask(question: Question): void {
    this.#questions.push(question);
    this.#child.stdin.write(`${question.name}\n`);
    if (this.#questions.length === 1) this.#wait();
  }

  end(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#silence) clearTimeout(this.#silence);
    this.#child.kill('SIGKILL');
    for (const { reject } of this.#questions.splice(0)) reject(error);
  }

  /** From now on git has its time for the next word; nothing is waited for when nothing is asked. */
  #wait(): void {
    const out = this.#child.stdout as unknown as Socket;
    if (this.#silence) clearTimeout(this.#silence);
    this.#silence = null;
    if (this.#questions.length === 0) {
      out.unref();
      return;
    }
    out.ref();
    const { silentMs } = this.#options;
    this.#silence = setTimeout(() => this.end(new Error(`git said nothing for ${silentMs / 1000} s`)), silentMs);
  }

  #take(chunk: Buffer): void {
    if (this.ended) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const open = this.#questions.length;
    try {
      while (this.#step());
    } catch (error) {
      this.end(error as Error);
      return;
    }
    if (open !== this.#questions.length || open > 0) this.#wait();
  }

  /** True when there may be more. */
  #step(): boolean {
    if (this.#object === null) {
      const line = this.#line();
      if (line === null) return false;
      const [question] = this.#questions;
      if (!question) throw new Error(`git answers what it was not asked: ${line}`);
      const [id = '', type = '', size = ''] = line.split(' ');
      if (!/^[0-9a-f]{40} (?:blob|tree|commit|tag) \d+$/.test(line)) {
        // `<name> missing`, where the name may have spaces.
        if (!line.startsWith(question.name)) throw new Error(`git cat-file says: ${line}`);
        this.#questions.shift();
        question.resolve(null);
        return true;
      }
      this.#object = { id, type, bytes: Number(size), content: null };
    }
    const { bytes } = this.#object;
    if (bytes > this.#options.limit) return this.#skip(this.#object);
    // A line break follows.
    if (this.#length < bytes + 1) return false;
    const content = this.#bytes(bytes + 1).subarray(0, bytes);
    this.#answer({ ...this.#object, content });
    return true;
  }

  #skipped = 0;
  #skip(object: GitObject): boolean {
    const rest = object.bytes + 1 - this.#skipped;
    const here = Math.min(rest, this.#length);
    this.#bytes(here);
    this.#skipped += here;
    if (here < rest) return false;
    this.#skipped = 0;
    this.#answer(object);
    return true;
  }

  #answer(object: GitObject): void {
    this.#object = null;
    this.#questions.shift()?.resolve(object);
  }

  #line(): string | null {
    const end = this.#all().indexOf(0x0a);
    if (end === -1) return null;
    return this.#bytes(end + 1).toString('utf8', 0, end);
  }

  #all(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#length)];
    return this.#chunks[0] as Buffer;
  }

  #bytes(count: number): Buffer {
    const all = this.#all();
    this.#chunks = [all.subarray(count)];
    this.#length -= count;
    return all.subarray(0, count);
  }
}
