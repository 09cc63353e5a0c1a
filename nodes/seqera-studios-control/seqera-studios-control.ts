import type { PlatformClient } from '../lib/client.ts';
import { changeStudio, readStudio, type StudioOperation } from '../lib/client-studios.ts';
import { sleep } from '../lib/clock.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { invalidInput, type SeqeraError, toSeqeraError } from '../lib/errors.ts';
import { studioStarts, studioStops } from '../lib/studio-status.ts';
import { type PlainObject, text } from '../lib/typed-input.ts';

const OPERATIONS = new Set(['start', 'stop', 'extend', 'delete']);
const DONE: Record<StudioOperation, string> = {
  start: 'starting',
  stop: 'stopping',
  extend: 'extended',
  delete: 'deleted',
};
const TRIES = 4;
const PAUSE_MS = 1000;

export default defineCallingNode({
  type: 'seqera-studios-control',
  doing: 'working',
  inputs: {
    studioId: text({ initial: 'studioId', type: 'msg', required: true }),
    operation: text({ initial: 'start', required: true }),
  },
  async run({ client, host, inputs: { studioId, operation } }) {
    if (!isOperation(operation))
      throw invalidInput(`operation is "${operation.slice(0, 40)}", and must be start, stop, extend or delete`);
    const { answer, alreadyDone } = await change(client, studioId, operation, host.signal);
    return {
      set: { payload: answer, studioId, ...(alreadyDone ? { alreadyDone } : {}) },
      status: `${alreadyDone ? 'already ' : ''}${DONE[operation]} ${studioId}`,
    };
  },
});

const isOperation = (text: string): text is StudioOperation => OPERATIONS.has(text);

interface Changed {
  answer: PlainObject;
  /** It was so before. */
  alreadyDone: boolean;
}

/** Repeated after an unclear failure only when the studio itself shows that the call took no effect. */
async function change(
  client: PlatformClient,
  studioId: string,
  operation: StudioOperation,
  signal: AbortSignal,
): Promise<Changed> {
  let doubtful = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { answer: await changeStudio(client, studioId, operation), alreadyDone: false };
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      const unclear = error.outcome === 'unknown';
      const refused = error.status === 400 || error.status === 409 || error.status === 404;
      // How long it lives now does not tell whether it was extended.
      if (operation === 'extend' || (!unclear && !refused) || error.code === 'SEQERA_STOPPED') throw error;
      const found = await look(client, studioId, operation, error, doubtful);
      if (found) return { answer: found, alreadyDone: !unclear && !doubtful };
      if (!unclear || attempt >= TRIES) throw error;
      doubtful = true;
      await sleep(client.http.clock, PAUSE_MS * attempt, signal);
    }
  }
}

/** What the studio says of it when the wanted state is reached, or undefined. */
async function look(
  client: PlatformClient,
  studioId: string,
  operation: Exclude<StudioOperation, 'extend'>,
  error: SeqeraError,
  doubtful: boolean,
): Promise<PlainObject | undefined> {
  try {
    const studio = await readStudio(client, studioId);
    const reached = operation === 'start' ? studioStarts(studio) : operation === 'stop' && studioStops(studio);
    return reached ? studio : undefined;
  } catch (thrown) {
    const missing = toSeqeraError(thrown).status === 404;
    if (!missing) throw error;
    // Gone by this call, when one of which the answer was lost was sent.
    return operation === 'delete' && (doubtful || error.outcome === 'unknown') ? { sessionId: studioId } : undefined;
  }
}
