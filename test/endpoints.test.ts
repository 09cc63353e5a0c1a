import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashToken, makeToken } from '../server/auth/token-hash.ts';
import { Appliance } from './support/appliance.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { node, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';

const SECRET = 'what-github-and-we-know';
const IN_TIME_MS = 5000;

describe("the flows' endpoints", () => {
  it('let in who has a token for the path, and whoever signed; nobody else, whatever a flow listens to', async () => {
    const folder = temporaryFolder();
    const [lims, ci] = [makeToken(), makeToken()];
    const tokensFile = join(folder, 'http-tokens.yaml');
    const line = (name: string, token: string, path: string): string =>
      `- {name: ${name}, sha256: ${hashToken(token)}, paths: [${path}]}\n`;
    const write = (text: string): void => writeFileSync(tokensFile, text, { mode: 0o600 });
    write(line('lims', lims, '/samples') + line('ci', ci, '/'));
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'github'), SECRET, { mode: 0o600 });

    const respond = node('http response', { statusCode: '' });
    const tell = (from: string) =>
      wire(
        node('function', {
          func: `msg.payload = { from: '${from}', caller: msg.req.caller, body: msg.payload }; return msg;`,
          outputs: 1,
        }),
        [respond],
      );
    const [byPattern, byHook] = [tell('pattern'), tell('hook')];
    const hook = wire(
      node('redstart-webhook-in', {
        name: 'GitHub',
        path: '/github',
        scheme: 'github',
        credentials: { secret: 'secret:github' },
      }),
      [byHook],
    );
    const pattern = wire(node('http in', { url: '/:any', method: 'post' }), [byPattern]);
    const flow = tab([pattern, byPattern, hook, byHook, respond]);
    await using appliance = await Appliance.start({
      folder,
      flows: { 'hooks.json': flow },
      env: {
        ...withEditor,
        TOWER_ACCESS_TOKEN: 'not-needed-here',
        REDSTART_HTTP_TOKENS_FILE: tokensFile,
        REDSTART_SECRETS_DIR: join(folder, 'secrets'),
      },
    });
    const post = async (path: string, headers: Record<string, string> = {}, body = '{"n":1}') => {
      const answer = await appliance.fetch(`/api${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      const text = await answer.text();
      return { status: answer.status, body: answer.ok ? (JSON.parse(text) as Record<string, unknown>) : text };
    };
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const signed = (body: string, secret = SECRET) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });

    expect(await post('/samples', bearer(lims))).toEqual({
      status: 200,
      body: { from: 'pattern', caller: { name: 'lims', by: 'token' }, body: { n: 1 } },
    });
    expect((await post('/other', bearer(lims))).status).toBe(403);
    expect((await post('/other', bearer(ci))).status).toBe(200);
    expect((await post('/samples')).status).toBe(401);

    expect(await post('/github', signed('{"n":2}'), '{"n":2}')).toEqual({
      status: 200,
      body: { from: 'hook', caller: { name: 'GitHub', by: 'signature' }, body: { n: 2 } },
    });
    expect((await post('/github', signed('{"n":2}'), '{"n":2}')).status).toBe(409);
    expect((await post('/github', signed('{"n":3}', 'somebody-elses-secret'), '{"n":3}')).status).toBe(401);
    // The pattern of the other node would take them as well: a path in another spelling is none of the webhook's.
    for (const path of ['/GitHub', '/github/', '/%67ithub'])
      expect([path, (await post(path)).status]).toEqual([path, 401]);

    // A revoked token is refused within 5 s; a broken file changes nothing.
    write('- {name: lims}');
    await appliance.until(
      () => appliance.lines.some(({ event }) => event === 'flows.callers'),
      'the refusal of the file',
    );
    expect((await post('/samples', bearer(lims))).status).toBe(200);
    const revoked = performance.now();
    write(line('ci', ci, '/'));
    while ((await post('/samples', bearer(lims))).status === 200)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(performance.now() - revoked).toBeLessThan(IN_TIME_MS);

    // With the node its way in goes: what is left of the path is the pattern's, behind the gate.
    const session = await EditorSession.signIn(appliance);
    const left = (await session.flows()).filter(({ type }) => type !== 'redstart-webhook-in');
    expect((await session.call('POST', '/flows', left)).status).toBe(204);
    // For a moment it might be on its way back, as in any deploy; then it is the pattern's.
    expect((await post('/github', signed('{"n":4}'), '{"n":4}')).status).toBe(503);
    while ((await post('/github', bearer(ci))).status === 404) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await post('/github', bearer(ci))).body).toMatchObject({ from: 'pattern' });
    expect(appliance.output).not.toContain(SECRET);
  });
});
