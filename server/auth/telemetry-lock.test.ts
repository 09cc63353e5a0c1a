import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { telemetryLock } from './telemetry-lock.ts';

async function send(path: string, body: string): Promise<{ status: number; seen: unknown }> {
  const app = express();
  app.use(telemetryLock, express.json(), (req, res) => void res.json(req.body));
  app.use(((_error, _req, res, _next) => void res.status(400).json(null)) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return { status: answer.status, seen: await answer.json() };
}

it('takes the choice on telemetry out of the preferences, and nothing else out of anything', async () => {
  const body = JSON.stringify({ editor: { view: { a: 1 } }, telemetryEnabled: true });
  expect((await send('/settings/user', body)).seen).toEqual({ editor: { view: { a: 1 } } });
  expect((await send('/Settings/User/', body)).seen).toEqual({ editor: { view: { a: 1 } } });
  expect((await send('/flows', body)).seen).toEqual(JSON.parse(body));
});

it('leaves a body that is no object, or not JSON, to whom it concerns', async () => {
  expect(await send('/settings/user', '[]')).toEqual({ status: 200, seen: [] });
  expect((await send('/settings/user', '{')).status).toBe(400);
});
