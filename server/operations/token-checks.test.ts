import { expect, it } from 'vitest';
import { TokenChecks, UNKNOWN } from './token-checks.ts';

const USER = { user: { id: 7, userName: 'ada' } };
const SPACES = { orgsAndWorkspaces: [{ workspaceId: 70001, roles: ['maintain'] }, { workspaceId: null }] };

function checks(answer: (path: string) => Response | Error) {
  const asked: string[] = [];
  const time = { now: Date.UTC(2026, 0, 15) };
  const fetch = (async (url: string, init: RequestInit) => {
    asked.push(`${new URL(url).pathname} ${new Headers(init.headers).get('authorization')}`);
    const result = answer(new URL(url).pathname);
    if (result instanceof Error) throw result;
    return result;
  }) as typeof globalThis.fetch;
  const all = new TokenChecks({ now: () => time.now, changed() {}, fetch });
  const connection = {
    baseUrl: 'https://api.example.org',
    workspaceId: '70001' as string | null,
    token: () => 'secret-1',
  };
  const state = async () => {
    all.of('c', connection);
    await all.settled();
    return all.of('c', connection);
  };
  return { all, asked, time, connection, state };
}

const good = (path: string): Response => Response.json(path === '/user-info' ? USER : SPACES);

it('says whose token it is and what it may do, asking once a minute and only while somebody looks', async () => {
  const { all, asked, time, connection, state } = checks(good);
  expect(all.of('c', connection)).toEqual(UNKNOWN);
  await all.settled();
  expect(await state()).toMatchObject({ state: 'good', user: 'ada', role: 'maintain', reason: null });
  expect(asked).toEqual(['/user-info Bearer secret-1', '/user/7/workspaces Bearer secret-1']);
  time.now += 61_000;
  await state();
  expect(asked).toHaveLength(4);
  // A new token is asked about at once.
  connection.token = () => 'secret-2';
  await state();
  expect(asked.at(-1)).toContain('secret-2');
  expect(await checks(good).state()).toMatchObject({ role: 'maintain' });
});

it('tells a refused token, a Platform that is away, and no role apart', async () => {
  expect(await checks(() => new Response('', { status: 401 })).state()).toMatchObject({ state: 'refused' });
  expect(await checks(() => new Response('', { status: 502 })).state()).toMatchObject({ state: 'unreachable' });
  expect(await checks(() => new TypeError('connect ECONNREFUSED')).state()).toMatchObject({
    state: 'unreachable',
    reason: 'connect ECONNREFUSED',
  });
  expect(await checks(() => new Response('<html>')).state()).toMatchObject({ state: 'unreachable' });
  const other = checks((path) => Response.json(path === '/user-info' ? USER : { orgsAndWorkspaces: [] }));
  expect(await other.state()).toMatchObject({ state: 'good', role: null, reason: 'no role in workspace 70001' });
  const personal = checks(good);
  personal.connection.workspaceId = null;
  expect(await personal.state()).toMatchObject({ state: 'good', role: 'owner' });
});
