import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import type { GitConfig } from '../config/index.ts';
import type { GitCode } from '../error-catalogue.ts';
import { withFolderLock } from '../flows/folder-lock.ts';
import { finishWriting } from '../flows/write-files.ts';
import { type KeptState, readKept, writeKept } from './follower-state.ts';
import type { GitClient, Ref } from './git-client.ts';
import { GitError } from './git-error.ts';
import { differences, short, type Tree, treeOf, writeTree } from './revision-folder.ts';

export interface GitFollowerOptions {
  config: GitConfig;
  git: GitClient;
  /** Folder of its own within the data folder. */
  dir: string;
  /** The folder that the flows are loaded from. */
  flowsDir: string;
  /** What is wrong with the flows in a folder; empty: nothing. */
  check(dir: string): Promise<readonly string[]>;
  /** Null: none is asked for. Else what went wrong; empty: nothing. */
  rehearse: ((dir: string) => Promise<readonly string[]>) | null;
  /** Loads the folder's flows and puts those that changed in force. Rejects when they do not run. */
  apply(): Promise<void>;
  audit: Audit;
  logger: Logger;
  /** Returns how to call it off. */
  schedule(work: () => void, milliseconds: number): () => void;
  now(): Date;
}

/** For the operations page. */
export interface GitStatus {
  url: string;
  ref: string;
  path: string;
  /** The commit in force; null before the first. */
  revision: string | null;
  /** Commit of deploys made here that are in force on top of it. */
  deployed: string | null;
  appliedAt: string | null;
  /** When the repository was last read without an error. */
  checkedAt: string | null;
  lastError: { code: GitCode; message: string; mend: string; at: string; revision: string | null } | null;
}

export interface GitFollower {
  /**
   * Has the flows of the last good revision in their folder; those of the repository when there is none yet, and then it
   * throws a GitError when they cannot be had.
   */
  prepare(): Promise<void>;
  /** From now on the repository is followed. */
  start(): void;
  /**
   * Looks at once. Resolves when it has, also when it failed: see `status`.
   * @param pushed the repository said that there is something new
   */
  sync(pushed?: boolean): Promise<void>;
  /** To be called after a deploy was written to the folder. */
  deployed(user: string): void;
  status(): GitStatus;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const LONGEST_WAIT_MS = 600_000;

/** Follows a branch or tag. Whatever goes wrong, the flows that run go on, and what was wrong is said. */
export function createGitFollower(options: GitFollowerOptions): GitFollower {
  const { config, git, dir, flowsDir, audit, logger } = options;
  const stateFile = join(dir, 'state.json');
  const journal = join(dir, '.apply.json');
  const candidate = join(dir, 'candidate');
  let kept: KeptState | null = null;
  let checkedAt: string | null = null;
  /** Why the repository could not be read or written when that was last tried. */
  let trouble: GitStatus['lastError'] = null;
  /** Why the revision that the ref points to is not in force. */
  let rejected: GitStatus['lastError'] = null;
  /** What the ref pointed to when it was last dealt with, one way or the other. */
  let seen: string | null = null;
  /** What the ref was when it was last looked up. */
  let kind: Ref['kind'] | null = null;
  let failures = 0;
  let lastUser: string | null = null;
  /** What the folder of the candidate has: the next one is written over it. */
  let candidateTree: Tree | null = null;
  let stopped = false;
  let started = false;
  let cancel = (): void => {};
  let running: Promise<unknown> = Promise.resolve();

  /** One after the other: a deploy and a new revision write to the same folder. */
  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = running.then(work, work);
    running = next.catch(() => {});
    return next;
  }

  /** Those of the last revisions: each is asked for more than once. */
  const trees = new Map<string, Tree>();
  async function treeAt(commit: string): Promise<Tree> {
    const tree = trees.get(commit) ?? (await treeOf(git, commit));
    trees.delete(commit);
    trees.set(commit, tree);
    for (const old of [...trees.keys()].slice(0, -2)) trees.delete(old);
    return tree;
  }

  const time = (): string => options.now().toISOString();
  const keep = async (state: KeptState): Promise<void> => {
    await writeKept(stateFile, state);
    kept = state;
  };

