import type { Client } from 'pg';
import { StoreError } from '../store-error.ts';

/** One step a schema version, never changed once released. */
const STEPS: readonly string[] = [
  `CREATE TABLE redstart_context (
     scope text NOT NULL,
     key text NOT NULL,
     value text NOT NULL,
     PRIMARY KEY (scope, key)
   );
   CREATE TABLE redstart_lease (
     name text PRIMARY KEY,
     token bigint NOT NULL,
     holder text NOT NULL,
     expires_at timestamptz NOT NULL
   );
   CREATE TABLE redstart_replica (
     id text PRIMARY KEY,
     details jsonb NOT NULL,
     seen_at timestamptz NOT NULL
   );`,
];

/** Any number that nobody else uses for an advisory lock in this database. */
const LOCK = 7_239_115_001;

/** Replicas that start together take turns: one of them makes the tables. */
export async function migratePostgres(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query('CREATE TABLE IF NOT EXISTS redstart_schema (version integer NOT NULL)');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM redstart_schema');
    const version = rows[0]?.version ?? 0;
    if (version > STEPS.length) {
      throw new StoreError(
        'STORE_NEWER_SCHEMA',
        `The database was written by a newer version (schema ${version}; this version knows up to ${STEPS.length}). Start that version again, or restore a dump made before the upgrade.`,
      );
    }
    for (const [index, step] of STEPS.entries()) {
      if (index < version) continue;
      await client.query(
        `BEGIN; ${step} DELETE FROM redstart_schema; INSERT INTO redstart_schema VALUES (${index + 1}); COMMIT;`,
      );
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => {
      // The lock ends with the connection.
    });
  }
}
