import type { Patch } from '../live.ts';
import type { StatusReport } from '../status-schema.ts';

export type Connection = 'connecting' | 'live' | 'polling' | 'lost';

export interface Listener {
  report(report: StatusReport): void;
  patch(patch: Patch): void;
  connection(state: Connection): void;
  signedOut(): void;
}

const LONGEST_WAIT_MS = 30_000;
const POLL_MS = 10_000;
/** The other side says something every 15 s. */
const SILENCE_MS = 40_000;

/**
 * Server-sent events, read by hand: a browser's own reader can send no header, and a token does not belong in a URL.
 * @returns how to stop
 */
export function follow(bearer: string, listener: Listener): () => void {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${bearer}` };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const listen = async (answer: Response): Promise<void> => {
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) return;
    listener.connection('live');
    let text = '';
    for (;;) {
      const quiet = setTimeout(() => void reader.cancel(), SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(quiet));
      if (done) return;
      text += value;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  };

  const take = (block: string): void => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
    if (name === 'report' && data) listener.report(JSON.parse(data) as StatusReport);
    else if (name === 'patch' && data) listener.patch(JSON.parse(data) as Patch);
  };

  const once = async (): Promise<'again' | 'poll' | 'out'> => {
    const answer = await fetch('status/events', { headers, signal: stop.signal });
    if (answer.status === 401) return 'out';
    if (answer.status === 503) return 'poll';
    if (answer.ok) await listen(answer);
    return 'again';
  };

  const poll = async (): Promise<void> => {
    const answer = await fetch('status.json', { headers, signal: stop.signal });
    if (!answer.ok) return;
    listener.report((await answer.json()) as StatusReport);
    listener.connection('polling');
  };

  const run = async (): Promise<void> => {
    for (let wait = 500; !stop.signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const began = Date.now();
      try {
        const next = await once();
        if (next === 'out') return listener.signedOut();
        if (next === 'poll') {
          await poll();
          wait = POLL_MS;
        }
      } catch {
        // As when the network is gone: tried again.
      }
      if (stop.signal.aborted) return;
      if (Date.now() - began > LONGEST_WAIT_MS) wait = 500;
      if (wait !== POLL_MS) listener.connection('lost');
      await pause(wait);
    }
  };
  void run();
  return () => stop.abort();
}