  function fail(error: unknown, revision: string | null): void {
    const known =
      error instanceof GitError
        ? error
        : new GitError(
            'GIT_APPLY_FAILED',
            error instanceof Error ? error.message : String(error),
            'See the log.',
            error,
          );
    const { code, message, mend } = known;
    const before = revision === null ? trouble : rejected;
    const told = { code, message, mend, at: time(), revision };
    if (revision === null) trouble = told;
    else rejected = told;
    // Every minute the same would hide everything else.
    if (before?.code === code && before.message === message) {
      logger.debug({ code, revision, mend }, message);
      return;
    }
    const inForce = kept ? `; the flows of ${short(kept.deployed ?? kept.revision)} go on` : '';
    logger.error({ code, revision, mend }, `${message}${inForce}`);
    audit.record({ event: 'git', user: 'git', outcome: 'refused', code, revision, ref: config.ref, why: message });
  }

  async function verified(ref: Ref, commit: string): Promise<string | null> {
    const before = kept?.revision ?? null;
    if (
      ref.kind === 'branch' &&
      config.rewrites === 'refuse' &&
      before !== null &&
      !(await git.contains(commit, before))
    ) {
      throw new GitError(
        'GIT_HISTORY_REWRITTEN',
        `Branch "${config.ref}" was force-pushed: ${short(before)}, which is in force, is not in the history of ${short(commit)}.`,
        'If that was meant, set REDSTART_GIT_REWRITES=follow and start again.',
      );
    }
    if (config.allowedSignersFile === null) return null;
    const { good, signer } = await git.signature(commit);
    if (!good) {
      throw new GitError(
        'GIT_UNSIGNED',
        `Commit ${short(commit)} is not signed by anybody in ${config.allowedSignersFile}.`,
        'Sign it with an SSH key that is in that file, and push again.',
      );
    }
    return signer;
  }

  /** Into a folder of their own first: nothing of a revision that is not good gets near the flows that run. */
  async function judged(commit: string): Promise<Tree> {
    const tree = await treeAt(commit);
    if (candidateTree === null) await rm(candidate, { recursive: true, force: true });
    const from = candidateTree ?? new Map<string, string>();
    candidateTree = null;
    await writeTree({ git, dir: candidate, from, to: tree });
    candidateTree = tree;
    const wrong = await options.check(candidate);
    if (wrong.length > 0) {
      throw new GitError(
        'GIT_FLOWS_INVALID',
        `Revision ${short(commit)} is not taken: ${listed(wrong)}`,
        'Correct it and push again. `redstart check` says the same before.',
      );
    }
    const failed = (await options.rehearse?.(candidate)) ?? [];
    if (failed.length > 0) {
      throw new GitError(
        'GIT_REHEARSAL_FAILED',
        `Revision ${short(commit)} is not taken, its rehearsals fail: ${listed(failed)}`,
        'Run `redstart test` in the repository, correct the flow or the rehearsal, and push again.',
      );
    }
    return tree;
  }

  async function putInForce(commit: string, tree: Tree, signer: string | null): Promise<void> {
    const before = kept?.deployed ?? kept?.revision ?? null;
    if (kept?.deployed && !(await git.contains(commit, kept.deployed))) {
      logger.warn(
        { revision: commit, deployed: kept.deployed },
        `revision ${short(commit)} does not have what was deployed here (${short(kept.deployed)}): it is on branch "${config.push}", and no longer in force`,
      );
    }
    if (kept) await keep({ ...kept, applying: commit });
    const safe = git.keep(commit, 'applied');
    safe.catch(() => {});
    try {
      while (!(await writeTree({ git, dir: flowsDir, from: await inFolder(), to: tree, journal, unless: dirty }))) {
        // Deployed just now: what is only in the folder is nowhere else.
        await commitDeploy(null);
        await pushDeploy();
      }
      await safe;
    } catch (error) {
      if (kept) await keep({ ...kept, applying: null });
      const failure = failedToApply(commit, error);
      failure.passing = true;
      throw failure;
    }
    try {
      if (started) await options.apply();
    } catch (error) {
      if (before !== null) await rollBack(before, commit);
      throw failedToApply(commit, error);
    }
    await keep({ revision: commit, deployed: null, pushed: false, appliedAt: time(), applying: null });
    logger.info({ revision: commit, ref: config.ref, signer }, `flows of revision ${short(commit)} are in force`);
    audit.record({
      event: 'git',
      user: 'git',
      outcome: 'applied',
      revision: commit,
      before,
      ref: config.ref,
      ...(signer !== null && { signer }),
    });
  }

