/** Exit codes of the program. 78 is EX_CONFIG of sysexits.h, which service managers know not to retry. */
export const EXIT = { failure: 1, usage: 2, config: 78 } as const;

/**
 * A failure that the program foresees: what failed (message), who must do what (mend), under a code that never changes.
 * Everything that ends the start is one of these; anything else that reaches main.ts is a bug and is shown with its stack.
 */
export class RedstartError extends Error {
  readonly code: string;
  readonly exitCode: number;
  readonly mend: string;

  constructor(options: { code: string; message: string; mend: string; exitCode?: number; cause?: unknown }) {
    super(options.message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'RedstartError';
    this.code = options.code;
    this.exitCode = options.exitCode ?? EXIT.failure;
    this.mend = options.mend;
  }
}
