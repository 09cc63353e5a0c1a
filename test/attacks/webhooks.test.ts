import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { attempted, isRefused } from '../support/attempts.ts';
import { type FlowNode, node, tab, wire } from '../support/flows.ts';
import { suiteFolder } from '../support/folder.ts';

// Senders of webhooks who do not have the secret, or who send again what somebody with the secret has sent.
const SECRET = 'what-the-sender-and-we-know';
const OTHER = 'what-another-sender-knows';

const hmac = (text: string, secret = SECRET, algorithm = 'sha256'): Buffer =>
  createHmac(algorithm, secret).update(text).digest();
const now = (): number => Math.floor(Date.now() / 1000);

type Headers = Record<string, string>;
const github = (body: string, secret = SECRET): Headers => ({
  'x-hub-signature-256': `sha256=${hmac(body, secret).toString('hex')}`,
});
const slack = (body: string, at: number | string = now(), secret = SECRET): Headers => ({
  'x-slack-request-timestamp': String(at),
  'x-slack-signature': `v0=${hmac(`v0:${at}:${body}`, secret).toString('hex')}`,
});
const generic = (body: string, at: number | string = now(), secret = SECRET): Headers => ({
  'x-time': String(at),
  'x-signature': hmac(`${at}.${body}`, secret, 'sha512').toString('base64'),
});

