import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSimulator } from '../../simulator/index.ts';

export const TOKEN = 'planted-5f2c9e71d04b4a6c8f1e3a7b9d20c4e6';
export const WORKSPACE = '70001';
const USER = 'caller';
const PASSWORD = 'a long test password';

export type Simulator = Awaited<ReturnType<typeof createSimulator>>;

/** A simulator of the Platform in the test's own process: the test sees what was called and decides what happens. */
export const platform = (options: Parameters<typeof createSimulator>[0] = {}): Promise<Simulator> =>
  createSimulator({ token: TOKEN, ...options });

/** The environment of an appliance whose default connection is that simulator, with its token in a file. */
export function connectionTo(simulator: Simulator, folder: string): Record<string, string> {
  const file = join(folder, 'token');
  writeFileSync(file, `${TOKEN}\n`);
  return {
    TOWER_ACCESS_TOKEN_FILE: file,
    TOWER_API_ENDPOINT: simulator.url,
    TOWER_WORKSPACE_ID: WORKSPACE,
    REDSTART_HTTP_USER: USER,
    REDSTART_HTTP_PASSWORD: PASSWORD,
  };
}

export const asCaller = { authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}` };

export const post = (body: unknown = {}): RequestInit => ({
  method: 'POST',
  headers: { ...asCaller, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const launches = (simulator: Simulator) =>
  simulator.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/workflow/launch'));

/** The `launch` object of the nth launch request. */
export function launchRequest(simulator: Simulator, index = 0): Record<string, unknown> {
  const body = launches(simulator)[index]?.body as { launch?: Record<string, unknown> } | undefined;
  if (!body?.launch) throw new Error(`the simulator saw ${launches(simulator).length} launches`);
  return body.launch;
}
