import { afterEach } from 'vitest';
import type { FakeNode, FakeRed } from './fake-red.ts';
import { platform, type Simulator, TOKEN, WORKSPACE } from './stage.ts';

/** Simulators of a test file, closed after each test, and the nodes that run against them. */
export function simulators(): {
  simulate(...options: Parameters<typeof platform>): Promise<Simulator>;
  keep<N extends FakeNode>(node: N): N;
} {
  const open: Simulator[] = [];
  const nodes: FakeNode[] = [];
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close();
    for (const simulator of open.splice(0)) await simulator.close();
  });
  return {
    async simulate(...options) {
      const simulator = await platform(...options);
      open.push(simulator);
      return simulator;
    },
    keep(node) {
      nodes.push(node);
      return node;
    },
  };
}

/** Sends messages and waits until each has ended. */
export async function send(red: FakeRed, node: FakeNode, ...messages: Record<string, unknown>[]): Promise<void> {
  const before = node.done.length;
  const all = messages.length > 0 ? messages : [{}];
  for (const message of all) node.receive(message);
  await red.until(() => node.done.length >= before + all.length);
}

export const errorOf = (node: FakeNode): Error & { code?: string; status?: number } => {
  const error = node.done.at(-1)?.error;
  if (!error) throw new Error('the message ended without an error');
  return error;
};

/** Errors that messages ended with, as text. */
export const errorsOf = (node: FakeNode): string[] => node.done.flatMap(({ error }) => (error ? [error.message] : []));

/** A run that exists, launched as anybody could. */
export async function aRun(simulator: Simulator, runName = 'a-run'): Promise<string> {
  const answer = await fetch(`${simulator.url}/workflow/launch?workspaceId=${WORKSPACE}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ launch: { pipeline: 'https://github.com/nextflow-io/hello', runName } }),
  });
  return ((await answer.json()) as { workflowId: string }).workflowId;
}
