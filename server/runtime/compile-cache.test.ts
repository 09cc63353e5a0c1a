import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkShipped } from './compile-cache.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
let shipped: string;
let data: string;
let own: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-cache-'));
  shipped = join(folder, 'compiled');
  data = join(folder, 'data');
  own = join(data, 'cache', 'compiled');
  mkdirSync(join(shipped, 'v24.0.0-x64-abc-1000000'), { recursive: true });
  writeFileSync(join(shipped, 'v24.0.0-x64-abc-1000000', 'entry'), 'code');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('compiled code that the image brings', () => {
  it('is found under the name that Node.js looks for, whatever the user id', () => {
    linkShipped(data, shipped);
    expect(readFileSync(join(own, `v24.0.0-x64-abc-${uid}`, 'entry'), 'utf8')).toBe('code');
  });

  it('leaves alone what the process has compiled itself, and does it twice without harm', () => {
    mkdirSync(join(own, `v24.0.0-x64-abc-${uid}`), { recursive: true });
    writeFileSync(join(own, `v24.0.0-x64-abc-${uid}`, 'entry'), 'own');
    linkShipped(data, shipped);
    linkShipped(data, shipped);
    expect(readFileSync(join(own, `v24.0.0-x64-abc-${uid}`, 'entry'), 'utf8')).toBe('own');
  });

  it('replaces a link to what is no longer there', () => {
    mkdirSync(own, { recursive: true });
    const link = join(own, `v24.0.0-x64-abc-${uid}`);
    symlinkSync(join(folder, 'gone'), link);
    linkShipped(data, shipped);
    expect(readlinkSync(link)).toBe(join(shipped, 'v24.0.0-x64-abc-1000000'));
  });

  it('does not stop a start when its folder cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => linkShipped(join(folder, 'file'), shipped)).not.toThrow();
  });
});

describe('compiled code of an earlier start', () => {
  const module = new URL('./compile-cache.ts', import.meta.url).href;
  const program = `const { useCompiledCode } = await import(${JSON.stringify(module)});
    useCompiledCode();
    console.log((await import('node:module')).getCompileCacheDir() ?? 'none');`;
  const used = (): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: process.env.PATH, REDSTART_DATA_DIR: data },
      encoding: 'utf8',
    }).trim();

  it('is used from the very first file', () => {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    expect(used()).toContain(own);
  });

  it('lets a data folder that cannot be looked into pass: the start tells what is wrong with it', () => {
    symlinkSync(data, data);
    expect(used()).toBe('none');
  });

  it('is not used where there is none, or where others could have put it', () => {
    expect(used()).toBe('none');
    mkdirSync(own, { recursive: true });
    chmodSync(own, 0o777);
    expect(used()).toBe('none');
  });
});
