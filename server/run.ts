import { CommanderError } from 'commander';
import { ERROR_CATALOGUE } from './error-catalogue.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

/** What the command line says. */
export async function run(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    // Commander has told its own: help and version with 0, wrong usage with anything else.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : ERROR_CATALOGUE.WRONG_USAGE.exitCode);
    process.exit(reportFailure(error));
  }
}
