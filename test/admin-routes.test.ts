import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Live {
  url: string;
  routes: string[];
  /** Middleware and apps beside the routes. */
  mounted: number;
}

/** A stock Node-RED's live admin router: its address, and every route in it. */
async function nodeRed(withPack: boolean): Promise<Live> {
  const userDir = temporaryFolder();
  const script = join(import.meta.dirname, 'support', 'live-router.ts');
  const child = spawn(process.execPath, [script, userDir, withPack ? 'with' : 'without'], {
    env: { PATH: process.env.PATH, HOME: userDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('{"url"')) return JSON.parse(line) as Live;
  throw new Error('Node-RED did not start');
}

const ask = (url: string, route: string, headers: Record<string, string> = {}) => {
  const [method = '', path = ''] = route.split(' ');
  const filled = path.replace(/:\w+/g, 'x').replace(/\*/g, 'x');
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: '{}' };
  return fetch(url + filled, { method, headers: { 'content-type': 'application/json', ...headers }, ...body });
};

describe('the routes that the pack adds to the admin API', () => {
  it('each need a permission: no session and a session that may only read are turned away', async () => {
    const [bare, packed] = [await nodeRed(false), await nodeRed(true)];
    const added = packed.routes.filter((route) => !bare.routes.includes(route));
    // Guards against a walk that sees nothing.
    expect(added).toContain('POST /seqera/identity');
    expect(packed.mounted).toBe(bare.mounted);
    const answer = await fetch(`${packed.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: 'node-red-editor',
        grant_type: 'password',
        scope: 'read',
        username: 'reader',
        password: 'x',
      }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    expect((await ask(packed.url, 'GET /flows', { authorization: `Bearer ${token}` })).status).toBe(200);
    const open: string[] = [];
    for (const route of added) {
      for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
        const { status } = await ask(packed.url, route, headers);
        if (status !== 401 && status !== 403) open.push(`${route} answers ${status}`);
      }
    }
    expect(open).toEqual([]);
  });
});
