import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseUsersFile } from '../server/config/users-file.ts';
import { CookieJar } from './support/cookie-jar.ts';
import { type RunningProvider, startProvider } from './support/oidc-provider.ts';
import { oidcConfig, type SignInServer, signInServer } from './support/sign-in-server.ts';

let provider: RunningProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());

const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });

/** Signs in at the provider, and comes back. @returns the last page, or where the editor is entered */
async function signIn(jar: CookieJar, editor: string, account: string, start = 'auth/oidc') {
  const inEditor = (url: URL): boolean => url.searchParams.has('code') && !url.pathname.includes('/auth/');
  let at = await jar.follow(new URL(start, editor), inEditor);
  if (at.url.pathname.startsWith('/interaction/')) {
    const posted = await jar.fetch(at.url, form({ account }));
    at = await jar.follow(new URL(posted.headers.get('location') ?? '', at.url), inEditor);
  }
  return at;
}

const exchange = (jar: CookieJar, editor: string, code: string): Promise<Response> =>
  jar.fetch(new URL('auth/token', editor), form({ code }));

const whoami = async (editor: string, token: string): Promise<unknown> => {
  const answer = await fetch(new URL('whoami', editor), { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200 ? answer.json() : answer.status;
};

describe('single sign-on', () => {
  let server: SignInServer;
  beforeAll(async () => {
    server = await signInServer(oidcConfig(provider.issuer));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('signs in with PKCE, state and nonce, gives the role of the groups, and signs out at the provider too', async () => {
    const jar = new CookieJar();
    const begun = await jar.fetch(new URL('auth/oidc', server.editor));
    const authorize = new URL(begun.headers.get('location') ?? '');
    expect(Object.fromEntries(authorize.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'redstart',
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      redirect_uri: `${server.editor}auth/callback`,
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(authorize.searchParams.get(name)).toMatch(/^[\w-]{40,}$/);
    expect(begun.headers.get('cache-control')).toBe('no-store');

    const { url } = await signIn(jar, server.editor, 'anna');
    expect(url.href.startsWith(`${server.editor}?code=`)).toBe(true);
    const code = url.searchParams.get('code') ?? '';
    const answer = await exchange(jar, server.editor, code);
    const { accessToken } = (await answer.json()) as { accessToken: string };
    expect(await whoami(server.editor, accessToken)).toEqual({ user: 'anna', role: 'admin', by: 'oidc' });
    expect(server.events.at(-1)).toMatchObject({ event: 'sign-in', user: 'anna', role: 'admin', by: 'oidc' });
    const own = jar.seen.filter((line) => line.startsWith('redstart-'));
    expect(own.length).toBeGreaterThanOrEqual(4);
    for (const line of own) expect(line).toMatch(/; HttpOnly; SameSite=(?:Lax|Strict); Max-Age=\d+$/);
    expect(own.some((line) => /^redstart-exchange=.+SameSite=Strict/.test(line))).toBe(true);

    const revoked = await fetch(new URL('auth/revoke', server.editor), {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { redirect } = (await revoked.json()) as { redirect: string };
    const end = new URL(redirect);
    expect(end.origin).toBe(provider.issuer);
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(server.editor);
    expect(end.searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    expect(await whoami(server.editor, accessToken)).toBe(401);
    expect((await jar.fetch(end)).status).toBe(200);
    expect(server.lines()).not.toContain(accessToken);
  });

  it('lets the code of a sign-in be used once, and in that browser alone', async () => {
    const jar = new CookieJar();
    const codeOf = async (): Promise<string> =>
      (await signIn(jar, server.editor, 'vito')).url.searchParams.get('code') ?? '';
    const first = await codeOf();
    // A link with it, sent to somebody else.
    expect((await exchange(new CookieJar(), server.editor, first)).status).toBe(403);
    expect((await exchange(jar, server.editor, first)).status).toBe(403);
    const second = await codeOf();
    expect((await exchange(jar, server.editor, second)).status).toBe(200);
    expect((await exchange(jar, server.editor, second)).status).toBe(403);
    for (const code of ['', 'x', '__proto__']) expect((await exchange(jar, server.editor, code)).status).toBe(403);
  });

  it('refuses who has no role, or the name of a user with a password, with a page and not in a circle', async () => {
    for (const [account, words] of [
      ['nobody', 'You are signed in at the identity provider as nobody, but none of your groups has a role here'],
      ['stranger', 'does not say who you are'],
    ] as const) {
      const jar = new CookieJar();
      const { answer } = await signIn(jar, server.editor, account);
      const page = await answer?.text();
      expect([account, answer?.status, page?.includes(words)]).toEqual([account, 403, true]);
      expect(page).toContain('href="oidc?again=1"');
      expect(answer?.headers.get('content-security-policy')).toContain("script-src 'self'");
      // Which asks the provider for somebody else.
      const again = await jar.fetch(new URL('auth/oidc?again=1', server.editor));
      expect(new URL(again.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
    }
    expect(server.events.filter(({ event }) => event === 'refused').map(({ why }) => why)).toEqual(
      expect.arrayContaining(['no role', 'no name']),
    );
    const { editor, ...rest } = await signInServer(oidcConfig(provider.issuer, { usernameClaim: 'sub' }));
    const taken = await signIn(new CookieJar(), editor, 'ada');
    expect(taken.answer?.status).toBe(403);
    await rest[Symbol.asyncDispose]();
  });

  it('shows what the provider says when it says no', async () => {
    const { answer } = await signIn(new CookieJar(), server.editor, '');
    expect([answer?.status, (await answer?.text())?.includes('The identity provider says: access_denied.')]).toEqual([
      403,
      true,
    ]);
  });

  it('keeps a way for users with a password, on a page with both', async () => {
    const told = await (await fetch(new URL('auth/login', server.editor))).json();
    expect(told).toEqual({ type: 'strategy', prompts: [{ type: 'button', label: 'Sign in', url: 'auth/sign-in' }] });
    const jar = new CookieJar();
    const page = await (await jar.fetch(new URL('auth/sign-in', server.editor))).text();
    expect(page).toContain('<form method="post" action="sign-in">');
    expect(page).not.toContain('<script');
    const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      jar.fetch(new URL('auth/sign-in', server.editor), { ...form(fields), headers });
    const wrong = await post({ username: 'ada', password: '<b>wrong' });
    expect([wrong.status, (await wrong.text()).includes('The user name or the password is wrong.')]).toEqual([
      403,
      true,
    ]);
    const good = { username: 'ada', password: 'correct horse' };
    expect((await post(good, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const right = await post(good, { 'sec-fetch-site': 'same-origin' });
    const to = new URL(right.headers.get('location') ?? '', new URL('auth/sign-in', server.editor));
    expect([right.status, to.href.startsWith(`${server.editor}?code=`)]).toEqual([303, true]);
    const { accessToken } = (await (await exchange(jar, server.editor, to.searchParams.get('code') ?? '')).json()) as {
      accessToken: string;
    };
    expect(await whoami(server.editor, accessToken)).toEqual({ user: 'ada', role: 'admin', by: 'password' });
  });

  it('changes no code of a user who was removed since they signed in', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'redstart-users-'));
    const file = join(dir, 'users.yaml');
    const entry = (name: string, password: string): string =>
      `- {username: ${name}, passwordHash: '${hashSync(password, 10)}', role: editor}\n`;
    const [bob, eve] = [entry('bob', 'a password of bob'), entry('eve', 'a password of eve')];
    await writeFile(file, bob + eve);
    const { users: list } = parseUsersFile(bob + eve, null);
    await using own = await signInServer(oidcConfig(provider.issuer), { users: { file, list } });
    const codeOf = async (jar: CookieJar, username: string): Promise<string> => {
      const fields = form({ username, password: `a password of ${username}` });
      const answer = await jar.fetch(new URL('auth/sign-in', own.editor), {
        ...fields,
        headers: { 'sec-fetch-site': 'same-origin' },
      });
      return (
        new URL(answer.headers.get('location') ?? '', new URL('auth/sign-in', own.editor)).searchParams.get('code') ??
        ''
      );
    };
    const [ofBob, ofEve] = [new CookieJar(), new CookieJar()];
    const codes = [await codeOf(ofBob, 'bob'), await codeOf(ofEve, 'eve')] as const;
    await writeFile(file, bob);
    await expect.poll(own.lines, { timeout: 10_000 }).toContain('the users file changed');
    expect((await exchange(ofEve, own.editor, codes[1])).status).toBe(403);
    expect((await exchange(ofBob, own.editor, codes[0])).status).toBe(200);
    await rm(dir, { recursive: true });
  });

  it('finds its way under a sub-path that a proxy takes away, and by the host that a trusted proxy names', async () => {
    await using under = await signInServer(oidcConfig(provider.issuer), {
      server: { publicUrl: 'https://lab.example.org/redstart', trustProxy: ['loopback'] },
      passwords: false,
    });
    const begun = await fetch(new URL('auth/oidc', under.editor), {
      redirect: 'manual',
      headers: { 'x-forwarded-proto': 'https' },
    });
    const redirectUri = 'https://lab.example.org/redstart/editor/auth/callback';
    expect(new URL(begun.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(redirectUri);
    expect(begun.headers.getSetCookie()[0]).toMatch(/; Secure$/);
    // Without passwords the editor's button leads straight to the provider.
    expect(await (await fetch(new URL('auth/login', under.editor))).json()).toMatchObject({
      prompts: [{ url: 'auth/oidc' }],
    });
    await using named = await signInServer(oidcConfig(provider.issuer), { server: { trustProxy: ['loopback'] } });
    const headers = { 'x-forwarded-host': 'other.example.org', 'x-forwarded-proto': 'https' };
    const at = await fetch(new URL('auth/oidc', named.editor), { redirect: 'manual', headers });
    expect(new URL(at.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
      'https://other.example.org/editor/auth/callback',
    );
    const untrusted = await fetch(new URL('auth/oidc', server.editor), { redirect: 'manual', headers });
    expect(new URL(untrusted.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
      `${server.editor}auth/callback`,
    );
  });
});

it('a provider that is down leaves the rest running, says so, and is found when it is back', async () => {
  const gone = await startProvider();
  const { port } = gone;
  await gone.close();
  await using server = await signInServer(oidcConfig(gone.issuer));
  await expect.poll(() => server.lines()).toContain('the identity provider cannot be used');
  expect(server.lines()).toContain('ECONNREFUSED');
  const answer = await fetch(new URL('auth/oidc', server.editor), { redirect: 'manual' });
  expect([answer.status, (await answer.text()).includes('Single sign-on is not possible now')]).toEqual([503, true]);
  const password = await fetch(
    new URL('auth/token', server.editor),
    form({
      client_id: 'node-red-editor',
      grant_type: 'password',
      username: 'ada',
      password: 'correct horse',
    }),
  );
  expect(password.status).toBe(200);
  const back = await startProvider(port);
  await expect.poll(() => server.lines(), { timeout: 10_000 }).toContain('single sign-on is ready');
  expect((await signIn(new CookieJar(), server.editor, 'anna')).url.searchParams.has('code')).toBe(true);
  await back.close();
});
