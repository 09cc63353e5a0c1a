export type FileRefusal = 'FILE_OUTSIDE' | 'FILE_NOT_PLAIN' | 'FILE_TOO_LARGE';

/** A flow names a file that it may not use. The code is in what is shown too: the log has texts, a catch node has both. */
export class FileRefused extends Error {
  readonly code: FileRefusal;

  constructor(code: FileRefusal, words: string) {
    super(`${code}: ${words}`);
    this.code = code;
  }
}

export function outside(name: string, folder: string): FileRefused {
  return new FileRefused(
    'FILE_OUTSIDE',
    `"${name}" is not within ${folder}, the folder for files of flows. Use a name relative to it; REDSTART_NODES_ALLOW=file opens all files`,
  );
}

export function notPlain(name: string, what: string): FileRefused {
  return new FileRefused('FILE_NOT_PLAIN', `"${name}" ${what}: flows read and write plain files`);
}
