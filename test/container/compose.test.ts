import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/folder.ts';
import { buildImage, docker, IMAGE, noEngine, root, tryDocker } from './support/engine.ts';

const noCompose = spawnSync('docker-compose', ['version']).status !== 0;
if (noCompose) console.warn('The compose file is not tried: docker-compose is not installed');

const HASH = '$2b$10$7EqJtq98hPqEX7fNZaFWoO5x1Zb6x3b1t3gqkR1vWbQyZzJ8q8y2K';

/** The docker folder with secrets in it; the compose file without `name`, which older Compose does not know. */
function project() {
  const folder = join(temporaryFolder(), 'docker');
  cpSync(join(root, 'docker'), folder, { recursive: true });
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^name: .*$/m, ''));
  for (const [name, text] of Object.entries({
    'tower-token': 'a-token-for-tests',
    'admin-password-hash': HASH,
    'credential-secret': randomBytes(16).toString('hex'),
    'database-url': 'postgres://redstart:secret-of-tests@db/redstart',
    'database-password': 'secret-of-tests',
    'metrics-password': 'a long password of tests',
  })) {
    writeFileSync(join(folder, 'secrets', name), text);
    chmodSync(join(folder, 'secrets', name), 0o640);
  }
  const name = `redstart-test-${randomBytes(4).toString('hex')}`;
  const env = { ...process.env, IMAGE, PUBLISH_PORT: '0', FLOWS_FOLDER: join(root, 'flows') };
  const compose = (...args: string[]) =>
    spawnSync('docker-compose', ['-p', name, '-f', file, ...args], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 120_000,
    });
  return { compose };
}

describe.skipIf(noCompose)('the compose file', () => {
  it('is valid, and every service may do as little as it can', () => {
    const { status, stdout, stderr } = project().compose(
      ...['tls', 'replicas', 'monitoring'].flatMap((profile) => ['--profile', profile]),
      'config',
    );
    expect(stderr).not.toContain('invalid');
    expect(status).toBe(0);
    const { services } = parse(stdout) as { services: Record<string, Record<string, unknown>> };
    expect(Object.keys(services).sort()).toEqual([
      'balancer',
      'caddy',
      'db',
      'grafana',
      'prometheus',
      'redstart',
      'redstart-1',
      'redstart-2',
      'redstart-behind-proxy',
      'redstart-metered',
    ]);
    for (const [name, service] of Object.entries(services)) {
      expect(service.mem_limit, name).toBeDefined();
      if (name === 'db') continue;
      // It writes plugins and its database where its image has them.
      if (name === 'grafana') service.read_only = true;
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
    // No secret is a variable.
    for (const { environment } of Object.values(services)) {
      const names = Object.keys((environment ?? {}) as object);
      expect(
        names.filter((name) => /TOKEN|SECRET|PASSWORD|DATABASE_URL/.test(name) && !/_FILE$|__FILE$/.test(name)),
      ).toEqual([]);
    }
    // Of the profile tls only the proxy can be reached from outside.
    expect(services['redstart-behind-proxy']).not.toHaveProperty('ports');
  });

  it('what the proxy is believed for is its network alone', () => {
    const file = parse(readFileSync(join(root, 'docker', 'compose.yaml'), 'utf8'), { merge: true });
    const { subnet } = file.networks.proxied.ipam.config[0];
    expect(file.services['redstart-behind-proxy'].environment).toMatchObject({
      REDSTART_TRUST_PROXY: subnet,
      REDSTART_TLS: 'off',
    });
    expect(readFileSync(join(root, 'docker', 'caddy', 'Caddyfile'), 'utf8')).toContain(
      'reverse_proxy redstart-behind-proxy:1880',
    );
  });

  it.skipIf(noEngine !== null)('starts the appliance, which reads its secrets and becomes ready', async () => {
    buildImage();
    const { compose } = project();
    onTestFinished(() => void compose('down', '--volumes', '--timeout', '5'));
    const { status, stderr } = compose('up', '--detach', '--no-build', 'redstart');
    expect(status, stderr).toBe(0);
    const id = compose('ps', '--quiet', 'redstart').stdout.trim();
    const port = Number(docker('port', id, '1880').split(':').at(-1));
    const statusOf = (path: string) =>
      new Promise<number>((resolve) => {
        https
          .get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          })
          .on('error', () => resolve(0));
      });
    await expect.poll(() => statusOf('/readyz'), { timeout: 60_000, interval: 200 }).toBe(200);
    expect(await statusOf('/editor/')).toBe(200);
    const logs = tryDocker('logs', id).output;
    expect(logs).not.toContain('a credential secret was generated');
  });
});
