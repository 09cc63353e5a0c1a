import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version in the package.json above this file, wherever the build has put it. */
export function version(): string {
  const file = findPackageJSON('..', import.meta.url);
  return file ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';
}
