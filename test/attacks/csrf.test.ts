import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { CookieJar } from '../support/cookie-jar.ts';
import { ADMIN, EditorSession, withEditor } from '../support/editor.ts';
import { node, tab, wire } from '../support/flows.ts';
import { oidcConfig, type SignInServer, signInServer } from '../support/sign-in-server.ts';

// What a page of somebody else can have the browser of a signed-in person do. The ways back from single sign-on are in
// oidc.test.ts.
const EVIL = 'https://evil.example';
const asPage = { origin: EVIL, referer: `${EVIL}/page`, 'sec-fetch-site': 'cross-site' };

describe('a page of another site', () => {
  let appliance: Appliance;
  let editor: EditorSession;
  beforeAll(async () => {
    const answer = node('http response');
    const said = wire(node('function', { func: 'msg.payload = "flow"; return msg;', outputs: 1 }), [answer]);
    const listener = { ...node('websocket-listener', { path: '/ws', wholemsg: 'false' }), z: '' };
    const flow = [
      ...tab([
        wire(node('http in', { url: '/change', method: 'post' }), [said]),
        wire(node('websocket in', { server: listener.id }), [node('debug', { active: false })]),
        said,
        answer,
      ]),
      listener,
    ];
    appliance = await Appliance.start({
      flows: { 'main.json': flow },
      env: {
        ...withEditor,
        REDSTART_SIMULATOR: 'true',
        REDSTART_HTTP_USER: 'caller',
        REDSTART_HTTP_PASSWORD: 'a long test password',
      },
    });
    editor = await EditorSession.signIn(appliance);
  });
  afterAll(() => appliance?.[Symbol.asyncDispose]());

  it('changes nothing by a form or a script: a browser brings nothing along that lets it in', async () => {
    const before = await editor.flows();
    const targets = [
      '/flows',
      '/flow',
      '/flows/state',
      '/log-levels',
      '/inject/x',
      '/settings/user',
      '/nodes',
      '/auth/revoke',
      '/seqera/identity',
      '/library/local/flows/x',
    ];
    const types = [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/json',
    ];
    const wrong: string[] = [];
    for (const path of targets)
      for (const type of types)
        for (const method of ['POST', 'PUT', 'DELETE']) {
          const answer = await appliance.fetch(`/editor${path}`, {
            method,
            headers: { ...asPage, 'content-type': type, cookie: 'redstart=1; access_token=1; connect.sid=1' },
            body: '[]',
          });
          const refused = answer.status === 401 || (path.startsWith('/auth/') && [401, 404].includes(answer.status));
          if (!isRefused('CSRF', refused)) wrong.push(`${method} ${path} ${type} answers ${answer.status}`);
          expect(answer.headers.getSetCookie()).toEqual([]);
        }
    expect(wrong).toEqual([]);
    expect(await editor.flows()).toEqual(before);
  });

  it('may read nothing: no answer is for pages of other origins, not even with a session', async () => {
    const wrong: string[] = [];
    for (const path of [
      '/editor/',
      '/editor/flows',
      '/editor/settings',
      '/editor/auth/token',
      '/api/change',
      '/',
      '/readyz',
    ])
      for (const method of ['GET', 'OPTIONS'])
        for (const origin of [EVIL, 'null', appliance.url.replace('127.0.0.1', '127.0.0.1.evil.example')]) {
          const answer = await appliance.fetch(path, {
            method,
            headers: {
              ...asPage,
              origin,
              authorization: editor.authorization,
              'access-control-request-method': 'POST',
              'access-control-request-headers': 'authorization',
            },
          });
          const allowed = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
          if (!isRefused('CSRF', allowed.length === 0)) wrong.push(`${method} ${path} for ${origin}: ${allowed}`);
        }
    expect(wrong).toEqual([]);
  });

  it('opens no websocket, of the editor or with the password that a browser remembers', async () => {
    const ws = appliance.url.replace('http', 'ws');
    const basic = `Basic ${Buffer.from('caller:a long test password').toString('base64')}`;
    const { host } = new URL(appliance.url);
    for (const path of ['/editor/comms', '/api/ws'])
      for (const origin of [
        EVIL,
        'null',
        `http://${host}.evil.example`,
        `http://evil.example/${host}`,
        `http://${host}@evil.example`,
        'file://',
        '',
      ]) {
        const socket = new WebSocket(`${ws}${path}`, { headers: { authorization: basic, origin } });
        socket.on('error', () => undefined);
        const status = await Promise.race([
          once(socket, 'unexpected-response').then(([, answer]) => answer.statusCode as number),
          once(socket, 'open').then(() => 101),
        ]);
        socket.terminate();
        expect([path, origin, isRefused('CSRF', status === 403)]).toEqual([path, origin, true]);
      }
  });

  it('cannot put the editor into a frame, nor sign somebody in by an address', async () => {
    const page = await appliance.fetch('/editor/');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const session = editor.authorization.slice('Bearer '.length);
    for (const query of [
      `access_token=${session}`,
      `ACCESS_TOKEN=${session}`,
      `a=b&access%5Ftoken=${session}`,
      `access_token[]=${session}`,
    ]) {
      const status = (await appliance.fetch(`/editor/?${query}`)).status;
      expect([query, isRefused('CSRF', status === 400)]).toEqual([query, true]);
    }
    // A preflight has no credentials, and there is none that would be answered with a yes.
    const signIn = await appliance.fetch('/editor/auth/token', {
      method: 'POST',
      headers: { ...asPage, 'content-type': 'text/plain' },
      body: JSON.stringify({
        client_id: 'node-red-editor',
        grant_type: 'password',
        username: ADMIN.user,
        password: ADMIN.password,
      }),
    });
    expect(isRefused('CSRF', signIn.status === 400)).toBe(true);
  });
});

