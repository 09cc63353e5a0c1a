import { describe, expect, it } from 'vitest';
import { COMPONENTS, formatLogLevels, levelOf, parseLogLevels } from './log-levels.ts';

describe('parseLogLevels', () => {
  it.each([
    ['warn', { level: 'warn', components: {} }],
    ['info,git=debug,node-red=warn', { level: 'info', components: { git: 'debug', 'node-red': 'warn' } }],
    [' git = trace , error ', { level: 'error', components: { git: 'trace' } }],
    ['git=debug', { level: 'info', components: { git: 'debug' } }],
  ])('reads %j', (text, levels) => {
    expect(parseLogLevels(text)).toEqual(levels);
  });

  it.each([
    ['loud', 'neither a level'],
    ['', 'neither a level'],
    ['info,', 'neither a level'],
    ['silent', 'neither a level'],
    ['info,debug', 'more than one level'],
    ['info,gti=debug', 'a component that is not there'],
    ['info,constructor=debug', 'a component that is not there'],
    ['git=loud', 'gives git a level'],
    ['git=', 'gives git a level'],
    ['git=debug,git=info', 'git twice'],
    ['git=debug=info', 'more than one ='],
  ])('refuses %j', (text, words) => {
    expect(parseLogLevels(text)).toEqual({ problem: expect.stringContaining(words) });
  });

  it('keeps the level of the rest when only components are named at run time', () => {
    expect(parseLogLevels('git=debug', 'warn')).toEqual({ level: 'warn', components: { git: 'debug' } });
  });

  it('reads what formatLogLevels writes', () => {
    const levels = { level: 'warn', components: { git: 'debug', http: 'error' } } as const;
    expect(parseLogLevels(formatLogLevels(levels))).toEqual(levels);
    expect([levelOf(levels, 'git'), levelOf(levels, 'auth')]).toEqual(['debug', 'warn']);
  });

  it('has components whose names are words of the grammar', () => {
    for (const name of Object.keys(COMPONENTS)) expect(name).toMatch(/^[a-z][a-z-]*$/);
  });
});
