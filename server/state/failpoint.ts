/**
 * A named point at which a test lets the process die. Nothing sets the function outside of tests: it is neither a
 * setting nor a variable, and whoever can put it there runs code in the process already.
 */
const FAILPOINTS = Symbol.for('redstart.failpoints');

export function failpoint(name: string): void {
  (globalThis as { [FAILPOINTS]?: (name: string) => void })[FAILPOINTS]?.(name);
}
