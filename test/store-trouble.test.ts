import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { node, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';

/** `POST /api/count` counts in the flow's context and answers with the number, or 500 with what the store said. */
function counting() {
  const start = node('http in', { url: '/count', method: 'post' });
  const count = node('function', {
    func: "const n = (flow.get('n') ?? 0) + 1; flow.set('n', n); msg.payload = String(n); return msg;",
  });
  const answer = node('http response', {});
  const caught = node('catch', { scope: null });
  const failed = node('function', { func: 'msg.payload = msg.error.message; msg.statusCode = 500; return msg;' });
  wire(start, [count]);
  wire(count, [answer]);
  wire(caught, [failed]);
  wire(failed, [answer]);
  return { 'count.json': tab([start, count, answer, caught, failed]) };
}

const env = { REDSTART_HTTP_AUTH: 'none' };
const count = async (appliance: Appliance): Promise<[number, string]> => {
  const answer = await appliance.fetch('/api/count', { method: 'POST' });
  return [answer.status, await answer.text()];
};
const ready = async (appliance: Appliance) => (await appliance.fetch('/readyz')).status;

describe('the store in trouble', () => {
  it('a corrupt file: kept aside and named, not ready, flows get errors, nothing begun anew by itself', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'state.db'), 'once a database '.repeat(1000));
    await using appliance = Appliance.launch({ folder, flows: counting(), env });
    await appliance.until(() => appliance.url !== '', 'the address');
    expect(await ready(appliance)).toBe(503);
    const [status, said] = await count(appliance);
    expect([status, said]).toEqual([500, expect.stringMatching(/state\.db is corrupt.*kept as .*state\.db\.corrupt-/)]);
    expect(readdirSync(join(folder, 'data')).filter((name) => name.startsWith('state.db'))).toEqual([
      expect.stringMatching(/^state\.db\.corrupt-/),
    ]);
    expect(await appliance.stop()).toBe(0);
  });

  // A file system of its own can be filled; only root can mount one.
  it.skipIf(!canMount())(
    'a full disk: not ready, flows get errors, and all is as before when there is room',
    async () => {
      const folder = temporaryFolder();
      const disk = join(folder, 'data');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
      onTestFinished(() => void execFileSync('umount', ['-l', disk]));
      await using appliance = await Appliance.start({ folder, flows: counting(), env });
      expect(await count(appliance)).toEqual([200, '1']);

      const ballast = join(disk, 'ballast');
      expect(() => writeFileSync(ballast, Buffer.alloc(32 * 1024 * 1024))).toThrow(/ENOSPC/);
      await expect.poll(() => ready(appliance), { timeout: 15_000, interval: 300 }).toBe(503);
      expect((await count(appliance))[0]).toBe(500);
      rmSync(ballast);
      await expect.poll(() => ready(appliance), { timeout: 15_000, interval: 300 }).toBe(200);
      expect(await count(appliance)).toEqual([200, '2']);
      expect(await appliance.stop()).toBe(0);
    },
  );
});

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
