import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FilePart, FlowFile } from './flow-file.ts';

interface Signature {
  size: number;
  ino: number;
  ctimeMs: number;
}

const seen = new WeakMap<FilePart, Signature>();

/** A change within the same tick of the file system's clock as the one before has the same time. */
const TICK_MS = 1000;

/**
 * Whether no part of a file was written since it was read, by what the file system says of it: of thousands of texts
 * this takes a tenth of what reading them does. The time of the last change cannot be set by anybody.
 */
export function isUntouched(file: FlowFile): boolean {
  return file.parts.every((part) => {
    const before = seen.get(part);
    const now = before && signatureOf(file, part);
    return now && now.size === before.size && now.ino === before.ino && now.ctimeMs === before.ctimeMs;
  });
}

/**
 * To be called when the file was read, or compared, since `from`. What was written shortly before that is not remembered:
 * it may have been written again meanwhile.
 */
export function rememberRead(file: FlowFile, from: number): void {
  for (const part of file.parts) {
    const signature = signatureOf(file, part);
    if (signature && signature.ctimeMs < from - TICK_MS) seen.set(part, signature);
  }
}

function signatureOf(file: FlowFile, part: FilePart): Signature | undefined {
  return statSync(join(dirname(file.path), part.name), { throwIfNoEntry: false });
}
