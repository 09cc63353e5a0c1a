import { mkdir, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { type SimpleGit, simpleGit } from 'simple-git';
import type { GitConfig } from '../config/index.ts';
import { GitError, transportError } from './git-error.ts';
import { createObjectReader } from './object-reader.ts';
import { RevisionFiles } from './revision-files.ts';

export interface Ref {
  kind: 'branch' | 'tag';
  /** Of the commit, or of the annotated tag. */
  sha: string;
}

/** A file of a revision. */
export interface TreeFile {
  /** Within REDSTART_GIT_PATH, with slashes. */
  name: string;
  /** As git has it: 100644, 100755, 120000 for a link, 160000 for a submodule. */
  mode: string;
  blob: string;
  bytes: number;
}

export interface Signature {
  good: boolean;
  /** Name in the file of allowed signers. */
  signer: string;
}

/** What following a repository needs of git. */
export interface GitClient {
  /** Where the branch or tag is now. */
  lookUp(): Promise<Ref>;
  /** Brings it here, and gives the commit. */
  fetch(kind: Ref['kind']): Promise<string>;
  /** Whether `older` is in the history of `newer`. */
  contains(newer: string, older: string): Promise<boolean>;
  signature(commit: string): Promise<Signature>;
  files(commit: string): Promise<TreeFile[]>;
  /** Contents by blob. */
  read(blobs: readonly string[]): Promise<Map<string, Buffer>>;
  /** Makes a commit of the files in `dir` on top of `parent`. Names as in `files`. */
  commit(options: {
    parent: string;
    dir: string;
    changed: readonly string[];
    removed: readonly string[];
    message: string;
    author: { name: string; email: string };
  }): Promise<string>;
  /** Throws a GitError GIT_PUSH_REFUSED when the branch has gone on meanwhile. */
  push(commit: string, branch: string): Promise<void>;
  /** Keeps a commit from being cleared away. */
  keep(commit: string, as: 'applied' | 'deployed'): Promise<void>;
}

export interface GitClientOptions {
  config: GitConfig;
  /** Folder of its own: a bare repository, an empty home. */
  dir: string;
  proxy: { https: string | null; http: string | null; noProxy: string | null };
  signal: AbortSignal;
}

/** Output on either stream starts it anew: a fetch that goes on is not cut. */
const SILENT_MS = 60_000;
const SHA = /^[0-9a-f]{40}$/;
/** Commits that are looked through one by one, before git is asked for a common one. */
const NEAR = 100;
/** A file that is larger is not read: a revision must not have one. */
const MOST_BYTES = 128 * 1024 ** 2;

/**
 * System git on a bare repository of its own. Files are read out of it blob by blob and never checked out: so filters,
 * attributes, hooks, links and submodules of the repository mean nothing. Its configuration is written here at each start;
 * that of the system and the user is not read. Credentials are in the environment of the one command that needs them.
 */
export async function createGitClient(options: GitClientOptions): Promise<GitClient> {
  const { config, dir } = options;
  const { url } = config;
  const repository = join(dir, 'repository.git');
  const home = join(dir, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });

  const base: Record<string, string> = {
    PATH: config.searchPath ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    // Nothing that the repository names is fetched by another transport, ext:: above all, which runs a command.
    GIT_ALLOW_PROTOCOL: protocolOf(url),
    GIT_PROTOCOL_FROM_USER: '0',
  };

  /** @param input standard input of every command of it */
  const git = (environment: Record<string, string> = {}, input?: string): SimpleGit => {
    const env = { ...base, ...environment };
    return simpleGit({
      baseDir: repository,
      maxConcurrentProcesses: 1,
      timeout: { block: SILENT_MS },
      abort: options.signal,
      allowEnvironment: Object.keys(env),
      // Refused by default, as their values could come from a user. These are all written above and below.
      unsafe: {
        allowUnsafeConfigEnvCount: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeProtocolOverride: true,
        allowUnsafeSshCommand: true,
      },
      ...(input !== undefined && { input: () => input }),
    }).env(env);
  };

  const remote = (): Record<string, string> => ({ ...proxies(options.proxy), ...credentials(config) });

  await mkdir(repository, { recursive: true, mode: 0o700 });
  try {
    await git().raw(['init', '--bare', '--quiet']);
  } catch (error) {
    throw transportError(url, error);
  }
  await rm(join(repository, 'hooks'), { recursive: true, force: true });
  const authorities = join(dir, 'authorities.pem');
  const trusted = trustedAuthorities();
  if (trusted !== null) await writeFile(authorities, trusted, { mode: 0o600 });
  await writeFile(join(repository, 'config'), repositoryConfig(config, trusted === null ? null : authorities), {
    mode: 0o600,
  });

  const objects = createObjectReader({
    dir: repository,
    env: base,
    limit: MOST_BYTES,
    silentMs: SILENT_MS,
    signal: options.signal,
  });
  const revisions = new RevisionFiles(objects, config.path, sizesOf);

  /** The commit that a name is of, as git has it. */
  async function commitOf(name: string): Promise<{ id: string; text: string }> {
    const object = await objects.read(`${name}^{commit}`);
    if (!object?.content) throw new Error(`git has no commit ${name}`);
    return { id: object.id, text: object.content.toString() };
  }

  async function sizesOf(commit: string): Promise<Map<string, number>> {
    const { path } = config;
    const within = path === '' ? [] : ['--', `${path}/`];
    const output = await git().raw(['ls-tree', '-r', '-z', '-l', '--full-tree', sha(commit), ...within]);
    return new Map(
      output
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => {
          const [, , blob = '', size = '0'] = line.slice(0, line.indexOf('\t')).split(/ +/);
          return [blob, size === '-' ? 0 : Number(size)];
        }),
    );
  }

  /** Whether it is among the last commits; null: not among those that were looked at. */
  async function isNear(newer: string, older: string): Promise<boolean | null> {
    const seen = new Set([newer]);
    for (const commit of seen) {
      if (commit === older) return true;
      if (seen.size > NEAR) return null;
      const { text } = await commitOf(commit);
      const [head = ''] = text.split('\n\n', 1);
      for (const [, parent = ''] of head.matchAll(/^parent ([0-9a-f]{40})$/gm)) seen.add(parent);
    }
    return false;
  }

  async function lookUp(): Promise<Ref> {
    const [branch, tag] = [`refs/heads/${config.ref}`, `refs/tags/${config.ref}`];
    const output = await git(remote())
      .raw(['ls-remote', '--refs', '--', url, branch, tag])
      .catch((error: unknown) => {
        throw transportError(url, error);
      });
    const found = new Map(
      output
        .split('\n')
        .filter((line) => line.includes('\t'))
        .map((line) => line.split('\t').reverse() as [string, string]),
    );
    const sha = found.get(branch) ?? found.get(tag);
    if (sha === undefined || !SHA.test(sha)) {
      throw new GitError(
        'GIT_REF_MISSING',
        `${url} has no branch and no tag "${config.ref}".`,
        'Push it, or set REDSTART_GIT_REF to the branch or tag that is meant.',
      );
    }
    return { kind: found.has(branch) ? 'branch' : 'tag', sha };
  }

  return {
    lookUp,
    async fetch(kind) {
      const from = `refs/${kind === 'branch' ? 'heads' : 'tags'}/${config.ref}`;
      try {
        const flags = [
          '--quiet',
          '--no-tags',
          '--no-recurse-submodules',
          '--no-write-fetch-head',
          '--no-auto-maintenance',
          '--no-show-forced-updates',
        ];
        await git(remote()).raw(['fetch', ...flags, '--', url, `+${from}:refs/redstart/fetched`]);
      } catch (error) {
        throw transportError(url, error);
      }
      return (await commitOf('refs/redstart/fetched')).id;
    },
    async contains(newer, older) {
      const near = await isNear(sha(newer), sha(older));
      if (near !== null) return near;
      const common = await git()
        .raw(['merge-base', sha(newer), sha(older)])
        .catch(() => '');
      return common.trim() === older;
    },
    async signature(commit) {
      // A signature of another kind would have gpg read what anybody can push.
      const { text } = await commitOf(sha(commit));
      if (!/^gpgsig(?:-sha256)? -----BEGIN SSH SIGNATURE-----$/m.test(text.split('\n\n', 1)[0] ?? ''))
        return { good: false, signer: '' };
      const output = await git().raw(['log', '-1', '--no-show-signature', '--format=%G?%x09%GS', sha(commit)]);
      const [state = '', signer = ''] = output.trim().split('\t');
      return { good: state === 'G', signer };
    },
    files: (commit) => revisions.of(sha(commit)),
    read: (blobs) => revisions.read(blobs.map(sha)),
    async commit({ parent, dir: from, changed, removed, message, author }) {
      const env = {
        GIT_INDEX_FILE: join(dir, 'index'),
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_COMMITTER_NAME: 'Redstart',
        GIT_COMMITTER_EMAIL: 'redstart@redstart.invalid',
      };
      await rm(env.GIT_INDEX_FILE, { force: true });
      await git(env).raw(['read-tree', sha(parent)]);
      const paths = changed.map((name) => join(from, name));
      const blobs =
        paths.length === 0
          ? []
          : (await git(env, `${paths.join('\n')}\n`).raw(['hash-object', '-w', '--no-filters', '--stdin-paths']))
              .trim()
              .split('\n');
      const full = (name: string): string => (config.path === '' ? name : `${config.path}/${name}`);
      const lines = [
        ...changed.map((name, index) => `100644 ${blobs[index]}\t${full(name)}\0`),
        ...removed.map((name) => `0 ${'0'.repeat(40)}\t${full(name)}\0`),
      ];
      await git(env, lines.join('')).raw(['update-index', '-z', '--index-info']);
      const tree = (await git(env).raw(['write-tree'])).trim();
      const made = await git(env, message).raw(['commit-tree', sha(tree), '-p', sha(parent), '-F', '-']);
      await rm(env.GIT_INDEX_FILE, { force: true });
      return made.trim();
    },
    async push(commit, branch) {
      try {
        await git(remote()).raw(['push', '--quiet', '--no-verify', '--', url, `${sha(commit)}:refs/heads/${branch}`]);
      } catch (error) {
        if (/non-fast-forward|fetch first|stale info|rejected/i.test(String(error))) {
          throw new GitError(
            'GIT_PUSH_REFUSED',
            `${url} does not take the commit on branch "${branch}": somebody else pushed to it, or it is protected.`,
            'Nothing to do for the flows that run. Merge the branch that the commit was put on instead, or unprotect this one.',
            error,
          );
        }
        throw transportError(url, error);
      }
    },
    async keep(commit, as) {
      await git().raw(['update-ref', `refs/redstart/${as}`, sha(commit)]);
    },
  };
}

