import { ERROR_CATALOGUE, type FatalCode } from './error-catalogue.ts';

/** Exit codes that are not those of an error code. */
export const EXIT = { failure: 1 } as const;

/**
 * A failure that the program foresees: what failed (message), who must do what (mend), under a code of the catalogue,
 * which also says the exit code. Everything that ends the start is one of these; anything else that reaches main.ts is
 * a bug and is shown with its stack.
 */
export class RedstartError extends Error {
  readonly code: FatalCode;
  readonly exitCode: number;
  readonly mend: string;

  constructor(options: { code: FatalCode; message: string; mend: string; cause?: unknown }) {
    super(options.message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'RedstartError';
    this.code = options.code;
    this.exitCode = ERROR_CATALOGUE[options.code].exitCode;
    this.mend = options.mend;
  }
}