  async function rollBack(to: string, from: string): Promise<void> {
    try {
      await writeTree({ git, dir: flowsDir, from: await treeAt(from), to: await treeAt(to), journal });
      await git.keep(kept?.revision ?? to, 'applied');
      if (kept) await keep({ ...kept, applying: null });
      if (started) await options.apply();
      audit.record({ event: 'git', user: 'git', outcome: 'rolled-back', revision: to, from });
    } catch (error) {
      logger.error({ err: error, revision: to }, `the flows of revision ${short(to)} cannot be put back in force`);
    }
  }

  async function lookUp(): Promise<Ref> {
    const ref = await git.lookUp();
    kind = ref.kind;
    return ref;
  }

  /** What was pushed to a branch is fetched without asking first: that tells as well where it is. */
  async function fetchPushed(): Promise<Ref | null> {
    if (kind !== 'branch') return null;
    // Why it cannot be had, looking it up tells.
    const commit = await git.fetch(kind).catch(() => null);
    return commit === null ? null : { kind, sha: commit };
  }

  async function look(pushed: boolean): Promise<void> {
    let about: string | null = null;
    try {
      await commitDeploy(null);
      await pushDeploy();
      const fetched = pushed ? await fetchPushed() : null;
      const ref = fetched ?? (await lookUp());
      checkedAt = time();
      if (ref.sha !== seen) {
        const commit = fetched?.sha ?? (await git.fetch(ref.kind));
        about = commit;
        if (commit !== kept?.revision) {
          try {
            const signer = await verified(ref, commit);
            await putInForce(commit, await judged(commit), signer);
          } catch (error) {
            // The same will be wrong with it the next time.
            if (error instanceof GitError && !error.passing) seen = ref.sha;
            throw error;
          }
        }
        seen = ref.sha;
        rejected = null;
      }
      trouble = null;
      failures = 0;
    } catch (error) {
      if (stopped) return;
      // Of a revision that is wrong the next is awaited as ever; only a repository that does not answer is left alone.
      if (about === null) failures++;
      fail(error, about);
    }
  }

  /** What the folder has while flows run; before that it is looked at. */
  async function inFolder(): Promise<Tree | null> {
    return kept && started ? await treeAt(kept.deployed ?? kept.revision) : null;
  }

  async function dirty(): Promise<boolean> {
    if (config.push === null || !kept || !started) return false;
    const { changed, removed } = await differences(flowsDir, await treeAt(kept.deployed ?? kept.revision));
    return changed.length + removed.length > 0;
  }

  /** Makes a commit of what the folder has otherwise than the last one. */
  async function commitDeploy(user: string | null): Promise<void> {
    if (config.push === null || !kept) return;
    const parent = kept.deployed ?? kept.revision;
    const files = await treeAt(parent);
    // Not while a deploy is being written: half of it would be a commit.
    const commit = await withFolderLock(flowsDir, async () => {
      const { changed, removed } = await differences(flowsDir, files);
      const all = [...changed, ...removed];
      if (all.length === 0) return null;
      const message = [`Deploy: ${titled(all)}`, '', ...all.map((name) => `- ${name}`), ''].join('\n');
      const author = authorOf(user ?? lastUser ?? 'unknown');
      return await git.commit({ parent, dir: flowsDir, changed, removed, message, author });
    });
    if (commit === null) return;
    await git.keep(commit, 'deployed');
    await keep({ ...kept, deployed: commit, pushed: false });
  }

