// Gives every file below each folder one time that follows from the folder's content, so that the same content makes the
// same layer. Not 1970: web servers make ETags of time and size, and a browser must notice a changed file of equal size.
//   node stamp.mjs DIR…
import { createHash } from 'node:crypto';
import { lstatSync, lutimesSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const FIRST = Date.UTC(2020, 0, 1) / 1000;
const YEARS = 5 * 365 * 24 * 3600;

function* tree(path) {
  const info = lstatSync(path);
  yield { path, info };
  if (info.isDirectory()) for (const name of readdirSync(path).sort()) yield* tree(join(path, name));
}

for (const folder of process.argv.slice(2)) {
  const entries = [...tree(folder)];
  const hash = createHash('sha256');
  for (const { path, info } of entries) {
    hash.update(`${path}\0${info.mode}\0`);
    if (info.isFile()) hash.update(readFileSync(path));
    if (info.isSymbolicLink()) hash.update(readlinkSync(path));
  }
  const time = FIRST + (hash.digest().readUInt32BE(0) % YEARS);
  // From the leaves up: a change below a folder would touch the folder again.
  for (const { path } of entries.reverse()) lutimesSync(path, time, time);
}
