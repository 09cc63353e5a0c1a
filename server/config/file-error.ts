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

/** What to run when a file is there and only its permissions are wrong; else the example that fits anyway. */
export function mendFileError(error: unknown, file: string, otherwise: string): string {
  const uid = process.getuid?.();
  return (error as NodeJS.ErrnoException).code === 'EACCES' && uid !== undefined
    ? `chown ${uid} ${file} && chmod 400 ${file}  (and every folder above it must let uid ${uid} through)`
    : otherwise;
}
