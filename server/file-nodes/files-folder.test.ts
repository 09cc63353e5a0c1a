import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FilesFolder } from './files-folder.ts';
import { namedOutside } from './named-outside.ts';
import { partsWithin } from './parts-within.ts';

let root: string;
let folder: FilesFolder;
/** Beside the folder, where nothing may be read, written or made. */
let beside: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'redstart-folder-')));
  folder = new FilesFolder(join(root, 'files'));
  beside = join(root, 'beside');
  mkdirSync(folder.path);
  mkdirSync(beside);
  writeFileSync(join(beside, 'secret'), 'secret');
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(readdirSync(beside)).toEqual(['secret']);
  expect(readFileSync(join(beside, 'secret'), 'utf8')).toBe('secret');
  rmSync(root, { recursive: true, force: true });
});

/** Everything that can be done with a name; what came of it. */
function tryAll(name: string): string[] {
  const ways: Record<string, () => unknown> = {
    read: () => closeSync(folder.openForReading(name)),
    append: () => closeSync(folder.openForWriting(name, false)),
    replace: () => closeSync(folder.openForWriting(name, true)),
    folders: () => folder.makeFoldersFor(`${name}/deep/file`),
    remove: () => folder.remove(name),
  };
  return Object.entries(ways).map(([way, run]) => {
    const before = process.cwd();
    try {
      run();
      return `${way}: done`;
    } catch (error) {
      return `${way}: ${(error as NodeJS.ErrnoException).code}`;
    } finally {
      expect(process.cwd()).toBe(before);
    }
  });
}

const refusals = (code: string): string[] =>
  ['read', 'append', 'replace', 'folders', 'remove'].map((way) => `${way}: ${code}`);

