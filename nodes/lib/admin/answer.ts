import type { Request, Response } from 'express';
import { invalidInput, type SeqeraErrorCode, toSeqeraError } from '../errors.ts';
import type { RedApi } from '../red.ts';
import { lookups } from './lookups.ts';
import { readQuestion } from './question.ts';
import { Refusal } from './refusal.ts';
import type { LookupName } from './routes.ts';

const LONGEST_BODY = 16 * 1024;
const PATIENCE_MS = 20_000;

/**
 * Answers one question of a dialog; a failure as `{code, message}`, with `{reason, values}` where the dialog has words for it. Never with 401 or 403 for what the Platform refused:
 * the editor would take that for the end of its own session.
 */
export async function answer(RED: RedApi, lookup: LookupName, request: Request, response: Response): Promise<void> {
  const stop = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, PATIENCE_MS);
  response.on('close', () => stop.abort());
  response.set('Cache-Control', 'no-store');
  try {
    const question = readQuestion(bodyOf(request));
    const found = await lookups[lookup]({ RED, question, signal: stop.signal });
    response.json(found);
  } catch (thrown) {
    const error = late ? new Refusal('SEQERA_TIMEOUT', 'late', { seconds: PATIENCE_MS / 1000 }) : toSeqeraError(thrown);
    const { code, message } = error;
    if (code === 'SEQERA_INTERNAL') RED.log.error(`seqera: ${lookup} failed: ${message}`);
    const said = error instanceof Refusal ? { reason: error.reason, values: error.values } : {};
    if (!response.writableEnded && !response.destroyed)
      response.status(statusOf(code)).json({ code, message, ...said });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What Node-RED's own parser has read. JSON only: a form of another site can be posted without asking (the admin API of a
 * Node-RED without sign-in has no other guard), JSON cannot.
 */
function bodyOf(request: Request): unknown {
  if (!request.is('application/json')) throw invalidInput('The request must be JSON.');
  const size = Number(request.headers['content-length'] ?? 0);
  if (size > LONGEST_BODY || JSON.stringify(request.body ?? null).length > LONGEST_BODY) {
    throw invalidInput(`The request is larger than ${LONGEST_BODY} bytes.`);
  }
  return request.body;
}

function statusOf(code: SeqeraErrorCode): number {
  if (code === 'SEQERA_INVALID_INPUT') return 400;
  if (code === 'SEQERA_NO_CONNECTION') return 404;
  return code === 'SEQERA_INTERNAL' ? 500 : 502;
}
