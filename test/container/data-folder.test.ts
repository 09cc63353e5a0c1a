import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { asRoot, Container, runToEnd, volume } from './support/container.ts';
import { buildImage, docker, noEngine } from './support/engine.ts';

const env = { REDSTART_SIMULATOR: 'true', REDSTART_FLOWS_DIR: '/app/flows' };

describe.skipIf(noEngine !== null)('a data folder that cannot be used', () => {
  beforeAll(() => buildImage());

  it('of root: which path, which user, and the command that was told mends it', async () => {
    using data = volume();
    // Not empty: to an empty volume Docker gives the owner that the folder has in the image.
    asRoot(`${data.name}:/data`, 'touch /data/old && chown 0:0 /data && chmod 0755 /data');
    const { status, output } = runToEnd({ options: ['--volume', `${data.name}:/data`], env });
    expect(status).toBe(73);
    expect(output).toMatch(
      /^DATA_FOLDER_NOT_WRITABLE: The data folder \/data cannot be written \(EACCES\)\. It belongs to uid 0, gid 0, mode 0755; this process runs as uid 1000, gid 0\./m,
    );
    const [, told = ''] = /(docker run --rm --user 0 --entrypoint chown .*? -R 1000:0 \/data)\./.exec(output) ?? [];
    docker(...told.replace('VOLUME', data.name).replace('IMAGE', 'redstart:test').split(' ').slice(1));
    await using container = await Container.start({ options: ['--volume', `${data.name}:/data`] });
    expect(container.running).toBe(true);
  });

  it('a folder of the machine that belongs to another user', () => {
    const folder = join(temporaryFolder(), 'data');
    mkdirSync(folder, { mode: 0o700 });
    const { status, output } = runToEnd({ options: ['--volume', `${folder}:/data`, '--user', '4321:4321'], env });
    expect(status).toBe(73);
    expect(output).toMatch(/belongs to uid \d+, gid \d+, mode 0700; this process runs as uid 4321, gid 4321/);
    expect(output).toContain('sudo chown -R 4321:4321 FOLDER');
  });

  it('with a file in it that an earlier start as root left: that file', () => {
    using data = volume();
    asRoot(`${data.name}:/data`, 'umask 077; touch /data/state.db');
    const { status, output } = runToEnd({ options: ['--volume', `${data.name}:/data`], env });
    expect(status).toBe(73);
    expect(output).toContain('/data/state.db belongs to uid 0, gid 0, mode 0600; this process runs as uid 1000');
  });

  it('mounted read-only', () => {
    using data = volume();
    const { status, output } = runToEnd({ options: ['--volume', `${data.name}:/data:ro`], env });
    expect(status).toBe(73);
    expect(output).toMatch(/\(EROFS\)[\s\S]*mounted read-only: mount a writable volume there \(docker run -v /);
  });

  it('on a full disk: how much there is', () => {
    const tmpfs = ['--mount', 'type=tmpfs,destination=/data,tmpfs-size=1m,tmpfs-mode=1777'];
    const fill = 'head -c 2000000 /dev/zero > /data/ballast; exec node /app/dist/server/main.js serve';
    const { status, output } = runToEnd({ options: [...tmpfs, '--entrypoint', 'sh'], env, command: ['-c', fill] });
    expect(status).toBe(73);
    expect(output).toMatch(/\(ENOSPC\)[\s\S]*The disk is full \(0 of 1 MiB free, \d+ files can still be made\)/);
  });

  it('of another running container: which one, and the first is not disturbed', async () => {
    using data = volume();
    const options = ['--volume', `${data.name}:/data`];
    await using first = await Container.start({ options });
    const { status, output } = runToEnd({ options, env });
    expect(status).toBe(75);
    const id = docker('inspect', '--format', '{{.Id}}', first.name).slice(0, 12);
    expect(output).toMatch(/^DATA_FOLDER_IN_USE: .* by process 1 on [0-9a-f]{12} since /m);
    expect(output).toContain(`docker ps --filter id=${id}`);
    expect((await first.request('/readyz')).status).toBe(200);
    // It was killed, not stopped: the lock went with it.
    docker('kill', first.name);
    await using second = await Container.start({ options });
    expect(second.running).toBe(true);
  });

  it('of a newer version: refused with the schema, and unchanged', async () => {
    using data = volume();
    const options = ['--volume', `${data.name}:/data`];
    const script = (sql: string) =>
      `const d=new (require('node:sqlite').DatabaseSync)('/data/state.db'); console.log(JSON.stringify(d.prepare('PRAGMA user_version').get())); ${sql}`;
    await (await Container.start({ options }))[Symbol.asyncDispose]();
    const node = (sql: string) =>
      runToEnd({ options: [...options, '--entrypoint', 'node'], command: ['-e', script(sql)] }).output;
    node("d.exec('PRAGMA user_version = 4242')");
    const { status, output } = runToEnd({ options, env });
    expect(status).not.toBe(0);
    expect(output).toMatch(/^STORE_NEWER_SCHEMA: .*schema 4242; this version knows up to \d+/m);
    expect(output).toContain('→ Run the version that wrote it');
    expect(node('')).toContain('4242');
  });
});
