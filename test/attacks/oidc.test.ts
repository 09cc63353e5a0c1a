import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempted } from '../support/attempts.ts';
import { CookieJar } from '../support/cookie-jar.ts';
import { CLIENT } from '../support/oidc-provider.ts';
import { oidcConfig, type SignInServer, signInServer } from '../support/sign-in-server.ts';

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const keys = (): { privateKey: KeyObject; publicKey: KeyObject } => generateKeyPairSync('rsa', { modulusLength: 2048 });
const good = keys();
const foreign = keys();

interface Forgery {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  /** Claims that are left out. */
  without?: string[];
  sign?: (input: string) => string;
  /** The whole answer of the token endpoint. */
  answer?: (token: string) => unknown;
  userinfo?: Record<string, unknown>;
}

const rs256 =
  (key: KeyObject) =>
  (input: string): string =>
    createSign('RSA-SHA256').update(input).sign(key).toString('base64url');

/** A provider that signs whatever it is told to. */
class EvilProvider {
  issuer = '';
  forgery: Forgery = {};
  nonce = '';
  tokenRequests: URLSearchParams[] = [];
  metadata: Record<string, unknown> = {};
  readonly #server = createServer((req, res) => {
    const send = (body: unknown): void => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(body));
    };
    const path = req.url?.split('?')[0];
    if (path === '/.well-known/openid-configuration') {
      send({
        issuer: this.issuer,
        authorization_endpoint: `${this.issuer}/authorize`,
        token_endpoint: `${this.issuer}/token`,
        userinfo_endpoint: `${this.issuer}/userinfo`,
        jwks_uri: `${this.issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        ...this.metadata,
      });
    } else if (path === '/jwks') {
      send({ keys: [{ ...good.publicKey.export({ format: 'jwk' }), kid: 'good', alg: 'RS256', use: 'sig' }] });
    } else if (path === '/foreign-jwks') {
      send({ keys: [{ ...foreign.publicKey.export({ format: 'jwk' }), kid: 'good', alg: 'RS256', use: 'sig' }] });
    } else if (path === '/userinfo') {
      send({ sub: 'u1', ...this.forgery.userinfo });
    } else if (path === '/token') {
      let body = '';
      req.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      req.on('end', () => {
        this.tokenRequests.push(new URLSearchParams(body));
        const token = this.#token();
        send(
          this.forgery.answer
            ? this.forgery.answer(token)
            : { access_token: 'a', token_type: 'Bearer', id_token: token },
        );
      });
    } else res.writeHead(404).end();
  });

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #token(): string {
    const now = Math.floor(Date.now() / 1000);
    const { header, claims, without = [], sign = rs256(good.privateKey) } = this.forgery;
    const payload: Record<string, unknown> = {
      iss: this.issuer,
      sub: 'u1',
      aud: CLIENT.id,
      exp: now + 300,
      iat: now,
      nonce: this.nonce,
      preferred_username: 'anna',
      groups: ['bioinfo-admins'],
      ...claims,
    };
    for (const claim of without) delete payload[claim];
    const input = `${encode({ alg: 'RS256', kid: 'good', typ: 'JWT', ...header })}.${encode(payload)}`;
    return `${input}.${sign(input)}`;
  }
}

const evil = new EvilProvider();
let server: SignInServer;
/** Since the server was made: too many failures, and it would refuse for that. */
let tried = 0;
beforeAll(async () => {
  await evil.start();
  server = await signInServer(oidcConfig(evil.issuer));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await evil.stop();
});

interface Begun {
  jar: CookieJar;
  state: string;
}

async function begin(): Promise<Begun> {
  const jar = new CookieJar();
  const answer = await jar.fetch(new URL('auth/oidc', server.editor));
  const url = new URL(answer.headers.get('location') ?? '');
  evil.nonce = url.searchParams.get('nonce') ?? '';
  return { jar, state: url.searchParams.get('state') ?? '' };
}

const callback = (jar: CookieJar, query: Record<string, string>): Promise<Response> =>
  jar.fetch(new URL(`auth/callback?${new URLSearchParams(query)}`, server.editor));

/** Each attack has a server of its own when it would else hit the limit of failures. */
async function anew(): Promise<void> {
  await server[Symbol.asyncDispose]();
  server = await signInServer(oidcConfig(evil.issuer));
}

async function attempt(forgery: Forgery): Promise<number> {
  evil.forgery = forgery;
  const { jar, state } = await begin();
  const answer = await callback(jar, { code: 'c', state });
  tried += 1;
  if (answer.status !== 303) attempted('single sign-on', 'refused');
  return answer.status;
}

describe('ID tokens', () => {
  it('that are right are taken, so that what follows means something', async () => {
    evil.forgery = {};
    const { jar, state } = await begin();
    const answer = await callback(jar, { code: 'c', state });
    expect(answer.status).toBe(303);
    expect(evil.tokenRequests.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
  });

  const now = Math.floor(Date.now() / 1000);
  const hmac = (key: string) => (input: string) => createHmac('sha256', key).update(input).digest('base64url');
  const pem = good.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const forgeries: Record<string, Forgery> = {
    'signed with another key': { sign: rs256(foreign.privateKey) },
    'not signed': { sign: () => '' },
    'with a signature of something else': { sign: () => rs256(good.privateKey)('something else') },
    'with alg none': { header: { alg: 'none' }, sign: () => '' },
    'with alg None': { header: { alg: 'None' }, sign: () => '' },
    'signed with the secret of the client': { header: { alg: 'HS256' }, sign: hmac(CLIENT.secret) },
    'signed with the public key as a secret': { header: { alg: 'HS256' }, sign: hmac(pem) },
    'that bring their own key': {
      header: { jwk: foreign.publicKey.export({ format: 'jwk' }), kid: 'mine' },
      sign: rs256(foreign.privateKey),
    },
    'that name where their key is': { header: { jku: 'foreign-jwks', kid: 'mine' }, sign: rs256(foreign.privateKey) },
    'with a key id that there is none of': { header: { kid: '../../good' }, sign: rs256(foreign.privateKey) },
    'with a critical header that nobody knows': { header: { crit: ['x'], x: 1 } },
    'of another issuer': { claims: { iss: 'https://login.example.com' } },
    'of an issuer that only begins alike': { claims: { iss: 'http://127.0.0.1' } },
    'for another client': { claims: { aud: 'another-client' } },
    'for several clients, made for another': { claims: { aud: [CLIENT.id, 'another'], azp: 'another' } },
    'for several clients, made for nobody': { claims: { aud: [CLIENT.id, 'another'] } },
    'for nobody': { without: ['aud'] },
    'that have expired': { claims: { exp: now - 3600 } },
    'that never expire': { without: ['exp'] },
    'with an end that is no number': { claims: { exp: 'never' } },
    'that are not valid yet': { claims: { nbf: now + 3600 } },
    'without a time of issue': { without: ['iat'] },
    'with the nonce of another sign-in': { claims: { nonce: 'another' } },
    'without a nonce': { without: ['nonce'] },
    'without a subject': { without: ['sub'] },
    'that are no JWT': { answer: () => ({ access_token: 'a', token_type: 'Bearer', id_token: 'x.y' }) },
    'that are not there': { answer: () => ({ access_token: 'a', token_type: 'Bearer' }) },
    'that are an object': { answer: () => ({ access_token: 'a', token_type: 'Bearer', id_token: {} }) },
    'with user information of somebody else': {
      without: ['groups'],
      userinfo: { sub: 'u2', groups: ['bioinfo-admins'] },
    },
  };

  it.each(Object.entries(forgeries))('%s are refused', async (_name, forgery) => {
    if (tried % 15 === 14) await anew();
    expect(await attempt(forgery)).toBe(400);
    expect(server.events.filter(({ event }) => event === 'refused').length).toBeGreaterThan(0);
  });

  it('with claims that are no name or no list of groups give nobody a role', async () => {
    await anew();
    const claims: Record<string, unknown>[] = [
      { preferred_username: '__proto__' },
      { preferred_username: 'constructor' },
      { preferred_username: '' },
      { preferred_username: ['anna'] },
      { preferred_username: 'anna<script>' },
      { preferred_username: 'ada' },
      { groups: { '0': 'bioinfo-admins', length: 1 } },
      { groups: 'bioinfo-admins,bioinfo' },
      { groups: [['bioinfo-admins']] },
      { groups: [] },
    ];
    for (const each of claims) expect([each, await attempt({ claims: each })]).toEqual([each, 403]);
    // What is signed wins over what is not.
    expect(
      await attempt({
        claims: { groups: ['x'] },
        without: ['preferred_username'],
        userinfo: { groups: ['bioinfo-admins'], preferred_username: 'anna' },
      }),
    ).toBe(403);
  });
});

describe('the way back', () => {
  it('leads nobody in who did not set out: no cookie, the cookie of another, another state, a replay', async () => {
    await anew();
    evil.forgery = {};
    const [mine, theirs] = [await begin(), await begin()];
    // A link from an attacker who has a code of their own: their victim would work as them.
    expect((await callback(new CookieJar(), { code: 'c', state: mine.state })).status).toBe(400);
    expect((await callback(theirs.jar, { code: 'c', state: mine.state })).status).toBe(400);
    expect((await callback(mine.jar, { code: 'c' })).status).toBe(400);
    attempted('single sign-on', 'refused', 3);
    const again = await begin();
    const sealed = again.jar.value('redstart-oidc') ?? '';
    expect((await callback(again.jar, { code: 'c', state: again.state })).status).toBe(303);
    // The cookie is gone with its first use.
    expect((await callback(again.jar, { code: 'c', state: again.state })).status).toBe(400);
    // Changed in one place, or made by somebody else.
    const other = await begin();
    const changed = `${sealed.slice(0, 40)}${sealed[40] === 'A' ? 'B' : 'A'}${sealed.slice(41)}`;
    for (const value of [changed, '', 'x', 'A'.repeat(200), encode({ state: other.state, until: 9e15 })]) {
      const answer = await fetch(new URL(`auth/callback?code=c&state=${other.state}`, server.editor), {
        redirect: 'manual',
        headers: { cookie: `redstart-oidc=${value}` },
      });
      expect([value.slice(0, 10), answer.status]).toEqual([value.slice(0, 10), 400]);
      attempted('single sign-on', 'refused');
    }
  });

  it('goes nowhere but into the editor, whatever the address says', async () => {
    await anew();
    evil.forgery = {};
    for (const extra of [
      { redirect_uri: 'https://evil.example' },
      { next: '//evil.example' },
      { return_to: 'https://evil.example', iss: evil.issuer },
    ]) {
      const { jar, state } = await begin();
      const answer = await callback(jar, { code: 'c', state, ...extra });
      const location = answer.headers.get('location');
      if (location !== null) expect(location).toMatch(/^\.\.\/\?code=[\w-]+$/);
      expect(answer.status).toBe(303);
      attempted('open redirects', 'refused');
    }
    const { jar, state } = await begin();
    // The answer of another provider, mixed in.
    expect((await callback(jar, { code: 'c', state, iss: 'https://evil.example' })).status).toBe(400);
    const begun = await fetch(new URL('auth/oidc?redirect_uri=https://evil.example&scope=x', server.editor), {
      redirect: 'manual',
      headers: { 'x-forwarded-host': 'evil.example' },
    });
    expect(new URL(begun.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
      `${server.editor}auth/callback`,
    );
  });

  it('is closed for a while to who fails too often, and asks the provider no more', async () => {
    await anew();
    evil.forgery = { sign: () => '' };
    const statuses: number[] = [];
    const before = evil.tokenRequests.length;
    for (let i = 0; i < 30; i += 1) {
      const { jar, state } = await begin();
      statuses.push((await callback(jar, { code: 'c', state })).status);
    }
    expect(statuses).toEqual([...Array(20).fill(400), ...Array(10).fill(429)]);
    expect(evil.tokenRequests.length - before).toBe(20);
  });
});

it('a provider that says that it is another one is none', async () => {
  const liar = new EvilProvider();
  await liar.start();
  liar.metadata = { issuer: 'https://login.example.com' };
  await using own = await signInServer(oidcConfig(liar.issuer));
  await expect.poll(() => own.lines()).toContain('the identity provider cannot be used');
  expect((await fetch(new URL('auth/oidc', own.editor), { redirect: 'manual' })).status).toBe(503);
  await liar.stop();
});
