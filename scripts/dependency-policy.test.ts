import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dependencyProblems, type Lock, type LockedPackage, type Manifest } from './dependency-policy.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
const fine: LockedPackage = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' };
const root: Manifest = { name: 'root', dependencies: { a: '1.0.0' }, allowScripts: { builds: true } };
const problems = (packages: Record<string, LockedPackage>, manifest = root) =>
  dependencyProblems({ lockfileVersion: 3, packages: { '': {}, ...packages } }, [manifest]);

describe('the dependency policy', () => {
  it('is met by this project', () => {
    expect(
      dependencyProblems(read('package-lock.json') as Lock, [
        read('package.json') as Manifest,
        read('nodes/package.json') as Manifest,
      ]),
    ).toEqual([]);
  });

  it('takes packages with a hash and a known licence, links, and what a package bundles', () => {
    expect(
      problems({
        nodes: { version: '1.0.0' },
        'node_modules/a': { ...fine, license: '(GPL-3.0-only OR MIT)' },
        'node_modules/own': { link: true },
        'node_modules/a/node_modules/b': { version: '2.0.0', license: '(MIT AND Zlib)', inBundle: true },
        'node_modules/builds': { ...fine, hasInstallScript: true },
      }),
    ).toEqual([]);
  });

  it.each<[string, LockedPackage, RegExp]>([
    ['no hash', { version: '1.0.0', license: 'MIT' }, /^a@1\.0\.0 has no hash/],
    ['another place', { ...fine, resolved: 'https://example.org/a.tgz' }, /comes from example\.org/],
    ['an install script', { ...fine, hasInstallScript: true }, /runs a script/],
    ['no licence', { version: '1.0.0', integrity: 'sha512-x' }, /names no licence/],
    ['a licence nobody looked at', { ...fine, license: 'AGPL-3.0-only' }, /under AGPL-3\.0-only/],
    ['one of two licences unknown', { ...fine, license: '(MIT AND SSPL-1.0)' }, /under \(MIT AND SSPL-1\.0\)/],
  ])('refuses a package with %s', (_what, locked, told) => {
    expect(problems({ 'node_modules/a': locked })).toEqual([expect.stringMatching(told)]);
  });

  it.each(['^1.0.0', '*', 'latest', 'github:someone/a', 'file:../a'])('refuses the range %s', (range) => {
    expect(problems({}, { ...root, dependencies: { a: range } })).toEqual([
      `root asks for a ${range}; give one exact version`,
    ]);
  });
});