describe('the sign-in', () => {
  let server: SignInServer;
  beforeAll(async () => {
    server = await signInServer(oidcConfig('https://login.invalid'));
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const submit = (headers: Record<string, string>, query = '', extra: Record<string, string> = {}): Promise<Response> =>
    new CookieJar().fetch(new URL(`auth/sign-in${query}`, server.editor), {
      method: 'POST',
      headers,
      body: new URLSearchParams({ username: 'ada', password: 'correct horse', ...extra }),
    });

  it('takes no form of another site: its visitors would work as somebody else', async () => {
    expect((await submit({ 'sec-fetch-site': 'same-origin' })).status).toBe(303);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', origin: EVIL },
      { origin: EVIL },
      { origin: 'null' },
    ]) {
      const { status } = await submit(headers);
      expect([headers, isRefused('CSRF', status === 403)]).toEqual([headers, true]);
    }
  });

  it('leads nowhere but into the editor, whatever the address or the form says', async () => {
    const names = [
      'next',
      'redirect',
      'redirect_uri',
      'return_to',
      'returnTo',
      'url',
      'continue',
      'target',
      'RelayState',
    ];
    const places = [
      EVIL,
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'javascript:alert(1)',
      'https:evil.example',
      '/%09/evil.example',
    ];
    const wrong: string[] = [];
    for (const name of names)
      for (const place of places) {
        const query = `?${new URLSearchParams({ [name]: place })}`;
        for (const path of [
          '',
          'auth/login',
          'auth/sign-in',
          'auth/oidc',
          '/%2f%2fevil.example',
          `//evil.example/..`,
        ]) {
          const answer = await new CookieJar().fetch(`${server.editor}${path}${query}`);
          const location = answer.headers.get('location') ?? '';
          if (!isRefused('open redirects', !location.includes('evil') && !location.includes('javascript')))
            wrong.push(`${path}${query} leads to ${location}`);
          const text = await answer.text();
          if (/evil\.example|alert\(1\)/.test(text)) wrong.push(`${path}${query} is in the page`);
        }
      }
    for (const place of places) {
      const answer = await submit({ 'sec-fetch-site': 'same-origin' }, `?next=${encodeURIComponent(place)}`, {
        next: place,
        redirect_uri: place,
      });
      const location = answer.headers.get('location') ?? '';
      if (!isRefused('open redirects', /^\.\.\/\?code=[\w-]+$/.test(location)))
        wrong.push(`the form leads to ${location}`);
    }
    const hosts = [
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-proto': 'javascript' },
      { forwarded: 'host=evil.example' },
    ];
    for (const headers of hosts) {
      const location = (await submit({ 'sec-fetch-site': 'same-origin', ...headers })).headers.get('location') ?? '';
      if (!isRefused('open redirects', /^\.\.\/\?code=[\w-]+$/.test(location)))
        wrong.push(`${JSON.stringify(headers)} leads to ${location}`);
    }
    expect(wrong).toEqual([]);
  });
});
