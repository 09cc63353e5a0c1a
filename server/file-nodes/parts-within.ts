import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The folders and the name that a path goes through within a folder; null when it leads out of it. The text alone is looked
 * at: relative names are taken from the folder, absolute ones must name it, `..` may not get above it.
 */
export function partsWithin(folder: string, name: string): string[] | null {
  // The system would read the path up to there, and nobody else would.
  if (name.includes('\0')) return null;
  const way = relative(folder, resolve(folder, name));
  if (way === '') return [];
  const parts = way.split(sep);
  return isAbsolute(way) || parts[0] === '..' ? null : parts;
}
