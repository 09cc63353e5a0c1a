import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDotEnv } from './dotenv.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-dotenv-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string): void => writeFileSync(join(folder, '.env'), text, { mode: 0o600 });

describe('readDotEnv', () => {
  it('is empty when there is none', () => {
    expect(readDotEnv(folder)).toMatchObject({ values: {}, problems: [], warnings: [], open: false });
  });

  it('reads what people write', () => {
    write('\uFEFF# a comment\r\nA=1\n\n  export B = "two words"\nC=\'$x\' # why\nD="line 1\nline 2"\nE=\nF=a=b\n');
    const { values, problems } = readDotEnv(folder);
    expect(problems).toEqual([]);
    expect(values).toEqual({ A: '1', B: 'two words', C: '$x', D: 'line 1\nline 2', E: '', F: 'a=b' });
  });

  it('names each line that is none, without showing it', () => {
    write('A=1\nTOWER_ACCESS_TOKEN eyJsecret\nB=2\n<<<<<<< HEAD\nC="never ended\n');
    const { problems } = readDotEnv(folder);
    expect(problems.map(({ problem }) => problem)).toEqual([
      'line 2 is not NAME=value',
      'line 4 is not NAME=value',
      'line 5 begins a value with " that no later line ends',
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/eyJsecret|HEAD|never ended/);
  });

  it('tells a name that is set twice', () => {
    write('PORT=1\nPORT=2\n');
    expect(readDotEnv(folder).warnings).toEqual([
      expect.stringContaining('.env sets PORT more than once; line 2 counts'),
    ]);
  });

  it('sees whether others can read it', () => {
    write('A=1');
    expect(readDotEnv(folder).open).toBe(false);
    chmodSync(join(folder, '.env'), 0o640);
    expect(readDotEnv(folder).open).toBe(true);
  });

  it('reports what cannot be read instead of going on without', () => {
    mkdirSync(join(folder, '.env'));
    expect(readDotEnv(folder).problems).toEqual([
      expect.objectContaining({ variable: '.env', problem: expect.stringContaining('EISDIR, it is a folder') }),
    ]);
  });
});
