import { inspect } from 'node:util';
import { REDACTED, registerSecret } from './redact.ts';

/**
 * A text that cannot be printed by accident: every way of turning it into text gives "[redacted]", a structured clone of
 * it is empty, and its value is stripped from what passes through `redact`. The private field is a real `#field`:
 * a TypeScript `private` one would show in inspect() and in JSON.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    registerSecret(value);
  }

  /** The only way to the value. Call it where the value is used, not where it is passed on. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
