import { redact } from './config/redact.ts';
import { EXIT, RedstartError } from './errors.ts';

/** Writes to standard error what ended the program, and gives the exit code that goes with it. */
export function reportFailure(error: unknown): number {
  if (error instanceof RedstartError) {
    console.error(redact(`${error.code}: ${error.message}\n→ ${error.mend}`));
    return error.exitCode;
  }
  // Not foreseen, so a bug: the stack is what whoever mends it needs.
  console.error(redact(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return EXIT.failure;
}
