import { afterEach, expect, it, vi } from 'vitest';
import { Secret } from './config/index.ts';
import { RedstartError } from './errors.ts';
import { reportFailure } from './report-failure.ts';

afterEach(() => vi.restoreAllMocks());

function report(error: unknown): [number, string] {
  const lines: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((text: string) => void lines.push(text));
  return [reportFailure(error), lines.join('\n')];
}

it('prints code, message and what mends it, and gives the exit code', () => {
  const error = new RedstartError({
    code: 'PORT_IN_USE',
    message: 'port 1880 is in use',
    mend: 'Set PORT.',
  });
  expect(report(error)).toEqual([69, 'PORT_IN_USE: port 1880 is in use\n→ Set PORT.']);
});

it('prints the stack of what nobody foresaw', () => {
  const [code, text] = report(new TypeError('x is not a function'));
  expect(code).toBe(1);
  expect(text).toMatch(/^TypeError: x is not a function\n +at /);
  expect(report('a text')).toEqual([1, 'a text']);
});

it('prints no secret', () => {
  const secret = new Secret('planted-in-an-error');
  expect(report(new Error(`request with ${secret.reveal()} failed`))[1]).toMatch(
    /^Error: request with \[redacted\] failed\n/,
  );
});
