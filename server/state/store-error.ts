import type { StoreCode } from '../error-catalogue.ts';

/** An error of the store that a flow or an operator sees: what failed, and in `code` what kind of thing it is. */
export class StoreError extends Error {
  readonly code: StoreCode;

  constructor(code: StoreCode, message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}
