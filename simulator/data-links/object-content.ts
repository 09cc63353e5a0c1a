import type { Content } from '../router.ts';
import type { DataLink } from './data-link.ts';

const CHUNK = 65_536;

/** What is in an object: what was put into it, else a line that says its path, again and again. undefined: there is none. */
export function objectContent(link: DataLink, path: string): Content | undefined {
  const size = link.objects.size(path);
  if (size === undefined) return undefined;
  const bytes = link.contents.get(path);
  return { type: 'application/octet-stream', size, chunks: bytes ? [bytes] : madeUp(path, size) };
}

function* madeUp(path: string, size: number): Generator<Buffer> {
  const line = Buffer.from(`# simulated ${path}\n`);
  // A whole number of lines, so that the next chunk goes on where this one ends.
  const chunk = Buffer.concat(new Array<Buffer>(Math.ceil(CHUNK / line.length)).fill(line));
  for (let left = size; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
}

const TYPES: Record<string, string> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  xml: 'application/xml',
  json: 'application/json',
  gz: 'application/gzip',
};

export const mimeType = (path: string): string =>
  TYPES[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