  async function pushDeploy(): Promise<void> {
    if (config.push === null || !kept?.deployed || kept.pushed) return;
    const commit = kept.deployed;
    let branch = config.push;
    try {
      await git.push(commit, branch);
    } catch (error) {
      if (!(error instanceof GitError) || error.code !== 'GIT_PUSH_REFUSED') throw error;
      branch = `${config.push}-${short(commit)}`;
      await git.push(commit, branch);
      fail(new GitError(error.code, `${error.message} It is on branch "${branch}" now.`, error.mend, error), commit);
    }
    const followed = branch === config.ref;
    await keep(
      followed
        ? { revision: commit, deployed: null, pushed: false, appliedAt: time(), applying: null }
        : { ...kept, pushed: true },
    );
    if (followed) {
      await git.keep(commit, 'applied');
      seen = commit;
    }
    logger.info({ revision: commit, branch }, `deploy pushed to branch "${branch}" as ${short(commit)}`);
    audit.record({ event: 'git', outcome: 'pushed', revision: commit, branch });
  }

  function next(): void {
    if (stopped) return;
    const wait = Math.max(config.intervalMs, Math.min(config.intervalMs * 2 ** failures, LONGEST_WAIT_MS));
    // Not all appliances at the same second.
    cancel = options.schedule(() => void sync(), wait * (0.9 + Math.random() * 0.2));
  }

  let waiting: Promise<void> | null = null;
  let told = false;
  /** One that is asked for while another has not begun is the same. */
  function sync(pushed = false): Promise<void> {
    told ||= pushed;
    waiting ??= exclusive(async () => {
      const because = told;
      told = false;
      waiting = null;
      if (stopped) return;
      cancel();
      await look(because);
      next();
    });
    return waiting;
  }

  return {
    async prepare() {
      await finishWriting(journal);
      kept = await readKept(stateFile);
      if (kept) {
        // A deploy that a crash left without its commit must not be overwritten.
        if (kept.applying === null) await commitDeploy(null);
        else await keep({ ...kept, applying: null });
        const current = kept.deployed ?? kept.revision;
        await writeTree({ git, dir: flowsDir, from: null, to: await treeAt(current), journal });
        logger.info({ revision: current }, `flows of revision ${short(current)}, as when it stopped`);
        return;
      }
      const ref = await lookUp();
      const commit = await git.fetch(ref.kind);
      const signer = await verified(ref, commit);
      await putInForce(commit, await judged(commit), signer);
      checkedAt = time();
      seen = ref.sha;
    },
    start() {
      started = true;
      void sync();
    },
    sync,
    deployed(user) {
      if (config.push === null) return;
      lastUser = user;
      void exclusive(async () => {
        try {
          await commitDeploy(user);
          await pushDeploy();
        } catch (error) {
          fail(error, null);
        }
      });
    },
    status: () => ({
      url: config.url,
      ref: config.ref,
      path: config.path,
      revision: kept?.revision ?? null,
      deployed: kept?.deployed ?? null,
      appliedAt: kept?.appliedAt ?? null,
      checkedAt,
      lastError: trouble ?? rejected,
    }),
    async stop() {
      stopped = true;
      cancel();
      await running.catch(() => {});
    },
  };
}

function failedToApply(commit: string, error: unknown): GitError {
  return new GitError(
    'GIT_APPLY_FAILED',
    `Revision ${short(commit)} is not in force: ${error instanceof Error ? error.message : String(error)}`,
    'See the log. The last good revision is in force again; push a correction.',
    error,
  );
}

function listed(reasons: readonly string[]): string {
  const shown = reasons.slice(0, 5).join('; ');
  return reasons.length > 5 ? `${shown}; and ${reasons.length - 5} more` : shown;
}

function titled(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.length} files`;
}

/** Git ends a name at any of these. */
function authorOf(user: string): { name: string; email: string } {
  const name = user.replace(/[<>\p{Cc}]/gu, '').trim() || 'unknown';
  const email = /^[^\s@]+@[^\s@]+$/.test(name) ? name : `${name.replace(/[^\w.+-]/g, '-')}@redstart.invalid`;
  return { name, email };
}
