import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('nothing is installed into a folder that other clones may use', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-setup-'));
  const [clone, shared] = [join(folder, 'clone'), join(folder, 'shared')];
  for (const dir of [join(clone, 'scripts'), shared]) mkdirSync(dir, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'setup.mjs'), join(clone, 'scripts', 'setup.mjs'));
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  writeFileSync(join(shared, '.redstart-installed'), 'of another package-lock.json');
  symlinkSync(shared, join(clone, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, [join(clone, 'scripts', 'setup.mjs')], { encoding: 'utf8' });
  expect(stderr).toMatch(/node_modules is a symbolic link.*\n→ Remove the link/);
  expect(status).toBe(1);
  expect(readdirSync(shared)).toEqual(['.redstart-installed']);
  rmSync(folder, { recursive: true });
});
