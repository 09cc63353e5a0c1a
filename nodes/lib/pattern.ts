import { Worker } from 'node:worker_threads';
import { invalidInput } from './errors.ts';

/** Tells which texts a regular expression finds something in, without ever holding up the event loop. */
export interface Pattern {
  test(texts: readonly string[]): Promise<boolean[]>;
  close(): void;
}

const LONGEST = 2_000;
/** About a millisecond of work between two turns of the loop. */
const BATCH = 500;
const PATIENCE_MS = 2_000;

/** @throws SEQERA_INVALID_INPUT when it does not compile */
export async function compilePattern(pattern: string): Promise<Pattern> {
  if (pattern.length > LONGEST) throw invalidInput(`The pattern is longer than ${LONGEST} characters`);
  // RE2 has no references back, and its translation of JavaScript's takes a named one for plain text.
  if (/\\(?:k<|[1-9])/.test(pattern)) return backtracking(pattern);
  // Loaded with the first pattern: it costs 10 ms.
  const { RE2JS } = await import('re2js');
  try {
    const expression = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return linear((text) => expression.test(text));
  } catch {
    return backtracking(pattern);
  }
}

/** RE2: the time grows with the text, whatever the expression. */
function linear(matches: (text: string) => boolean): Pattern {
  return {
    async test(texts) {
      const results: boolean[] = [];
      for (const text of texts) {
        results.push(matches(text));
        if (results.length % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return results;
    },
    close: () => undefined,
  };
}

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const expression = new RegExp(workerData);
parentPort.on('message', (texts) => parentPort.postMessage(texts.map((text) => expression.test(text))));
`;

/**
 * What RE2 cannot do (looking ahead, references back) and JavaScript's own engine can, which may take for ever: in a
 * thread of its own, with a limit of time.
 */
function backtracking(pattern: string): Pattern {
  try {
    new RegExp(pattern);
  } catch (error) {
    throw invalidInput(`The pattern is no regular expression: ${(error as Error).message}`);
  }
  let worker: Worker | undefined;
  const close = () => {
    void worker?.terminate();
    worker = undefined;
  };
  return {
    test(texts) {
      try {
        worker ??= new Worker(WORKER, { eval: true, workerData: pattern, execArgv: [], env: {} });
      } catch (error) {
        // Node.js was started without the right to make threads.
        const why = `cannot be used here: what RE2 does not know (looking ahead or back, references) needs a thread (${(error as Error).message})`;
        return Promise.reject(invalidInput(`The pattern ${JSON.stringify(pattern.slice(0, 100))} ${why}`));
      }
      const own = worker;
      return new Promise<boolean[]>((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(timer);
          own.removeAllListeners();
          end();
        };
        const fail = (reason: string) => () => {
          close();
          reject(invalidInput(`The pattern ${JSON.stringify(pattern.slice(0, 100))} ${reason}`));
        };
        const timer = setTimeout(() => {
          settle(fail(`takes too long to match: more than ${PATIENCE_MS / 1000} seconds for ${texts.length} names`));
        }, PATIENCE_MS);
        own.on('message', (results: boolean[]) => settle(() => resolve(results)));
        own.on('error', (error: Error) => settle(fail(`cannot be used: ${error.message}`)));
        own.on('exit', () => settle(fail('cannot be used: its thread ended')));
        own.postMessage(texts);
      });
    },
    close,
  };
}
