import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Waiting } from './waiting.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = join(root, 'dist', 'server', 'main.js');

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** What a test sets up before it starts the program: folders of its own and the variables of its environment. */
export interface Setup {
  flows?: Record<string, unknown>;
  env?: Record<string, string>;
  args?: string[];
  /** Under Node.js's permission model, with the flags that `redstart permission-flags` gives for this environment. */
  permission?: boolean;
  folder?: string;
  /** The user that runs it; only root can say so. */
  uid?: number;
}

/** As whoever starts it would: `node $(redstart permission-flags) …`. */
function permissionFlags(cwd: string, env: NodeJS.ProcessEnv): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [main, 'permission-flags'], { cwd, env, encoding: 'utf8' });
  if (!stdout.startsWith('--permission')) throw new Error(`no permission flags:\n${stderr}`);
  return stdout.trim().split('\n');
}

/** The real program as a child process, in a folder of its own. */
export class Appliance {
  readonly folder: string;
  readonly lines: LogLine[] = [];
  output = '';
  url = '';
  exitCode: number | null = null;
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Waiting();
  readonly #ownsFolder: boolean;
  readonly #env: Record<string, string | undefined>;

  private constructor(setup: Setup) {
    this.#ownsFolder = setup.folder === undefined;
    this.folder = setup.folder ?? mkdtempSync(join(tmpdir(), 'redstart-test-'));
    mkdirSync(join(this.folder, 'flows'), { recursive: true });
    for (const [name, content] of Object.entries(setup.flows ?? {})) {
      const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
      writeFileSync(join(this.folder, 'flows', name), text);
    }
    const env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      PORT: '0',
      REDSTART_DATA_DIR: join(this.folder, 'data'),
      REDSTART_FLOWS_DIR: join(this.folder, 'flows'),
      ...setup.env,
    };
    this.#env = env;
    const flags = setup.permission ? permissionFlags(this.folder, env) : [];
    this.#child = spawn(process.execPath, [...flags, main, ...(setup.args ?? ['serve'])], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(setup.uid === undefined ? {} : { uid: setup.uid, gid: setup.uid }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
    // 'close' and not 'exit': the last lines of output are read first.
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.exitCode = code;
        this.#wake();
        resolve(code);
      });
    });
  }

  /** Starts it without waiting: for starts that are meant to fail. */
  static launch(setup: Setup): Appliance {
    return new Appliance(setup);
  }

  /** Starts it and waits until it says that it is ready. */
  static async start(setup: Setup): Promise<Appliance> {
    const appliance = new Appliance(setup);
    await appliance.until(() => appliance.url !== '', 'the address in the log');
    await appliance.untilReady();
    return appliance;
  }

  async untilReady(timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'no answer';
    for (;;) {
      if (this.exitCode !== null) throw new Error(`it ended with ${this.exitCode}:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`not ready within ${timeoutMs} ms (${last}):\n${this.output}`);
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
      if (answer?.ok) return;
      last = (await answer?.text().catch(() => undefined)) ?? 'no answer';
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Waits for a condition on what it printed; each new line and the end of the process make it look again. */
  until(condition: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
    return this.#waiting.until(
      () => {
        if (condition()) return true;
        if (this.exitCode !== null) throw new Error(`it ended with ${this.exitCode} before ${what}:\n${this.output}`);
        return false;
      },
      timeoutMs,
      () => `no ${what} within ${timeoutMs} ms:\n${this.output}`,
    );
  }

  /** Another command of the same program, in the same folder with the same environment. */
  async command(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [main, ...args], { cwd: this.folder, env: this.#env });
    const said = { out: '', err: '' };
    child.stdout.on('data', (text) => {
      said.out += String(text);
    });
    child.stderr.on('data', (text) => {
      said.err += String(text);
    });
    return { code: await new Promise((resolve) => child.once('close', resolve)), ...said };
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and its exit code. */
  async stop(): Promise<number | null> {
    if (this.exitCode === null) this.#child.kill('SIGTERM');
    return this.exited;
  }

  async kill(): Promise<void> {
    if (this.exitCode === null) this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Ends it whatever its state, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true });
    // Of every start of every test: who reads a log goes by it.
    const bare = this.lines.filter(({ component }) => component === undefined);
    if (bare.length > 0) throw new Error(`log lines without a component: ${JSON.stringify(bare.slice(0, 3))}`);
  }

  #read(line: string): void {
    this.output += `${line}\n`;
    if (line.startsWith('{')) {
      try {
        const parsed = JSON.parse(line) as LogLine;
        this.lines.push(parsed);
        if (typeof parsed.url === 'string' && this.url === '') this.url = parsed.url;
      } catch {
        // Not a log line: a banner may start with a brace.
      }
    }
    this.#wake();
  }

  #wake(): void {
    this.#waiting.wake();
  }
}
