/** One change of one entry. */
export interface Write {
  scope: string;
  key: string;
  /** Null removes it. */
  text: string | null;
}

/**
 * Text by scope and key, crash-safe: what a flow remembers. A write that returned, or called back without an error, is
 * on disk. Reads answer at once, as a function node's `flow.get('x')` wants, and see what was written before them.
 */
export interface StateStore {
  get(scope: string, key: string): string | undefined;
  keys(scope: string): string[];
  scopes(): string[];
  /** On disk when it returns. */
  writeSync(writes: readonly Write[]): void;
  /** Calls back when it is on disk. */
  write(writes: readonly Write[], done: (error?: Error) => void): void;
  removeScope(scope: string): void;
  /** Why it cannot be written now, or null. */
  probe(): string | null;
  close(): Promise<void> | void;
}
