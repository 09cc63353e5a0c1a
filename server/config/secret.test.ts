import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

const value = 'hunter2-the-second';

describe('Secret', () => {
  const secret = new Secret(value);
  const holder = { deep: { list: [secret], map: new Map([['k', secret]]) } };

  it('gives its value only when asked for it', () => {
    expect(secret.reveal()).toBe(value);
  });

  it.each<[string, () => unknown]>([
    ['String()', () => String(secret)],
    ['a template literal', () => `${secret}`],
    ['concatenation', () => `a ${secret as unknown as string}`],
    ['JSON', () => JSON.stringify(holder)],
    ['inspect', () => inspect(holder, { depth: 9 })],
    ['inspect with hidden properties', () => inspect(holder, { showHidden: true, depth: 9 })],
    ['inspect without custom printers', () => inspect(holder, { customInspect: false, showHidden: true, depth: 9 })],
    ['%s', () => format('%s', secret)],
    ['%o', () => format('%o', holder)],
    ['%O', () => format('%O', holder)],
    ['%j', () => format('%j', holder)],
    ['%d', () => format('%d', secret)],
    ['structuredClone', () => inspect(structuredClone(secret), { showHidden: true })],
    ['spreading', () => inspect({ ...secret })],
    ['its own keys', () => Reflect.ownKeys(secret).join()],
    ['an error message', () => new Error(`failed with ${secret}`).stack],
  ])('does not show in %s', (_, print) => {
    expect(String(print())).not.toContain('hunter2');
  });

  it('prints as [redacted]', () => {
    expect([String(secret), JSON.stringify(secret), inspect({ secret }), format('%s', secret)]).toEqual([
      '[redacted]',
      '"[redacted]"',
      '{ secret: [redacted] }',
      '[redacted]',
    ]);
  });

  it('stays usable when frozen', () => {
    expect(Object.freeze(new Secret('frozen-secret')).reveal()).toBe('frozen-secret');
  });
});
