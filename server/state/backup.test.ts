import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBackup, restoreBackup } from './backup.ts';
import { SqliteStore } from './sqlite-store.ts';

const parts = { state: 'state.db', others: ['credentials.json', 'settings.json', 'library'] };
let root: string;
let dataDir: string;
let file: string;
let store: SqliteStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redstart-backup-'));
  dataDir = join(root, 'data');
  file = join(root, 'the.backup');
  mkdirSync(join(dataDir, 'library', 'functions'), { recursive: true });
  writeFileSync(join(dataDir, 'credentials.json'), '{"$":"sealed"}', { mode: 0o600 });
  writeFileSync(join(dataDir, 'library', 'functions', 'a.js'), 'return msg;');
  writeFileSync(join(dataDir, 'credential-secret'), 'not in a backup');
  store = new SqliteStore(join(dataDir, 'state.db'));
  store.open();
});
afterEach(() => {
  store.close();
  rmSync(root, { recursive: true, force: true });
});

const make = () => createBackup({ dataDir, parts, file, version: '1.0.0' });

async function restoreInto(folder: string): Promise<SqliteStore> {
  mkdirSync(folder, { recursive: true });
  await restoreBackup({ dataDir: folder, parts, file });
  const restored = new SqliteStore(join(folder, 'state.db'));
  restored.open();
  return restored;
}

describe('a backup', () => {
  it('is one moment of a store that is being written, with the files that go along, for this user alone', async () => {
    // Two entries that only ever change together.
    const write = (n: number) =>
      store.writeSync(['a', 'b'].map((key) => ({ scope: 's', key, text: `${n}${'x'.repeat(2000)}` })));
    for (let n = 0; n < 200; n += 1) store.writeSync([{ scope: 'many', key: `k${n}`, text: 'x'.repeat(4000) }]);
    let n = 0;
    let made = false;
    const writing = (async () => {
      while (!made) {
        write(n++);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const summary = await make().finally(() => {
      made = true;
    });
    await writing;
    expect(summary).toMatchObject({ entries: 202, files: ['credentials.json', 'library/functions/a.js'] });
    expect(readdirSync(root).sort()).toEqual(['data', 'the.backup']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).includes('not in a backup')).toBe(false);

    const fresh = join(root, 'fresh');
    const restored = await restoreInto(fresh);
    expect(restored.get('s', 'a')).toBe(restored.get('s', 'b'));
    expect(restored.keys('many')).toHaveLength(200);
    restored.close();
    expect(readFileSync(join(fresh, 'credentials.json'), 'utf8')).toBe('{"$":"sealed"}');
    expect(readFileSync(join(fresh, 'library', 'functions', 'a.js'), 'utf8')).toBe('return msg;');
    expect(statSync(join(fresh, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(fresh).filter((name) => name.startsWith('.') || name.includes('before'))).toEqual([]);
  });

  it('replaces no file, and needs a store', async () => {
    writeFileSync(file, 'mine');
    await expect(make()).rejects.toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringContaining('exists') });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await expect(createBackup({ dataDir: root, parts, file: join(root, 'x'), version: '1.0.0' })).rejects.toMatchObject(
      { code: 'BACKUP_FAILED', message: expect.stringContaining('no store') },
    );
  });
});

describe('a restore', () => {
  it('keeps aside what was there, and leaves nothing of it in the place of what the backup has', async () => {
    store.writeSync([{ scope: 's', key: 'k', text: 'then' }]);
    await make();
    store.writeSync([{ scope: 's', key: 'k', text: 'now' }]);
    writeFileSync(join(dataDir, 'settings.json'), '{"later":true}');
    writeFileSync(join(dataDir, 'library', 'functions', 'b.js'), 'later');
    store.close();
    const { aside } = await restoreBackup({ dataDir, parts, file });
    store.open();
    expect(store.get('s', 'k')).toBe('then');
    expect(readdirSync(join(dataDir, 'library', 'functions'))).toEqual(['a.js']);
    expect(readdirSync(dataDir)).not.toContain('settings.json');
    expect(readFileSync(join(dataDir, 'credential-secret'), 'utf8')).toBe('not in a backup');
    expect(readFileSync(join(String(aside), 'settings.json'), 'utf8')).toBe('{"later":true}');
    const old = new SqliteStore(join(String(aside), 'state.db'));
    old.open();
    expect(old.get('s', 'k')).toBe('now');
    old.close();
  });

  it.each([
    ['no file', () => {}, /no such file/],
    ['another file', () => writeFileSync(file, 'text'.repeat(1000)), /no backup of Redstart/],
    ['a store that is no backup', () => new DatabaseSync(file).close(), /no backup of Redstart/],
  ])('changes nothing for %s', async (_what, prepare, why) => {
    prepare();
    store.writeSync([{ scope: 's', key: 'k', text: 'kept' }]);
    await expect(restoreBackup({ dataDir, parts, file })).rejects.toMatchObject({
      code: 'BACKUP_UNUSABLE',
      message: expect.stringMatching(why),
    });
    expect(store.get('s', 'k')).toBe('kept');
    expect(readdirSync(dataDir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    ['a newer version', 'PRAGMA user_version = 999', /newer/],
    ['a file where none may be', "INSERT INTO backup_files VALUES ('library/../../x', 384, x'00')", /no backup has/],
  ])('refuses a backup of %s', async (_what, sql, why) => {
    await make();
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    await expect(restoreInto(join(root, 'fresh'))).rejects.toThrow(why);
    expect(readdirSync(root).sort()).toEqual(['data', 'fresh', 'the.backup']);
    expect(readdirSync(join(root, 'fresh'))).toEqual([]);
  });
});
