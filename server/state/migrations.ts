import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store-error.ts';

/** One step a schema version, never changed once released: a data folder of any earlier version is brought up by them. */
const STEPS: readonly string[] = [
  `CREATE TABLE context (
     scope TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (scope, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;`,
];

export const SCHEMA_VERSION = STEPS.length;

export function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'STORE_NEWER_SCHEMA',
      `${path} was written by a newer version (schema ${version}; this version knows up to ${SCHEMA_VERSION}). Start that version again, or restore a backup made before the upgrade.`,
    );
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
