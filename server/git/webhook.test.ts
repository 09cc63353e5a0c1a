import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GIT_WEBHOOK_PATH, gitWebhook } from './webhook.ts';

const secret = 'sixteen-characters-at-least';
let triggered = 0;
const app = express().use(gitWebhook({ secret, trigger: () => void triggered++, logger: pino({ enabled: false }) }));
const server = createServer(app);
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${GIT_WEBHOOK_PATH}`;
});
afterAll(() => void server.close());

const body = '{"ref":"refs/heads/main"}';
const hmac = createHmac('sha256', secret).update(body).digest('hex');
const call = async (headers: Record<string, string>, text = body): Promise<number> =>
  (await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: text }))
    .status;

it.each([
  ['GitHub', { 'X-Hub-Signature-256': `sha256=${hmac}` }],
  ['Bitbucket', { 'X-Hub-Signature': `sha256=${hmac}` }],
  ['Gitea', { 'X-Gitea-Signature': hmac }],
  ['GitLab', { 'X-Gitlab-Token': secret }],
])('is triggered by %s', async (_host, headers) => {
  const before = triggered;
  expect(await call(headers)).toBe(202);
  expect(triggered).toBe(before + 1);
});

it.each([
  ['no signature', {}, body],
  ['a signature of something else', { 'X-Hub-Signature-256': `sha256=${hmac}` }, `${body} `],
  ['a wrong signature', { 'X-Hub-Signature-256': `sha256=${hmac.replace(/^./, 'x')}` }, body],
  [
    'the algorithm of old',
    { 'X-Hub-Signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}` },
    body,
  ],
  ['a wrong token', { 'X-Gitlab-Token': 'guess' }, body],
  ['a wrong signature and the right token', { 'X-Hub-Signature-256': 'sha256=', 'X-Gitlab-Token': 'guess' }, body],
])('is refused with %s', async (_what, headers, text) => {
  const before = triggered;
  expect(await call(headers as Record<string, string>, text)).toBe(401);
  expect(triggered).toBe(before);
});

it('is refused when it is too long, and when it comes too often', async () => {
  expect(await call({}, 'x'.repeat(1_100_000))).toBe(413);
  const answers = new Set<number>();
  for (let n = 0; n < 31; n++) answers.add(await call({}));
  expect(answers).toEqual(new Set([401, 429]));
  expect((await fetch(url)).status).toBe(404);
});
