import { TestRunner } from 'vitest';

export interface Figures {
  tried: number;
  refused: number;
  /** What the documentation says is open. */
  open: number;
}

declare module 'vitest' {
  interface TaskMeta {
    /** Of this test, by subject: the reporter adds them up. */
    attempts?: { retry: number; figures: Record<string, Figures> };
  }
}

/**
 * Counts attempts of the running test. What is neither refused nor open by design is a hole: then the test fails too.
 * @param times how many attempts these were
 */
export function attempted(subject: string, outcome: 'refused' | 'open' | 'let in', times = 1): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error('attempts are counted in tests');
  const retry = test.result?.retryCount ?? 0;
  // A second try of the test counts anew.
  if (test.meta.attempts?.retry !== retry) test.meta.attempts = { retry, figures: {} };
  const { figures } = test.meta.attempts;
  const figure = figures[subject] ?? { tried: 0, refused: 0, open: 0 };
  figures[subject] = figure;
  figure.tried += times;
  if (outcome === 'refused') figure.refused += times;
  if (outcome === 'open') figure.open += times;
}

/** Counts it, and says whether it was refused: for tests that gather what was not. */
export function isRefused(subject: string, refused: boolean): boolean {
  attempted(subject, refused ? 'refused' : 'let in');
  return refused;
}
