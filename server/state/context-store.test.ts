import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Postgres, postgresPrograms, startPostgres } from '../../test/support/postgres.ts';
import { type ContextStore, createContextStore, MAX_VALUE_BYTES, OWN_SCOPES } from './context-store.ts';
import { PostgresStore } from './postgres/postgres-store.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { StateStore } from './state-store.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openSqlite = (): SqliteStore => {
  const store = new SqliteStore(join(folder, 'state.db'));
  store.open();
  return store;
};

let postgres: Postgres | null = null;
const openPostgres = async (): Promise<PostgresStore> => {
  postgres ??= await startPostgres();
  const store = new PostgresStore({ connectionString: postgres.url, holder: folder, leaseMs: 5000, onLost() {} });
  await store.open();
  await store.acquire('flows');
  postgres.query('DELETE FROM redstart_context');
  await store.load();
  return store;
};
afterAll(() => postgres?.close());

const later = (call: (done: (...values: unknown[]) => void) => void): Promise<unknown[]> =>
  new Promise((resolve) => call((...values) => resolve(values)));

const backEnds: [string, (() => StateStore | Promise<StateStore>) | null][] = [
  ['SQLite', openSqlite],
  ['PostgreSQL', postgresPrograms() ? openPostgres : null],
];

describe.each(backEnds)('Node-RED’s context on %s', (_name, open) => {
  let store: StateStore;
  let context: ContextStore;

  beforeEach(async ({ skip }) => {
    if (!open) return skip('PostgreSQL is not installed');
    store = await open();
    context = createContextStore(store);
  });
  afterEach(() => store?.close());

  it('reads, synchronously and asynchronously, what was set either way', async () => {
    context.set('n1:f1', 'a', { at: new Date(0), bytes: Buffer.from('x') });
    expect(context.get('n1:f1', 'a')).toEqual({ at: new Date(0), bytes: Buffer.from('x') });
    expect(await later((done) => context.set('n1:f1', 'b', [1], done))).toEqual([undefined]);
    expect(await later((done) => context.get('n1:f1', ['a', 'b', 'c'], done))).toEqual([
      undefined,
      { at: new Date(0), bytes: Buffer.from('x') },
      [1],
      undefined,
    ]);
    expect(context.get('n1:f1', ['b', 'c'])).toEqual([[1], undefined]);
    expect(context.keys('n1:f1')).toEqual(['a', 'b']);
    expect(context.keys('other')).toEqual([]);
  });

  it('sees an asynchronous write before it is committed', () => {
    context.set('global', 'x', 1, () => {});
    expect(context.get('global', 'x')).toBe(1);
  });

  it('takes keys as property paths, several into one value at once', () => {
    context.set('global', ['a.b[1]', 'a.c'], ['deep', 2]);
    expect(context.get('global', 'a')).toEqual({ b: [undefined, 'deep'], c: 2 });
    expect(context.get('global', 'a.b[1]')).toBe('deep');
    expect(context.get('global', 'a.nothing.here')).toBeUndefined();
    expect(() => context.get('global', 'a[')).toThrow(/property expression/i);
    context.set('global', 'a.c', undefined);
    expect(context.get('global', 'a')).not.toHaveProperty('c');
    context.set('global', 'a', undefined);
    expect(context.keys('global')).toEqual([]);
  });

  it('gives a copy: changing what was read changes nothing stored', () => {
    context.set('global', 'list', [1]);
    (context.get('global', 'list') as number[]).push(2);
    expect(context.get('global', 'list')).toEqual([1]);
  });

  it('forgets deleted nodes, and nobody else', async () => {
    for (const scope of ['n1:f1', 'n2:f1', 'f1', 'f2', 'global']) context.set(scope, 'x', 1);
    await context.clean(['n1', 'f1']);
    // What the appliance itself keeps there is no node's.
    store.writeSync([{ scope: `${OWN_SCOPES}:history`, key: 'x', text: '1' }]);
    await context.clean(['n1', 'f1']);
    expect(store.scopes().sort()).toEqual(['$redstart:history', 'f1', 'global', 'n1:f1']);
    store.removeScope(`${OWN_SCOPES}:history`);
    await context.delete('n1:f1');
    expect(store.scopes().sort()).toEqual(['f1', 'global']);
  });

  it('names node and key of what it cannot keep', async () => {
    expect(() => context.set('n1:f1', 'job', { run: [() => 1] })).toThrow(
      /node or flow n1, key "job\.run\[0\]".*function/,
    );
    const [error] = await later((done) => context.set('n1:f1', 'big', 'x'.repeat(MAX_VALUE_BYTES), done));
    expect(error).toMatchObject({ code: 'STORE_TOO_LARGE', message: expect.stringContaining('"big"') });
    expect(context.keys('n1:f1')).toEqual([]);
  });
});

