import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { aboutRun, ERROR_CATALOGUE, SeqeraError, toSeqeraError } from './errors.ts';

describe('the catalogue', () => {
  it.each(Object.entries(ERROR_CATALOGUE))('%s stands in the README as it is here', (code, { meaning, mend }) => {
    const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    expect(readme).toContain(`| \`${code}\` | ${meaning} | ${mend} |`);
  });
});

describe('aboutRun', () => {
  it('says the run of an error, and leaves alone one that is told of several runs', () => {
    const error = new SeqeraError('SEQERA_SERVER_ERROR', 'failed', {
      status: 503,
      transient: true,
      outcome: 'unknown',
    });
    const about = aboutRun(error, 'r1');
    expect(about).toMatchObject({
      code: 'SEQERA_SERVER_ERROR',
      message: 'failed',
      status: 503,
      transient: true,
      outcome: 'unknown',
      runId: 'r1',
      stack: error.stack,
    });
    expect(aboutRun(about, 'r1')).toBe(about);
    expect(aboutRun(about, 'r2').runId).toBe('r2');
    expect(aboutRun(error, undefined)).toBe(error);
    expect(error.runId).toBeUndefined();
  });
});

describe('toSeqeraError', () => {
  it('keeps what is one, and gives anything else a code without what hangs on it', () => {
    const own = new SeqeraError('SEQERA_TIMEOUT', 'late');
    expect(toSeqeraError(own)).toBe(own);
    const other = new TypeError('oops', { cause: { headers: { authorization: 'Bearer secret-of-mine' } } });
    const error = toSeqeraError(other);
    expect(error).toMatchObject({ code: 'SEQERA_INTERNAL', message: 'oops' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret-of-mine');
    expect(toSeqeraError('text').message).toBe('text');
  });
});
