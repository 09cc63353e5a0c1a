import { createSimulator } from '../../simulator/index.ts';
import { ALL_NODES } from './all-nodes.ts';
import { type FakeNode, FakeRed, type FakeRedOptions } from './fake-red.ts';

export const TOKEN = 'planted-5f2c9e71d04b4a6c8f1e3a7b9d20c4e6';
export const WORKSPACE = '70001';

export type Simulator = Awaited<ReturnType<typeof createSimulator>>;

let stages = 0;

/** Retries in milliseconds and no spacing of calls: what is tested is what happens, not how slowly. */
export const quickly = {
  retry: { baseMs: 2, capMs: 20, minimumMs: 2 },
  callsPerSecond: 100_000,
  settleMs: 150,
  drainMs: 500,
  lingerMs: 0,
  quietMs: 20,
};

/** A Node-RED with the pack loaded and its default connection to a simulator. */
export function redOn(
  simulator: { url: string },
  options: FakeRedOptions & { token?: string; pace?: object } = {},
): FakeRed {
  stages += 1;
  const id = `seqera-stage-${stages}`;
  const red = new FakeRed({
    ...options,
    settings: {
      seqeraClient: options.pace ?? quickly,
      seqera: {
        defaultId: id,
        connections: {
          [id]: {
            name: 'default',
            baseUrl: simulator.url,
            workspaceId: WORKSPACE,
            token: () => options.token ?? TOKEN,
          },
        },
      },
      ...options.settings,
    },
  });
  return red.load(...Object.values(ALL_NODES));
}

/** A simulator without the Platform's rate limit. */
export const platform = (options: Parameters<typeof createSimulator>[0] = {}): Promise<Simulator> =>
  createSimulator({ token: TOKEN, rateLimit: false, ...options });

export const launches = (simulator: Simulator) =>
  simulator.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/workflow/launch'));

export function launchRequest(simulator: Simulator, index = 0): Record<string, unknown> {
  const body = launches(simulator)[index]?.body as { launch?: Record<string, unknown> } | undefined;
  if (!body?.launch) throw new Error(`the simulator saw ${launches(simulator).length} launches`);
  return body.launch;
}

/** Gives a node a message and waits for its end: the error that it ended with, or nothing. */
export async function ended(red: FakeRed, node: FakeNode, msg: Record<string, unknown> = {}) {
  const before = node.done.length;
  node.receive(msg);
  await red.until(() => node.done.length > before);
  return node.done.at(-1)?.error;
}