describe('what the disk does to it', () => {
  it('keeps every write that called back when the process is killed', async () => {
    const script = join(folder, 'writer.mjs');
    const of = (name: string) => pathToFileURL(join(import.meta.dirname, name)).href;
    writeFileSync(
      script,
      `import { SqliteStore } from '${of('sqlite-store.ts')}';
       const store = new SqliteStore(${JSON.stringify(join(folder, 'killed.db'))});
       store.open();
       for (let i = 0; ; i += 1) {
         await new Promise((resolve, reject) => store.write([{ scope: 's', key: String(i), text: '1' }], (error) => (error ? reject(error) : resolve())));
         process.stdout.write(i + '\\n');
       }`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.split('\n').length > 200) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const told = said.split('\n').slice(0, -1).length;
    const after = new SqliteStore(join(folder, 'killed.db'));
    after.open();
    expect(told).toBeGreaterThan(199);
    expect(after.keys('s').length).toBeGreaterThanOrEqual(told);
    after.close();
  });

  it('keeps a corrupt file aside, says where, and does not begin an empty one by itself', () => {
    writeFileSync(join(folder, 'state.db'), 'this was a database once'.repeat(1000));
    const again = new SqliteStore(join(folder, 'state.db'));
    expect(() => again.open()).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
    expect(again.probe()).toMatch(/state\.db is corrupt.*kept as .*state\.db\.corrupt-/);
    expect(() => createContextStore(again).get('global', 'x')).toThrow(/corrupt/);
    expect(readdirSync(folder).filter((name) => name.includes('corrupt-'))).not.toEqual([]);
    expect(readdirSync(folder)).not.toContain('state.db');
  });

  it('refuses a file of a newer version and leaves it as it is', () => {
    openSqlite().close();
    const database = new DatabaseSync(join(folder, 'state.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    const again = new SqliteStore(join(folder, 'state.db'));
    expect(() => again.open()).toThrow(
      expect.objectContaining({ code: 'STORE_NEWER_SCHEMA', message: expect.stringContaining('999') }),
    );
    expect(readdirSync(folder)).toContain('state.db');
  });

  const canMount = process.getuid?.() === 0 && tryMount();
  it.skipIf(!canMount)(
    'tells everyone who waits when the disk is full, loses nothing, and goes on when there is room',
    async () => {
      const disk = mkdtempSync(join(tmpdir(), 'redstart-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]);
      try {
        const small = new SqliteStore(join(disk, 'state.db'));
        small.open();
        const full = createContextStore(small);
        full.set('global', 'kept', 'yes');
        writeFileSync(join(disk, 'ballast'), '');
        const fill = 'x'.repeat(100_000);
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, index) => later((done) => full.set('global', `fill${index}`, fill, done))),
        );
        expect(answers.flat().filter(Boolean).length).toBeGreaterThan(0);
        expect(() => full.set('global', 'more', fill.repeat(6))).toThrow(/cannot be written/);
        expect(full.get('global', 'kept')).toBe('yes');
        expect(full.get('global', 'more')).toBeUndefined();
        execFileSync('mount', ['-o', 'remount,size=16m', disk]);
        expect(small.probe()).toBeNull();
        full.set('global', 'more', 'now');
        expect(full.get('global', 'more')).toBe('now');
        small.close();
      } finally {
        execFileSync('umount', [disk]);
        rmSync(disk, { recursive: true, force: true });
      }
    },
  );
});

function tryMount(): boolean {
  const disk = mkdtempSync(join(tmpdir(), 'redstart-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
    execFileSync('umount', [disk]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
}
