import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import { afterEach, expect, it } from 'vitest';
import type { Bearers } from '../auth/identities.ts';
import { refuse } from '../auth/refusal.ts';
import { MOST_PER_SESSION, type Source } from './live.ts';
import { PAGE_POLICY } from './page-files.ts';
import { type StatusRoutes, statusRoutes } from './routes.ts';
import { sampleReport, sampleRun } from './testing/sample-report.ts';

let server: Server | null = null;
let routes: StatusRoutes | null = null;
afterEach(() => {
  routes?.stop();
  server?.closeAllConnections();
  server?.close();
});

async function serve() {
  const report = sampleReport(3);
  const source = {
    revision: 0,
    report: () => report,
    sections: () => {
      const { runs: _, ...sections } = report;
      return sections;
    },
    changedSince: () => [sampleRun(1, { status: 'running' })],
    keys: () => report.runs.map(({ key }) => key),
    detail: (key: string) =>
      key === report.runs[0]?.key ? { run: report.runs[0], events: [], calls: [], path: [] } : null,
  } satisfies Source & { detail(key: string): unknown };
  const ends = new Map<string, Set<() => void>>();
  const bearers: Bearers = {
    find: (token) =>
      token === 'good' || token === 'rs_program'
        ? { user: token, role: 'viewer', by: token === 'good' ? 'password' : 'token' }
        : null,
    watch(token, ended) {
      ends.set(token, (ends.get(token) ?? new Set()).add(ended));
      return () => ends.get(token)?.delete(ended);
    },
  };
  const used: string[] = [];
  routes = statusRoutes({
    operations: source,
    bearers,
    editorPath: '/editor',
    tokenUsed: ({ user }) => used.push(user),
  });
  const handle = routes.handle;
  server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const refusal = handle(req as Request, res, req.url?.split('?')[0] ?? '');
    if (refusal) refuse(req, res, refusal);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, token: string | null = 'good', init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  const end = (token: string) => {
    for (const ended of [...(ends.get(token) ?? [])]) ended();
  };
  return { get, report, source, used, end, ends };
}

/** The next event of a stream. */
async function* events(answer: Response): AsyncGenerator<{ name: string; data: Record<string, unknown> }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let at = text.indexOf('\n\n'); at !== -1; at = text.indexOf('\n\n')) {
      const [, name = '', data = '{}'] = /^event: (\w+)\ndata: (.*)$/s.exec(text.slice(0, at)) ?? [];
      text = text.slice(at + 2);
      if (name) yield { name, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
}

it('gives the page to everybody and what it shows to who is signed in', async () => {
  const { get, used } = await serve();
  const page = await get('/status', null);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toBe(PAGE_POLICY);
  expect(PAGE_POLICY).not.toContain('unsafe');
  const html = await page.text();
  // Whatever it refers to is there, and nothing else is.
  const linked = [...html.matchAll(/(?:src|href)="(status\/[^"]+)"/g), ...html.matchAll(/"\.\/(status\/[^"]+)"/g)];
  expect(linked.length).toBeGreaterThan(10);
  for (const [, path] of linked) expect([path, (await get(`/${path}`, null)).status]).toEqual([path, 200]);
  const tag = (await get('/status/main.js', null)).headers.get('etag') ?? '';
  expect(tag).not.toBe('');
  for (const path of ['/status/', '/status/../x', '/status/tsconfig.json', '/status/x.js'])
    expect((await get(path)).status).toBe(404);
  for (const path of ['/status.json', '/status/events', '/status/runs?key=x']) {
    expect((await get(path, null)).status).toBe(401);
    expect((await get(path, 'wrong')).status).toBe(401);
  }
  expect(await (await get('/status.json')).json()).toMatchObject({ following: 3 });
  expect(used).toEqual([]);
  expect((await get('/status.json', 'rs_program')).headers.get('cache-control')).toBe('no-store');
  expect(used).toEqual(['rs_program']);
  expect((await get('/status.json', 'good', { method: 'POST' })).status).toBe(405);
  expect(await (await get('/status/runs?key=run/70001/run0')).json()).toMatchObject({ run: { id: 'run0' } });
  expect((await get('/status/runs?key=nothing')).status).toBe(404);
});

it('sends what changed, the same to all, and nothing when nothing did', async () => {
  const { get, report, source } = await serve();
  const one = events(await get('/status/events'));
  expect((await one.next()).value).toMatchObject({ name: 'report', data: { following: 3 } });
  report.following = 4;
  source.revision = 1;
  report.runs.pop();
  const two = events(await get('/status/events'));
  // The newcomer has all of it, and the other one is brought to the same point.
  expect((await two.next()).value).toMatchObject({ name: 'report', data: { following: 4 } });
  const patch = (await one.next()).value;
  expect(patch).toMatchObject({
    name: 'patch',
    data: { sections: { following: 4 }, changed: [{ id: 'run1' }], gone: ['run/70001/run2'] },
  });
  expect(Object.keys(patch?.data.sections as object).sort()).toEqual(['at', 'following']);
  // Of what ended, the new ones.
  const end = (index: number) => ({
    ...sampleRun(index),
    endedAt: report.at,
    outcome: 'failed' as const,
    reason: null,
  });
  report.ended = [end(1), end(0)];
  expect((await two.next()).value).toMatchObject({ data: { ended: [{ id: 'run1' }, { id: 'run0' }] } });
  report.ended = [end(2), ...report.ended];
  expect((await two.next()).value?.data.ended).toMatchObject([{ id: 'run2' }]);
  report.ended = report.ended.slice(1);
  expect((await two.next()).value).toMatchObject({ data: { sections: { ended: [{}, {}] }, ended: [] } });
  report.following = 5;
  expect((await two.next()).value).toMatchObject({ data: { sections: { following: 5 }, changed: [], gone: [] } });
});

it('ends with the session, and takes so many pages of one', async () => {
  const { get, end, ends } = await serve();
  const open = await Promise.all(Array.from({ length: MOST_PER_SESSION }, () => get('/status/events')));
  expect(open.map(({ status }) => status)).toEqual(Array(MOST_PER_SESSION).fill(200));
  const more = await get('/status/events');
  expect([more.status, more.headers.get('retry-after')]).toEqual([503, '10']);
  const ended = open.map((answer) => answer.text());
  end('good');
  expect((await Promise.all(ended)).every((text) => text.startsWith('event: report'))).toBe(true);
  expect(ends.get('good')?.size).toBe(0);
  expect((await get('/status/events')).status).toBe(200);
});

it('ends all of them at a stop', async () => {
  const { get } = await serve();
  const text = (await get('/status/events')).text();
  routes?.stop();
  expect(await text).toContain('event: report');
  expect((await get('/status/events')).status).toBe(503);
});
