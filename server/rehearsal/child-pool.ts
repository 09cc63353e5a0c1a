import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rehearsalEnvironment } from '../config/rehearsal-environment.ts';
import { RedstartError } from '../errors.ts';
import { type FromChild, LAST_NODE_FILE, type ToChild } from './child-protocol.ts';
import type { Rehearsal, RehearsalResult } from './rehearsal.ts';

export interface PoolOptions {
  children: number;
  /** REDSTART_NODES_ALLOW. */
  nodesAllow: string;
  /** Real time that a child has beyond a rehearsal's own limit, before it counts as blocked. */
  graceMs?: number;
  /** Told in the order in which they end. Answering false stops the rest. */
  onResult(index: number, result: RehearsalResult): boolean;
}

/** A child that does not answer by then is blocked: it watches its own time as long as it can. */
const GRACE_MS = 3000;
const START_MS = 60_000;

/** Runs rehearsals in child processes, each with a Node-RED of its own. One that blocks is ended and replaced. */
export async function runInChildren(rehearsals: readonly Rehearsal[], options: PoolOptions): Promise<void> {
  let next = 0;
  let stopped = false;
  const worker = async (): Promise<void> => {
    let child: Child | null = null;
    try {
      while (!stopped && next < rehearsals.length) {
        const index = next++;
        const rehearsal = rehearsals[index];
        if (!rehearsal) break;
        child ??= await Child.start(options.nodesAllow, options.graceMs ?? GRACE_MS);
        const result = await child.run(rehearsal);
        if (child.ended) child = null;
        if (!options.onResult(index, result)) stopped = true;
      }
    } finally {
      child?.end();
    }
  };
  const workers = Array.from({ length: Math.max(1, Math.min(options.children, rehearsals.length)) }, worker);
  try {
    await Promise.all(workers);
  } finally {
    // One that could not start its process must not leave the others running on their own.
    stopped = true;
    await Promise.allSettled(workers);
  }
}

const running = new Set<Child>();

/** A child whose code loops hears of no end: it has to be killed, or it would run for ever. */
function endAll(): void {
  for (const child of running) child.end();
}
process.once('exit', endAll);

class Child {
  readonly #process: ChildProcess;
  readonly #dir: string;
  readonly #graceMs: number;
  #hear: (message: FromChild | null) => void = () => undefined;
  #output = '';
  ended = false;

  private constructor(nodesAllow: string, graceMs: number) {
    this.#graceMs = graceMs;
    this.#dir = mkdtempSync(join(tmpdir(), 'redstart-rehearsal-'));
    // Compiled it is child.js; from the sources, as tests run it, child.ts.
    const path = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));
    this.#process = fork(path, [this.#dir, nodesAllow], {
      serialization: 'advanced',
      env: rehearsalEnvironment(this.#dir),
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text: Buffer) => {
        this.#output = (this.#output + text.toString('utf8')).slice(-4000);
      });
    this.#process.on('message', (message: FromChild) => this.#hear(message));
    running.add(this);
    this.#process.on('exit', () => {
      this.ended = true;
      running.delete(this);
      rmSync(this.#dir, { recursive: true, force: true });
      this.#hear(null);
    });
  }

  static async start(nodesAllow: string, graceMs: number): Promise<Child> {
    const child = new Child(nodesAllow, graceMs);
    const answer = await child.#answer(START_MS);
    if (answer !== 'late' && answer?.what === 'ready') return child;
    child.end();
    const why = answer !== 'late' && answer?.what === 'failed' ? answer.message : child.#output.trim();
    throw new RedstartError({
      code: 'REHEARSAL_START_FAILED',
      message: `the process for rehearsals does not start: ${why || 'it says nothing'}`,
      mend: 'Mend what it says. A container that forbids child processes has to allow them for redstart test.',
    });
  }

  async run(rehearsal: Rehearsal): Promise<RehearsalResult> {
    this.#send({ what: 'run', rehearsal });
    const limitMs = rehearsal.timeoutMs + this.#graceMs;
    const answer = await this.#answer(limitMs);
    if (answer !== 'late' && answer?.what === 'done') return answer.result;
    const lastNode = this.#lastNode();
    this.end();
    const message =
      answer === 'late'
        ? `it was cut after ${limitMs} ms of real time: code of a node does not come back`
        : 'the process ended in the middle of it';
    const details = [
      ...(lastNode ? [`the last message was given to "${lastNode}"`] : []),
      ...(answer === 'late' ? ['look there for a loop without an end'] : this.#output.trim().split('\n').slice(-5)),
    ];
    return {
      failures: [{ place: rehearsal.place, message, details }],
      ms: limitMs,
      virtualMs: 0,
      covered: { nodes: [], wires: [] },
    };
  }

  end(): void {
    this.ended = true;
    this.#process.kill('SIGKILL');
    running.delete(this);
    // On the way out nobody waits for it to be gone.
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message);
  }

  #answer(withinMs: number): Promise<FromChild | 'late' | null> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null) return resolve(null);
      const timer = setTimeout(() => resolve('late'), withinMs);
      this.#hear = (message) => {
        clearTimeout(timer);
        resolve(message);
      };
    });
  }

  #lastNode(): string {
    try {
      return readFileSync(join(this.#dir, LAST_NODE_FILE), 'utf8').trim();
    } catch {
      return '';
    }
  }
}
