import type { GitStatus } from '../git/git-follower.ts';
import { NOT_READY, type NotReady } from '../http/not-ready.ts';
import type { StateStore } from '../state/state-store.ts';
import type { FailedStarts } from './failed-start.ts';
import { INCIDENTS_SCOPE, type IncidentBook, keyOf } from './incident-book.ts';
import { duration } from './words.ts';

/** A deploy stops flows for a moment, and a git host restarts: neither is a failure yet. */
export const READY_GRACE_MS = 15_000;
export const GIT_GRACE_MS = 120_000;
/** Asking for the readiness writes to the disk. */
const READY_EVERY_MS = 10_000;
/** There while the program runs. */
const MARK = 'running';

export interface ApplianceSignalsOptions {
  book: IncidentBook;
  store: Pick<StateStore, 'get' | 'write'>;
  now(): number;
  recoveryMs: number;
  appliance: string;
  /** Starts that failed before this one: once. */
  failedStarts(): FailedStarts | null;
  ready(): { ok: boolean; reasons: readonly NotReady[] } | null;
  git: (() => GitStatus) | null;
}

/** Whether the appliance as a whole is well: ready, steady, and with the newest flows. */
export class ApplianceSignals {
  readonly #options: ApplianceSignalsOptions;
  readonly #startedAt: number;
  #beganAt = 0;
  #started = false;
  #notReadySince: number | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #gitSince: number | null = null;
  #reason = '';
  #gitReason = '';

  constructor(options: ApplianceSignalsOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** From now on this process is the one that tells. */
  began(): void {
    const { book, appliance } = this.#options;
    this.#beganAt = this.#options.now();
    if (this.#marked()) {
      const text =
        'It was killed, ran out of memory, met an exception that nobody caught, or its machine went down. What its nodes remember is taken up again.';
      book.fail({ kind: 'appliance', id: 'appliance', label: appliance, problem: 'crashed', text, counted: true });
    }
    this.#mark(JSON.stringify(new Date(this.#startedAt).toISOString()));
  }

  /** It stops because it is told to. Calls back when that is on disk, or cannot be. */
  ended(done: () => void): void {
    this.#mark(null, done);
  }

  look(): void {
    this.#lookAtStart();
    this.#lookAtCrash();
    this.#lookAtReadiness();
    this.#lookAtGit();
  }

  #marked(): boolean {
    try {
      return this.#options.store.get(INCIDENTS_SCOPE, MARK) !== undefined;
    } catch {
      // A store that cannot be read is told of by the readiness.
      return false;
    }
  }

  #mark(text: string | null, done: () => void = () => {}): void {
    // When it cannot be written, the readiness tells so.
    this.#options.store.write([{ scope: INCIDENTS_SCOPE, key: MARK, text }], () => done());
  }

  /** It started, or nobody would look. */
  #lookAtStart(): void {
    if (this.#started) return;
    this.#started = true;
    const { book, appliance, failedStarts } = this.#options;
    const failed = failedStarts();
    if (failed === null) return;
    const subject = { kind: 'appliance', id: 'appliance', label: appliance, problem: 'not-started' } as const;
    book.failedBefore({ ...subject, text: failed.text }, failed);
    book.recover(keyOf(subject, subject.problem), 'Flows are loaded.');
  }

  #lookAtCrash(): void {
    const { book, now, recoveryMs } = this.#options;
    const ran = now() - this.#beganAt;
    // Not before it was told: it is an event, and no state that may pass unseen.
    if (ran >= recoveryMs && book.announced('crashed:appliance'))
      book.recover('crashed:appliance', `It has run for ${duration(ran)} since.`);
  }

  #lookAtReadiness(): void {
    const { book, now, ready, appliance } = this.#options;
    const at = now();
    if (at - this.#lookedAt < READY_EVERY_MS) return;
    this.#lookedAt = at;
    const state = ready();
    if (state === null || state.reasons.some((code) => code === 'starting' || code === 'stopping')) return;
    if (state.ok) {
      this.#notReadySince = null;
      book.recover('appliance:appliance', 'Flows run, and state is saved.');
      return;
    }
    this.#notReadySince ??= at;
    const text = state.reasons.map((code) => `${code}: ${NOT_READY[code]}`).join('\n');
    if (at - this.#notReadySince < READY_GRACE_MS) return;
    if (book.has('appliance:appliance') && text === this.#reason) return;
    this.#reason = text;
    book.fail({ kind: 'appliance', id: 'appliance', label: appliance, problem: 'not-ready', text });
  }

  #lookAtGit(): void {
    const { book, now, git } = this.#options;
    const status = git?.();
    if (!status) {
      book.recover('git:git', 'Flows no longer come from git.');
      return;
    }
    const { lastError, ref, checkedAt } = status;
    if (lastError === null) {
      this.#gitSince = null;
      // Before it looked for the first time nobody knows.
      if (checkedAt !== null && Date.parse(checkedAt) >= this.#startedAt)
        book.recover(
          'git:git',
          status.revision === null ? 'It was read.' : `Revision ${status.revision.slice(0, 12)} is in force.`,
        );
      return;
    }
    this.#gitSince ??= now();
    const grace = lastError.code === 'GIT_UNREACHABLE' ? GIT_GRACE_MS : 0;
    const text = `${lastError.code}: ${lastError.message}\n${lastError.mend}`;
    if (now() - this.#gitSince < grace || (book.has('git:git') && text === this.#gitReason)) return;
    this.#gitReason = text;
    book.fail({ kind: 'git', id: 'git', label: ref, problem: 'git', text });
  }
}
