import { InvalidArgumentError } from 'commander';

/** A parser for an option that is a number of a certain form and range; anything else is wrong usage. */
export function number(form: RegExp, minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    if (form.test(text) && Number(text) >= minimum && Number(text) <= maximum) return Number(text);
    throw new InvalidArgumentError(`Expected a number from ${minimum} to ${maximum}.`);
  };
}
