import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeqeraError, type SeqeraErrorCode } from '../errors.ts';

export type RefusalValues = Record<string, string | number>;

/**
 * A refusal of the dialogs' own making. Its words are in their catalogue, under `shared.refusals`, so that the dialog says
 * them in the language of who reads it; the message is the English of the same catalogue, for any other caller.
 */
export class Refusal extends SeqeraError {
  readonly reason: string;
  readonly values: RefusalValues;

  constructor(code: SeqeraErrorCode, reason: string, values: RefusalValues = {}) {
    super(code, english(reason, values));
    this.reason = reason;
    this.values = values;
  }
}

let texts: Record<string, string> | undefined;

function english(reason: string, values: RefusalValues): string {
  texts ??= read();
  return (texts[reason] ?? reason).replace(/__(\w+?)__/g, (place, name: string) => String(values[name] ?? place));
}

function read(): Record<string, string> {
  const file = join(__dirname, '../../seqera-config/locales/en-US/seqera-config.json');
  const { shared } = JSON.parse(readFileSync(file, 'utf8')) as { shared: { refusals: Record<string, string> } };
  return shared.refusals;
}