/** Nothing but a full id goes where git would take an option or an expression. */
function sha(id: string): string {
  if (!SHA.test(id)) throw new Error(`not the id of an object: ${id}`);
  return id;
}

function protocolOf(url: string): string {
  if (isAbsolute(url)) return 'file';
  return url.includes('://') ? new URL(url).protocol.slice(0, -1) : 'ssh';
}

function credentials({ url, token, sshKeyFile, knownHostsFile }: GitConfig): Record<string, string> {
  if (token !== null) {
    const { username, origin } = new URL(url);
    const pair = `${decodeURIComponent(username) || 'x-access-token'}:${token.reveal()}`;
    // In the environment, which only this user and root can look at; never an argument, never in a file. For this
    // server only: redirects are not followed either.
    return {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(pair).toString('base64')}`,
    };
  }
  if (sshKeyFile === null) return {};
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ForwardAgent=no',
  ];
  const command = ['ssh', '-F', '/dev/null', '-i', sshKeyFile, ...options.flatMap((option) => ['-o', option])];
  command.push('-o', `UserKnownHostsFile="${knownHostsFile ?? '/dev/null'}"`, '-o', 'GlobalKnownHostsFile=/dev/null');
  return { GIT_SSH_COMMAND: command.map(shellQuoted).join(' '), GIT_SSH_VARIANT: 'ssh' };
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function proxies({ https, http, noProxy }: GitClientOptions['proxy']): Record<string, string> {
  return {
    ...(https !== null && { https_proxy: https }),
    ...(http !== null && { http_proxy: http }),
    ...(noProxy !== null && { no_proxy: noProxy }),
  };
}

/**
 * With NODE_EXTRA_CA_CERTS git trusts what the rest of the program does. It takes one file, instead of the system's own:
 * so that has to be in it too.
 */
function trustedAuthorities(): string | null {
  if (getCACertificates('extra').length === 0) return null;
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])].join('\n');
}

function repositoryConfig({ allowedSignersFile }: GitConfig, authorities: string | null): string {
  const quoted = (path: string): string => `"${path.replace(/["\\]/g, '\\$&')}"`;
  const lines = [
    '[core]',
    '\trepositoryformatversion = 0',
    '\tbare = true',
    '\thooksPath = /dev/null',
    '\tfsmonitor = false',
    '\tattributesFile = /dev/null',
    '[fetch]',
    '\tfsckObjects = true',
    '[transfer]',
    '\tfsckObjects = true',
    '[http]',
    // A redirect would take the token to another host.
    '\tfollowRedirects = false',
    ...(authorities === null ? [] : [`\tsslCAInfo = ${quoted(authorities)}`]),
    '[gc]',
    '\tauto = 0',
    '[submodule]',
    '\trecurse = false',
    '[gpg]',
    '\tprogram = /bin/false',
  ];
  if (allowedSignersFile !== null) {
    lines.push('[gpg "ssh"]', `\tallowedSignersFile = ${quoted(allowedSignersFile)}`);
  }
  return `${lines.join('\n')}\n`;
}
