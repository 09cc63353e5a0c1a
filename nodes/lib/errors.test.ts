import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE, SeqeraError, toSeqeraError } from './errors.ts';

describe('the catalogue', () => {
  it.each(Object.entries(ERROR_CATALOGUE))('%s stands in the README as it is here', (code, { meaning, mend }) => {
    const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    expect(readme).toContain(`| \`${code}\` | ${meaning} | ${mend} |`);
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
