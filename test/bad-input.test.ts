import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { othersCanRun } from './support/other-user.ts';
import { connectionTo, launches, platform, post, TOKEN } from './support/platform.ts';

/** Starts it, expects that it refuses, and gives its exit code and what it printed. */
async function refused(
  setup: Parameters<typeof Appliance.launch>[0],
): Promise<{ code: number | null; output: string }> {
  await using appliance = Appliance.launch(setup);
  const code = await appliance.exited;
  return { code, output: appliance.output };
}

const oneFlow = (): Record<string, unknown> => ({ 'a.json': tab([node('comment')]) });

describe('a start with bad input', () => {
  it('names every wrong variable at once, never a secret, and exits 78', async () => {
    const { code, output } = await refused({
      flows: oneFlow(),
      env: {
        PORT: 'eighty',
        REDSTART_TLS: 'maybe',
        REDSTART_FLOWS_MODUS: 'editable',
        TOWER_ACCESS_TOKEN: `${TOKEN} with a space`,
        TOWER_WORKSPACE_ID: 'my-workspace',
      },
    });
    expect(code).toBe(78);
    for (const name of [
      'PORT',
      'REDSTART_TLS',
      'REDSTART_FLOWS_MODUS',
      'REDSTART_FLOWS_MODE',
      'TOWER_ACCESS_TOKEN',
      'TOWER_WORKSPACE_ID',
    ]) {
      expect(output).toContain(name);
    }
    expect(output).not.toContain(TOKEN);
  });

  it('names a token file that cannot be read, and exits 78', async () => {
    const { code, output } = await refused({ flows: oneFlow(), env: { TOWER_ACCESS_TOKEN_FILE: '/nowhere/token' } });
    expect(code).toBe(78);
    expect(output).toContain('TOWER_ACCESS_TOKEN_FILE');
    expect(output).toContain('/nowhere/token');
  });

  it('says which port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, output } = await refused({ flows: oneFlow(), env: { PORT: String(port) } });
    expect(code).not.toBe(0);
    expect(output).toContain(String(port));
    expect(output).toMatch(/in use/);
    await new Promise((resolve) => other.close(resolve));
  });

  it('stops at a flow file with a conflict marker: file, line and column, and the file as it was', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'flows'));
    const text =
      '[\n  {"id":"t","type":"tab","label":"A"},\n<<<<<<< HEAD\n  {"id":"n","type":"comment","z":"t"}\n=======\n>>>>>>> other\n]\n';
    writeFileSync(join(folder, 'flows', 'broken.json'), text);
    const { code, output } = await refused({ folder });
    expect(code).not.toBe(0);
    expect(output).toMatch(/broken\.json, line 3, column 1/);
    expect(output).toMatch(/merge/i);
    expect(readFileSync(join(folder, 'flows', 'broken.json'), 'utf8')).toBe(text);
  });

  it('stops at a credential secret that does not open the credentials, and keeps them', async () => {
    const folder = temporaryFolder();
    const flows = { 'a.json': tab([node('comment')]) };
    const env = {
      REDSTART_ADMIN_PASSWORD: 'correct horse battery',
      REDSTART_CREDENTIAL_SECRET: 'the first secret of all',
    };
    {
      await using appliance = await Appliance.start({ folder, flows, env });
      const sign = await appliance.fetch('/editor/auth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_id: 'node-red-editor',
          grant_type: 'password',
          scope: '*',
          username: 'admin',
          password: 'correct horse battery',
        }),
      });
      const { access_token: bearer } = (await sign.json()) as { access_token: string };
      const authorization = `Bearer ${bearer}`;
      const current = (await (
        await appliance.fetch('/editor/flows', { headers: { authorization } })
      ).json()) as unknown[];
      const own = {
        id: 'own0000000000001',
        type: 'seqera-config',
        name: 'mine',
        baseUrl: 'https://example.com',
        workspaceId: '',
        credentials: { token: 'kept-token-value' },
      };
      const deploy = await appliance.fetch('/editor/flows', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify([...current, own]),
      });
      expect(deploy.status).toBe(204);
      expect(await appliance.stop()).toBe(0);
    }
    const kept = readFileSync(join(folder, 'data', 'credentials.json'), 'utf8');
    expect(kept).not.toContain('kept-token-value');
    const { code, output } = await refused({
      folder,
      env: { ...env, REDSTART_CREDENTIAL_SECRET: 'quite another secret' },
    });
    expect(code).not.toBe(0);
    expect(output).toContain('REDSTART_CREDENTIAL_SECRET');
    expect(readFileSync(join(folder, 'data', 'credentials.json'), 'utf8')).toBe(kept);
  });

  // Root may write anywhere, so the folder is made unwritable for another user, who then starts the program.
  it.skipIf(!othersCanRun(65534))('says who must own the data folder, and how', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'flows'));
    mkdirSync(join(folder, 'data'), { mode: 0o755 });
    writeFileSync(join(folder, 'flows', 'a.json'), '[]');
    execFileSync('chown', ['root', join(folder, 'data')]);
    const { code, output } = await refused({ folder, uid: 65534 });
    expect(code).not.toBe(0);
    expect(output).toContain(join(folder, 'data'));
    expect(output).toContain('65534');
    expect(output).toMatch(/755/);
    expect(output).toMatch(/chown/);
  });
});

describe('a flow that meets a Platform which says no', () => {
  it.each([
    { name: 'an unknown launchpad name', launchpadName: 'helo', env: {}, code: 'SEQERA_NOT_FOUND', says: /hello/ },
    {
      name: 'a token that the Platform refuses',
      launchpadName: 'hello',
      env: { TOWER_ACCESS_TOKEN: 'not-the-token' },
      code: 'SEQERA_UNAUTHORIZED',
      says: /token/i,
    },
    {
      name: 'an endpoint where nobody answers',
      launchpadName: 'hello',
      env: { TOWER_API_ENDPOINT: 'http://127.0.0.1:9' },
      code: 'SEQERA_UNREACHABLE',
      says: /127\.0\.0\.1:9/,
    },
  ])(
    '$name: one clear error with its code, nothing launched, still running',
    async ({ launchpadName, env, code, says }) => {
      const simulator = await platform();
      await using collector = await Collector.listen();
      const folder = temporaryFolder();
      const start = trigger('/launch', []);
      const launch = node('seqera-workflow-launch', { seqera: '', launchpadName });
      wire(start[0]!, [launch, start[1]!]);
      const connection = connectionTo(simulator, folder);
      if ('TOWER_ACCESS_TOKEN' in env) delete connection.TOWER_ACCESS_TOKEN_FILE;
      await using appliance = await Appliance.start({
        folder,
        flows: { 'no.json': tab([...start, launch, ...errors(collector.url)]) },
        env: { ...connection, ...env },
      });
      await appliance.fetch('/api/launch', post());
      await collector.until(() => collector.on('/errors').length > 0, 55_000);
      expect(collector.on('/errors')).toHaveLength(1);
      expect(collector.on('/errors')[0]).toMatchObject({ code });
      expect(String(collector.on('/errors')[0]?.message)).toMatch(says);
      expect(launches(simulator)).toEqual([]);
      expect((await appliance.fetch('/readyz')).status).toBe(200);
      expect(await appliance.stop()).toBe(0);
      await simulator.close();
    },
  );
});