describe('names', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '~',
      '\0',
      '\\',
      '..\\',
      '%2e%2e',
      '…',
      '．．',
      ' ..',
      '.. ',
      'files',
      'beside',
      'secret',
    ),
    fc.string({ maxLength: 8 }),
  );
  const names = fc
    .tuple(fc.constantFrom('', '/', './', '../', 'FILES/', 'FILES/../', '//'), fc.array(piece, { maxLength: 8 }))
    .map(([start, parts]) => start + parts.join('/'));

  it('never lead out, whatever they are made of', () => {
    fc.assert(
      fc.property(names, (text) => {
        const name = text.replace('FILES', folder.path);
        const parts = partsWithin(folder.path, name);
        if (parts === null) return;
        // No part can lead anywhere, and together they are where the system would look.
        for (const part of parts) expect(['', '.', '..'].includes(part) || /[/\0]/.test(part)).toBe(false);
        expect(join(folder.path, ...parts)).toBe(resolve(folder.path, name).replace(/(?!^)\/$/, ''));
      }),
      { numRuns: 5000 },
    );
  });

  it('make and remove files in the folder and nowhere else', () => {
    const before = readdirSync(root).sort();
    fc.assert(
      fc.property(names, (text) => {
        tryAll(text.replace('FILES', folder.path));
        expect(readdirSync(root).sort()).toEqual(before);
        expect(readdirSync(beside)).toEqual(['secret']);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['../beside/secret', '/etc/passwd', '..', '/', 'x/../../beside/secret', 'a\0'])('%j is outside', (name) => {
    expect(tryAll(name)).toEqual(refusals('FILE_OUTSIDE'));
    expect(() => folder.openForReading(name)).toThrow(/folder for files of flows.*REDSTART_NODES_ALLOW=file opens/);
  });

  it('may be absolute, and go up and down, within the folder', () => {
    for (const name of [join(folder.path, 'a'), './a', 'x/../a', 'x/y/../../a']) {
      closeSync(folder.openForWriting(name, false));
      expect(readdirSync(folder.path)).toEqual(['a']);
      folder.remove(name);
    }
    // Of the same beginning, and another folder.
    expect(() => folder.openForReading(`${folder.path}-not/a`)).toThrow('FILE_OUTSIDE');
  });

  it('are told before flows run where they are known, and only then', () => {
    const told = (filename: unknown, filenameType?: string, type = 'file in') =>
      namedOutside({ id: 'n', type, filename, filenameType }, '/data/files');
    expect(told('/etc/passwd', 'str')).toBe('/etc/passwd');
    expect(told('../x')).toBe('../x');
    expect(told('../x', 'str', 'file')).toBe('../x');
    const fine = [told('a/b', 'str'), told('/data/files/a', 'str'), told('../x', 'msg'), told('X', 'env'), told('')];
    expect([...fine, told('$' + '{FLOW_FILE}', 'str'), told('/etc/x', 'str', 'exec'), told(7, 'str')]).toEqual(
      Array(8).fill(null),
    );
  });
});

describe('links', () => {
  it.each(['/etc/passwd', '../beside/secret', 'plain', 'nothing', '.'])(
    'to %s in the file’s place are refused',
    (to) => {
      writeFileSync(join(folder.path, 'plain'), 'x');
      symlinkSync(to, join(folder.path, 'link'));
      // As a folder it is no folder: refused in words of the system where it leads to none.
      const folders = tryAll('link')[3] ?? '';
      expect(folders).toMatch(/^folders: (?:FILE_NOT_PLAIN|ENOTDIR|ENOENT)$/);
      expect(tryAll('link')).toEqual(refusals('FILE_NOT_PLAIN').with(3, folders));
    },
  );

  it.each(['../beside', '/tmp', 'real'])('to the folder %s on the way are refused, also when it is within', (to) => {
    mkdirSync(join(folder.path, 'real'));
    symlinkSync(to, join(folder.path, 'way'));
    expect(tryAll('way/secret')).toEqual(refusals('FILE_NOT_PLAIN'));
    expect(tryAll('way/none/x')).toEqual(refusals('FILE_NOT_PLAIN'));
    expect(tryAll('real/../way/./x/y')).not.toContain(expect.stringMatching('done'));
  });

  it('in the place of the folder itself are refused; above it they are the operator’s', () => {
    symlinkSync(root, join(root, 'data'));
    folder = new FilesFolder(join(root, 'data', 'files'));
    closeSync(folder.openForWriting('a', false));
    expect(readdirSync(join(root, 'files'))).toEqual(['a']);
    symlinkSync('beside', join(root, 'other'));
    folder = new FilesFolder(join(root, 'other'));
    expect(tryAll('secret')).toEqual(refusals('FILE_NOT_PLAIN'));
    rmSync(join(root, 'other'));
  });
});

describe('what is no plain file', () => {
  it('is refused at once: folders, pipes, sockets, devices', async () => {
    mkdirSync(join(folder.path, 'folder'));
    execFileSync('mkfifo', [join(folder.path, 'pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder.path, 'socket'), resolve));
    expect(tryAll('pipe')).toEqual(refusals('FILE_NOT_PLAIN').with(3, 'folders: ENOTDIR'));
    expect(tryAll('socket')).toEqual(refusals('FILE_NOT_PLAIN').with(3, 'folders: ENOTDIR'));
    expect(tryAll('folder')).toEqual(refusals('FILE_NOT_PLAIN').with(3, 'folders: done'));
    expect(tryAll('.')).toEqual(refusals('FILE_NOT_PLAIN').with(3, 'folders: done'));
    server.close();
    const dev = new FilesFolder('/dev');
    expect(() => dev.openForReading('null')).toThrow('"null" is a device');
    expect(() => dev.openForWriting('null', true)).toThrow('FILE_NOT_PLAIN');
  });
});

describe('somebody else changes the folder meanwhile', () => {
  /** Does `change` when the program is already on its way: after it has looked at where it is. */
  const onceInside = (change: () => void): void => {
    const cwd = process.cwd.bind(process);
    let asked = 0;
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      const answer = cwd();
      // The first is where it came from, the second the folder for files, the third where it went.
      if (++asked === 3) change();
      return answer;
    });
  };
  /** …before it goes there. */
  const onTheWay = (change: () => void): void => {
    const chdir = process.chdir.bind(process);
    let asked = 0;
    vi.spyOn(process, 'chdir').mockImplementation((to) => {
      if (++asked === 2) change();
      chdir(to);
    });
  };
  const swap = (): void => {
    renameSync(join(folder.path, 'way'), join(folder.path, 'gone'));
    symlinkSync('../beside', join(folder.path, 'way'));
  };

  it('a link put in a folder’s place before it is entered is refused', () => {
    mkdirSync(join(folder.path, 'way'));
    onTheWay(swap);
    expect(() => folder.openForReading('way/secret')).toThrow('FILE_NOT_PLAIN: "way/secret" is behind a link');
  });

  it('a link put there afterwards changes nothing: it is in the folder that it looked at', () => {
    mkdirSync(join(folder.path, 'way'));
    onceInside(swap);
    const file = folder.openForWriting('way/new', false);
    writeSync(file, 'x');
    closeSync(file);
    expect(readFileSync(join(folder.path, 'gone', 'new'), 'utf8')).toBe('x');
    expect(existsSync(join(beside, 'new'))).toBe(false);
  });

  it('nor can it be made to remove something elsewhere', () => {
    mkdirSync(join(folder.path, 'way'));
    writeFileSync(join(folder.path, 'way', 'secret'), 'mine');
    onceInside(swap);
    folder.remove('way/secret');
    expect(readdirSync(join(folder.path, 'gone'))).toEqual([]);
  });

  it('a folder that goes away is an error, and the working folder is as before', () => {
    mkdirSync(join(folder.path, 'way'));
    const before = process.cwd();
    onceInside(() => rmSync(join(folder.path, 'way'), { recursive: true }));
    expect(() => folder.openForWriting('way/new', false)).toThrow(/ENOENT.*open '.*files\/way\/new'$/);
    vi.restoreAllMocks();
    expect(process.cwd()).toBe(before);
  });

  it('never gets at a file outside, while a program swaps folder and link as fast as it can', async () => {
    mkdirSync(join(folder.path, 'way'));
    writeFileSync(join(folder.path, 'way', 'secret'), 'mine');
    const finished = join(root, 'finished');
    const swapper = `
      const { renameSync, symlinkSync, unlinkSync, writeFileSync } = require('node:fs');
      process.chdir(${JSON.stringify(folder.path)});
      for (const end = Date.now() + 700; Date.now() < end; ) {
        renameSync('way', 'gone');
        symlinkSync('../beside', 'way');
        unlinkSync('way');
        renameSync('gone', 'way');
      }
      writeFileSync(${JSON.stringify(finished)}, '');`;
    const child = spawn(process.execPath, ['-e', swapper]);
    const exited = once(child, 'exit');
    const outcomes = new Set<string>();
    while (!existsSync(finished)) {
      try {
        const file = folder.openForReading('way/secret');
        outcomes.add(readFileSync(file, 'utf8'));
        closeSync(file);
      } catch (error) {
        outcomes.add(String((error as NodeJS.ErrnoException).code));
      }
    }
    await exited;
    expect(outcomes).toContain('mine');
    expect(['mine', 'ENOENT', 'FILE_NOT_PLAIN']).toEqual(expect.arrayContaining([...outcomes]));
  });
});

it('hard links are files like others: who can make one there can read what it is', () => {
  writeFileSync(join(folder.path, 'one'), 'x');
  linkSync(join(folder.path, 'one'), join(folder.path, 'two'));
  expect(tryAll('two')).toEqual(refusals('done').with(3, 'folders: ENOTDIR'));
});

it('makes folders for this user as the umask says, and says which file cannot be made', () => {
  folder.makeFoldersFor('a/b/c/file');
  folder.makeFoldersFor('a/b/c/file');
  closeSync(folder.openForWriting('a/b/c/file', false));
  expect(readdirSync(join(folder.path, 'a/b/c'))).toEqual(['file']);
  expect(() => folder.openForReading('a/none')).toThrow(
    `ENOENT: no such file or directory, open '${join(folder.path, 'a/none')}'`,
  );
  expect(() => folder.makeFoldersFor('a/b/c/file/d/e')).toThrow('ENOTDIR');
});
