import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { othersCanRun } from '../../test/support/other-user.ts';
import { prepareDataFolder } from './data-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-data-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a user who owns nothing here is told. In a process of its own: rights are asked for by the real user id. */
function toldNobody(dir: string): string {
  const module = new URL('data-folder.ts', import.meta.url).href;
  const script = `import { prepareDataFolder } from ${JSON.stringify(module)};
    await prepareDataFolder(${JSON.stringify(dir)}).then(() => console.log('nothing'), (e) => console.log(e.code + ': ' + e.message + ' → ' + e.mend));`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  });
}

const others = othersCanRun(65534);

describe('the data folder', () => {
  it('is made, and a second start finds it as it is', async () => {
    const dir = join(folder, 'data');
    await prepareDataFolder(dir);
    await prepareDataFolder(dir);
    expect(readdirSync(join(dir, 'node-red'))).toEqual(['package.json']);
  });

  it.skipIf(!others)('of somebody else: told with both owners and what to run', () => {
    const dir = join(folder, 'data');
    mkdirSync(dir, { mode: 0o755 });
    expect(toldNobody(dir)).toMatch(
      /^DATA_FOLDER_NOT_WRITABLE: .*\(EACCES\)\. It belongs to uid 0, gid 0, mode 0755; this process runs as uid 65534, gid 65534\. → .*chown -R 65534:65534 /,
    );
  });

  it.skipIf(!others)('with a file that an earlier start left under another user: that file', () => {
    const dir = join(folder, 'data');
    mkdirSync(dir);
    chownSync(dir, 65534, 65534);
    writeFileSync(join(dir, 'state.db'), '', { mode: 0o600 });
    expect(toldNobody(dir)).toMatch(/\(EACCES at .*\/state\.db\)\. .*\/state\.db belongs to uid 0, gid 0, mode 0600; /);
  });

  it('does not mind what a file system keeps at the root of a volume', async () => {
    mkdirSync(join(folder, 'lost+found'), { mode: 0o000 });
    await prepareDataFolder(folder);
    expect(readdirSync(folder)).toContain('node-red');
  });
});