describe('webhooks', () => {
  const folder = suiteFolder();
  const answer = node('http response');
  const tell = wire(node('function', { func: 'msg.payload = "taken"; return msg;', outputs: 1 }), [answer]);
  const hook = (path: string, scheme: string, rest: object = {}): FlowNode =>
    wire(node('redstart-webhook-in', { path, scheme, credentials: { secret: 'secret:hook' }, ...rest }), [tell]);
  const setup = {
    folder,
    flows: {
      'hooks.json': tab([
        hook('/github', 'github'),
        hook('/slack', 'slack'),
        hook('/generic', 'generic', {
          header: 'X-Signature',
          algorithm: 'sha512',
          encoding: 'base64',
          timestampHeader: 'X-Time',
          signedText: '{timestamp}.{body}',
          tolerance: 60,
        }),
        hook('/small', 'github', { maxBody: 1, rateLimit: 5 }),
        hook('/short', 'github', { credentials: { secret: 'secret:short' } }),
        hook('/none', 'github', { credentials: {} }),
        tell,
        answer,
      ]),
    },
    env: {
      REDSTART_SIMULATOR: 'true',
      REDSTART_SECRETS_DIR: join(folder, 'secrets'),
      REDSTART_CREDENTIAL_SECRET: 'a long secret for these tests',
    },
  };
  let appliance: Appliance;
  beforeAll(async () => {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'hook'), SECRET);
    writeFileSync(join(folder, 'secrets', 'short'), 'short');
    appliance = await Appliance.start(setup);
  });
  afterAll(() => appliance?.[Symbol.asyncDispose]());

  const send = async (path: string, headers: Headers, body: string, method = 'POST'): Promise<number> => {
    const answered = await appliance.fetch(`/api${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'GET' ? {} : { body }),
    });
    const text = await answered.text();
    // Why, is for the operator: the caller must not learn how near a forgery came.
    if (answered.status === 401) expect(text).toBe('Unauthorized\n');
    return answered.status;
  };

  it('take no forgery', async () => {
    const body = '{"n":1}';
    const good = github(body)['x-hub-signature-256'] ?? '';
    const at = now();
    const forged: [string, string, Headers, string][] = [
      ['no signature', '/github', {}, body],
      ['an empty one', '/github', { 'x-hub-signature-256': '' }, body],
      ['none with its name', '/github', { 'x-hub-signature-256': 'sha256=' }, body],
      ['of another secret', '/github', github(body, OTHER), body],
      ['of an empty secret', '/github', github(body, ''), body],
      ['of the name of the secret', '/github', github(body, 'secret:hook'), body],
      ['of another body', '/github', github('{"n":2}'), body],
      ['of the body with a space', '/github', github(`${body} `), body],
      ['cut off', '/github', { 'x-hub-signature-256': good.slice(0, -2) }, body],
      ['longer', '/github', { 'x-hub-signature-256': `${good}00` }, body],
      ['without its prefix', '/github', { 'x-hub-signature-256': good.slice('sha256='.length) }, body],
      ['with another prefix', '/github', { 'x-hub-signature-256': good.replace('sha256', 'sha1') }, body],
      ['of SHA-1', '/github', { 'x-hub-signature': `sha1=${hmac(body, SECRET, 'sha1').toString('hex')}` }, body],
      ['twice, once right', '/github', { 'x-hub-signature-256': `${good}, sha256=${'0'.repeat(64)}` }, body],
      ['twice, the other way', '/github', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}, ${good}` }, body],
      ['of nothing but zeros', '/github', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, body],
      [
        'a hash without a secret',
        '/github',
        { 'x-hub-signature-256': `sha256=${'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}` },
        '',
      ],
      ['with white space in it', '/github', { 'x-hub-signature-256': good.replace('=', '= ') }, body],
      [
        'by basic credentials',
        '/github',
        { authorization: `Basic ${Buffer.from(`x:${SECRET}`).toString('base64')}` },
        body,
      ],
      ['by a token', '/github', { authorization: `Bearer ${SECRET}` }, body],
      ['without a time stamp', '/slack', { 'x-slack-signature': slack(body, at)['x-slack-signature'] ?? '' }, body],
      [
        'with the time stamp of another',
        '/slack',
        { ...slack(body, at), 'x-slack-request-timestamp': String(at + 1) },
        body,
      ],
      ['of six minutes ago', '/slack', slack(body, at - 360), body],
      ['in six minutes', '/slack', slack(body, at + 360), body],
      ['of 1970', '/slack', slack(body, 0), body],
      ['of no time', '/slack', slack(body, 'NaN'), body],
      ['of a time with a sign', '/slack', slack(body, `+${at}`), body],
      ['of a time in hex', '/slack', slack(body, `0x${at.toString(16)}`), body],
      ['of a time with a fraction', '/slack', slack(body, `${at}.0`), body],
      ['of a time with an exponent', '/slack', slack(body, '1e12'), body],
      ['where time and body run into each other', '/slack', slack(`:${body}`, String(at)), body],
      [
        'without the time in it',
        '/slack',
        { 'x-slack-request-timestamp': String(at), 'x-slack-signature': `v0=${hmac(body).toString('hex')}` },
        body,
      ],
      ['in the way of GitHub', '/slack', github(body), body],
      ['in the way of Slack', '/github', slack(body), body],
      ['of two minutes ago', '/generic', generic(body, at - 120), body],
      ['of another secret', '/generic', generic(body, at, OTHER), body],
      [
        'in hex',
        '/generic',
        { 'x-time': String(at), 'x-signature': hmac(`${at}.${body}`, SECRET, 'sha512').toString('hex') },
        body,
      ],
      [
        'of SHA-256',
        '/generic',
        { 'x-time': String(at), 'x-signature': hmac(`${at}.${body}`).toString('base64') },
        body,
      ],
      [
        'in base64url',
        '/generic',
        { 'x-time': String(at), 'x-signature': hmac(`${at}.${body}`, OTHER, 'sha512').toString('base64url') },
        body,
      ],
      // Where a time ends and a body begins must not be for the sender to move.
      [
        'with a piece of the time in the body',
        '/generic',
        { ...generic(body, at), 'x-time': String(at).slice(0, -1) },
        `${String(at).slice(-1)}.${body}`,
      ],
      ['to a hook with a secret that is too short', '/short', github(body, 'short'), body],
      ['to a hook without a secret', '/none', github(body, ''), body],
      ['to a hook without a secret, of "undefined"', '/none', github(body, 'undefined'), body],
    ];
    const wrong: string[] = [];
    for (const [what, path, headers, sent] of forged) {
      const status = await send(path, headers, sent);
      // A hook that has no secret has no path: it is closed like the rest.
      if (!isRefused('forged webhooks', [401, 403, 404].includes(status)))
        wrong.push(`${path} ${what} is answered ${status}`);
    }
    for (const path of ['/GitHub', '/github/', '//github', '/%67ithub', '/github%2f', '/github;x'])
      for (const method of ['POST', 'PUT']) {
        const status = await send(path, github(body), body, method);
        if (!isRefused('forged webhooks', [400, 401, 403, 404].includes(status)))
          wrong.push(`${method} ${path} is answered ${status}`);
      }
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const status = await send('/github', github(body), body, method);
      if (!isRefused('forged webhooks', [401, 403, 404].includes(status)))
        wrong.push(`${method} is answered ${status}`);
    }
    expect(wrong).toEqual([]);
    // Each would have been taken as it should be.
    expect(await send('/github', github(body), body)).toBe(200);
    expect(await send('/slack', slack(body), body)).toBe(200);
    expect(await send('/generic', generic(body), body)).toBe(200);
  });

  it('take nothing twice: not at once, not with other headers, not after a restart', async () => {
    const body = '{"replayed":1}';
    const headers = github(body);
    const at = now();
    const atOnce = await Promise.all(Array.from({ length: 30 }, () => send('/github', headers, body)));
    expect(atOnce.filter((status) => status === 200)).toHaveLength(1);
    expect(atOnce.filter((status) => status === 409)).toHaveLength(29);
    attempted('replayed webhooks', 'refused', 29);
    const times = slack(body, at);
    expect(await send('/slack', times, body)).toBe(200);
    const again: [string, Headers][] = [
      ['/github', headers],
      ['/github', { ...headers, 'x-github-delivery': 'another' }],
      ['/github', { ...headers, 'content-type': 'text/plain' }],
      ['/github', { ...headers, 'x-forwarded-for': '203.0.113.7', 'user-agent': 'another' }],
      [
        '/github',
        {
          'x-hub-signature-256': (headers['x-hub-signature-256'] ?? '').replace(/(?<==).*/, (hex) => hex.toUpperCase()),
        },
      ],
      ['/github?again', headers],
      ['/slack', times],
      ['/slack', { ...times, 'x-slack-retry-num': '1' }],
    ];
    const replay = async (): Promise<void> => {
      for (const [path, sent] of again) {
        const status = await send(path, sent, body);
        expect([path, sent, isRefused('replayed webhooks', status === 409)]).toEqual([path, sent, true]);
      }
    };
    await replay();
    expect(await appliance.stop()).toBe(0);
    appliance = await Appliance.start(setup);
    await replay();
    await appliance.kill();
    appliance = await Appliance.start(setup);
    await replay();
  });

  it('are no way to fill the memory or to wear the flow out', async () => {
    const large = JSON.stringify({ fill: 'x'.repeat(2000) });
    for (const [headers, body] of [
      [github(large), large],
      [{ ...github(large), 'content-encoding': 'gzip' }, large],
      [{ 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, 'x'.repeat(3_000_000)],
    ] as const) {
      const status = await send('/small', headers, body).catch(() => 413);
      expect(isRefused('forged webhooks', [401, 413, 415].includes(status))).toBe(true);
    }
    const statuses: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const body = JSON.stringify({ n });
      statuses.push(await send('/small', github(body), body));
    }
    const limited = statuses.filter((status) => status === 429).length;
    attempted('replayed webhooks', 'refused', limited);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(6);
    expect(limited).toBeGreaterThanOrEqual(14);
    // Who cannot sign used nothing up, and the secret is nowhere.
    expect((await appliance.fetch('/readyz')).status).toBe(200);
    expect(appliance.output).not.toContain(SECRET);
  });
});
