import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Appliance } from './appliance.ts';
import type { Collector } from './collector.ts';
import { errors, type FlowNode, node, report, tab, wire } from './flows.ts';
import { connectionTo, post, type Simulator } from './platform.ts';

/** Lets the program die at a named point, the nth time that it passes it. */
export const dyingAt = (point: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'die-at.ts')).href}`,
  TEST_DIE_AT: point,
});

/**
 * `POST /api/launch {index}` launches and follows a run and answers once it is launched. A caller that got no answer
 * asks again: the key keeps that to one run, and what was launched before is not followed twice.
 */
export function launchAndFollow(collector: Collector): FlowNode[] {
  const input = node('http in', { url: '/launch', method: 'post' });
  const shape = node('function', {
    func: "msg.index = msg.payload.index; msg.key = 'index-' + msg.index; return msg;",
  });
  const launch = node('seqera-workflow-launch', {
    seqera: '',
    launchpadName: 'hello',
    idempotencyKey: 'key',
    idempotencyKeyType: 'msg',
  });
  const fork = node('function', {
    func: 'return [msg.reused ? null : msg, msg.res ? { ...msg, payload: {} } : null];',
    outputs: 2,
  });
  const answer = node('http response', { statusCode: '200' });
  const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 1, pollUnits: 'seconds' });
  const success = report(collector.url, '/success', ['index', 'workflowId', 'redelivered']);
  wire(input, [shape]);
  wire(shape, [launch]);
  wire(launch, [fork]);
  wire(fork, [monitor], [answer]);
  wire(monitor, [], [success[0] as FlowNode], []);
  return tab([input, shape, launch, fork, answer, monitor, ...success, ...errors(collector.url)]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The program in one folder and on one port over any number of deaths. */
export class Mortal {
  readonly folder: string;
  readonly url: string;
  readonly #env: Record<string, string>;
  readonly #flows: Record<string, unknown>;
  current: Appliance | undefined;

  private constructor(folder: string, port: number, env: Record<string, string>, flows: Record<string, unknown>) {
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.#env = { ...env, PORT: String(port) };
    this.#flows = flows;
  }

  static async create(
    simulator: Simulator,
    folder: string,
    flows: Record<string, unknown>,
    env: Record<string, string> = {},
  ): Promise<Mortal> {
    return new Mortal(folder, await freePort(), { ...connectionTo(simulator, folder), ...env }, flows);
  }

  /** Starts it without waiting. The flow files are written by the first start only. */
  start(env: Record<string, string> = {}): Appliance {
    const flows = this.current ? {} : this.#flows;
    this.current = Appliance.launch({ folder: this.folder, flows, env: { ...this.#env, ...env } });
    return this.current;
  }

  /** Asks until it is answered, over any number of deaths. */
  async ask(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      const answer = await fetch(`${this.url}${path}`, post(body)).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.current?.kill();
  }
}

/** What is wrong with what came of `count` messages: nothing may be missing, doubled without a mark, or launched twice. */
export function lossesOf(simulator: Simulator, collector: Collector, count: number): string[] {
  const wrong: string[] = [];
  if (simulator.runs.length !== count) wrong.push(`${simulator.runs.length} runs, not ${count}`);
  const runOf = new Map<number, unknown>();
  const unmarked = new Map<number, number>();
  for (const { index, workflowId, redelivered } of collector.on('/success')) {
    const at = Number(index);
    if (runOf.has(at) && runOf.get(at) !== workflowId) wrong.push(`${at} has two runs`);
    runOf.set(at, workflowId);
    if (redelivered !== true) unmarked.set(at, (unmarked.get(at) ?? 0) + 1);
  }
  for (let index = 0; index < count; index += 1) if (!runOf.has(index)) wrong.push(`${index} has no end`);
  for (const [index, times] of unmarked) if (times > 1) wrong.push(`${index} ended ${times} times without a mark`);
  for (const { message } of collector
    .on('/errors')
    .map(({ payload, ...rest }) => ({ payload, ...rest }) as { message?: unknown }))
    wrong.push(`an error: ${String(message)}`);
  return wrong;
}
