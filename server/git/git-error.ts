import type { GitCode } from '../error-catalogue.ts';

/** Why the flows of a revision are not in force. The flows that run go on. */
export class GitError extends Error {
  readonly code: GitCode;
  readonly mend: string;
  /** The same revision may be good the next time. */
  passing = false;
  constructor(code: GitCode, message: string, mend: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.mend = mend;
  }
}

/** What git said when it could not reach or read the repository, in words of who has to act. */
export function transportError(url: string, error: unknown): GitError {
  if (error instanceof GitError) return error;
  const said = (error instanceof Error ? error.message : String(error)).trim();
  const last = said
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .join(' ');
  if (/ENOENT.*\bgit\b|spawn git/i.test(said))
    return new GitError(
      'GIT_MISSING',
      'The program git is not installed here.',
      'Install git (and ssh for ssh addresses).',
      error,
    );
  if (/ERR_ACCESS_DENIED|ChildProcess.*permission/i.test(said)) return notPermitted(error);
  if (/host key verification failed|no .* host key is known/i.test(said)) {
    return new GitError(
      'GIT_HOST_UNKNOWN',
      `The server of ${url} does not have the key that is expected of it.`,
      'Put its key into REDSTART_GIT_KNOWN_HOSTS_FILE, after comparing it with what your git host publishes.',
      error,
    );
  }
  if (/certificate/i.test(said)) {
    return new GitError(
      'GIT_CERTIFICATE_UNTRUSTED',
      `The certificate of the server of ${url} is not trusted: ${last}`,
      'Put the authority that issued it into the file of NODE_EXTRA_CA_CERTS. If it is a public one, somebody is in between.',
      error,
    );
  }
  if (/no user exists for uid/i.test(said)) {
    return new GitError(
      'GIT_ACCESS_DENIED',
      `ssh refuses to run as a user that /etc/passwd does not have: ${last}`,
      'Run as user 1000 of the image, add the user to /etc/passwd, or use an https address with a token.',
      error,
    );
  }
  if (
    /authentication failed|could not read (?:username|password)|permission denied|\b40[13]\b|access denied|terminal prompts disabled/i.test(
      said,
    )
  ) {
    return new GitError(
      'GIT_ACCESS_DENIED',
      `${url} refuses the access: ${last}`,
      'Check REDSTART_GIT_TOKEN or REDSTART_GIT_SSH_KEY_FILE: expired, revoked, or without the right to this repository?',
      error,
    );
  }
  return new GitError(
    'GIT_UNREACHABLE',
    `${url} cannot be read: ${last || 'git said nothing'}`,
    'Check REDSTART_GIT_URL, and whether the repository is there and reachable from here. It is tried again by itself.',
    error,
  );
}

export function notPermitted(cause?: unknown): GitError {
  return new GitError(
    'GIT_NOT_PERMITTED',
    'This process may not start other programs (Node.js runs with --permission), and following git starts git.',
    'Add --allow-child-process to the options of node, or mount the flows as a folder instead of REDSTART_GIT_URL.',
    cause,
  );
}
