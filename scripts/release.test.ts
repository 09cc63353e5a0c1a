import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changelog } from './release/changelog.mjs';
import { setVersion, versions } from './release/versions.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-release-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const distinct = (places: { version: string }[]) => [...new Set(places.map(({ version }) => version))];

describe('the version', () => {
  it('is the same wherever it is named', () => {
    expect(distinct(versions(root))).toHaveLength(1);
  });

  it('is written to every place, and to nothing else', () => {
    for (const { file } of versions(root)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(root, file), join(folder, file));
    }
    setVersion(folder, '7.8.9-rc.1');
    expect(distinct(versions(folder))).toEqual(['7.8.9-rc.1']);
    expect(() => setVersion(folder, 'new')).toThrow('no version like 1.2.3');
    setVersion(folder, distinct(versions(root))[0] ?? '');
    expect(
      execFileSync('diff', [
        '-r',
        join(folder, 'docker', 'chart', 'Chart.yaml'),
        join(root, 'docker', 'chart', 'Chart.yaml'),
      ]).toString(),
    ).toBe('');
    expect(execFileSync('diff', [join(folder, 'package-lock.json'), join(root, 'package-lock.json')]).toString()).toBe(
      '',
    );
  });
});

describe('the changelog', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder, stdio: 'pipe' });
  const commit = (message: string) => git('commit', '--allow-empty', '-q', '-m', message);

  it('says what commits say to those who use it, since the last tag', () => {
    git('init', '-q');
    commit('Before');
    git('tag', 'v1.0.0');
    commit('A subject');
    commit('Inner words\n\nA body.\n\nChangelog: The monitor takes labels.');
    commit('Tidied\n\nChangelog: none');
    expect(changelog(folder, { version: '1.1.0', date: '2030-01-01' })).toBe(
      '# Redstart 1.1.0 (2030-01-01)\n\nSince v1.0.0:\n\n- A subject\n- The monitor takes labels.\n',
    );
  });

  it('of the first release has everything', () => {
    git('init', '-q');
    commit('One');
    expect(changelog(folder, { version: '0.1.0', date: '2030-01-01' })).toContain('The first release.\n\n- One\n');
  });
});
