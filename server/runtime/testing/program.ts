import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'main.ts');

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface ProgramOptions {
  /** File name → content (text, or what is written as JSON). Null: no flows folder. */
  flows?: Record<string, unknown> | null;
  env?: Record<string, string>;
  args?: string[];
  /** Runs as this user; only root can ask for another. */
  uid?: number;
}

/** The real program in a folder of its own: Node-RED takes one process each. */
export class Program {
  readonly dir: string;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  stdout = '';
  stderr = '';

  private constructor(dir: string, child: ChildProcess) {
    this.dir = dir;
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const wake of this.#waiting) wake();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = once(child, 'close').then(([code]) => code as number | null);
    this.exited.then(() => {
      for (const wake of this.#waiting) wake();
    });
  }

  static async start({ flows = {}, env = {}, args = ['serve'], uid }: ProgramOptions, dir?: string): Promise<Program> {
    const folder = dir ?? (await mkdtemp(join(tmpdir(), 'redstart-run-')));
    if (flows) {
      await mkdir(join(folder, 'flows'), { recursive: true });
      for (const [name, content] of Object.entries(flows)) {
        await writeFile(join(folder, 'flows', name), typeof content === 'string' ? content : JSON.stringify(content));
      }
    }
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { HOME: folder, PORT: '0', REDSTART_HTTP_AUTH: 'none', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid !== undefined && { uid, gid: uid }),
    });
    return new Program(folder, child);
  }

  get lines(): LogLine[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line that `wanted` takes; fails when the program ends before. */
  async line(wanted: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(wanted);
      if (found) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`it ended: ${this.stdout}\n${this.stderr}`);
      let wake: () => void = () => {};
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#waiting.add(wake);
      });
      this.#waiting.delete(wake);
    }
  }

  /** Base URL, once it says that it is up, ready or not. */
  async url(): Promise<string> {
    const { url } = await this.line(({ msg }) => msg === 'ready' || msg === 'started, but not ready');
    return String(url);
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const code = await this.exited;
    // Only then it matters what it said; a bare "expected 1 to be 0" does not tell.
    if (code !== 0) console.error(`it ended with ${code}: ${this.stdout.slice(-4000)}\n${this.stderr.slice(-4000)}`);
    return code;
  }

  async remove(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.exited;
    await rm(this.dir, { recursive: true, force: true });
    // Of every start of every test: who reads a log goes by it.
    const bare = this.lines.filter(({ component }) => component === undefined);
    if (bare.length > 0) throw new Error(`log lines without a component: ${JSON.stringify(bare.slice(0, 3))}`);
  }
}
