import { readFileSync } from 'node:fs';
import { readableText } from '../diff/readable-text.ts';

/** Git's textconv: the file as lines that a diff reads well. */
export function textconv(path: string): void {
  process.stdout.write(readableText(path, readFileSync(path, 'utf8')));
}
