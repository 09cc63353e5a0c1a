// The version is in package.json. Others that must name it are written from there, and a test compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLACES = [
  { file: 'package.json', pattern: /^( {2}"version": ")([^"]+)(")/m },
  { file: 'nodes/package.json', pattern: /^( {2}"version": ")([^"]+)(")/m },
  { file: 'package-lock.json', pattern: /^( {2}"version": ")([^"]+)(")/m },
  { file: 'package-lock.json', pattern: /(\n {4}"": \{\n {6}"name": "redstart",\n {6}"version": ")([^"]+)(")/ },
  { file: 'package-lock.json', pattern: /(\n {4}"nodes": \{\n {6}"name": "[^"]+",\n {6}"version": ")([^"]+)(")/ },
  { file: 'docker/chart/Chart.yaml', pattern: /^(version: )(\S+)()$/m },
  { file: 'docker/chart/Chart.yaml', pattern: /^(appVersion: )(\S+)()$/m },
];

/** Every place with the version that it has. */
export function versions(root) {
  return PLACES.map(({ file, pattern }) => {
    const [, , version] = pattern.exec(readFileSync(join(root, file), 'utf8')) ?? [];
    if (version === undefined) throw new Error(`${file} has no version where one is expected (${pattern})`);
    return { file, version };
  });
}

/** Writes it to every place. */
export function setVersion(root, version) {
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version)) throw new Error(`${version} is no version like 1.2.3`);
  for (const { file, pattern } of PLACES) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, `$1${version}$3`));
  }
}
