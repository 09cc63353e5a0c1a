export type StoreErrorCode =
  | 'STORE_TOO_LARGE'
  | 'STORE_NOT_SERIALISABLE'
  | 'STORE_UNAVAILABLE'
  | 'STORE_CORRUPT'
  | 'STORE_NEWER_SCHEMA';

/** An error of the store that a flow or an operator sees: what failed, and in `code` what kind of thing it is. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}
