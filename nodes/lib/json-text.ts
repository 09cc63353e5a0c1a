import { invalidInput } from './errors.ts';

/** @param what begins the message of the error. @throws SEQERA_INVALID_INPUT for what JSON has no form for: circles, big integers. */
export function jsonText(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw invalidInput(`${what} cannot be written as JSON: ${reason}`);
  }
}
