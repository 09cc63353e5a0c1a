const MEANINGS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
};

/** Which file, which errno in words, for whom: what is needed to mend it without asking back. */
export function describeFileError(error: unknown, file: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words = code === undefined ? message : `${code}, ${MEANINGS[code] ?? message}`;
  return `${file} (${words}; Redstart runs as uid ${process.getuid?.() ?? 'unknown'})`;
}
