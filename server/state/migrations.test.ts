import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from './migrations.ts';
import { SqliteStore } from './sqlite-store.ts';

/**
 * A data folder as each released schema version left it. Written down, not made by the code under test: a step that is
 * changed after its release no longer fits what is on people's disks.
 */
const LEFT_BEHIND: Record<number, string> = {
  1: `CREATE TABLE context (scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;
      CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;
      INSERT INTO context VALUES ('node:abc', 'cursor', '"page-7"');
      INSERT INTO probe VALUES (1, 1700000000000);
      PRAGMA user_version = 1;`,
};

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'redstart-schema-')), 'state.db');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true, force: true }));

describe('the state of an earlier version', () => {
  it('is kept here for every version', () => {
    expect(Object.keys(LEFT_BEHIND).map(Number)).toEqual(
      Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1),
    );
  });

  it.each(Object.entries(LEFT_BEHIND))(
    'schema %s: opened, read, written, and then of this version',
    (_version, sql) => {
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      const store = new SqliteStore(path);
      store.open();
      expect(store.get('node:abc', 'cursor')).toBe('"page-7"');
      store.writeSync([{ scope: 'node:abc', key: 'cursor', text: '"page-8"' }]);
      expect(store.probe()).toBe(null);
      store.close();
      const after = new DatabaseSync(path, { readOnly: true });
      expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
      after.close();
    },
  );
});
