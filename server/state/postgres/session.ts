import { Client, DatabaseError } from 'pg';
import type { Write } from '../state-store.ts';
import { StoreError } from '../store-error.ts';
import { migratePostgres } from './schema.ts';

/** A change as it is sent to the database. */
export type Change = { kind: 'entries'; writes: readonly Write[] } | { kind: 'scope'; scope: string };

/** What a replica tells of itself, for the others to read. */
export type ReplicaDetails = Record<string, string | number | boolean | null>;

export interface Replica {
  id: string;
  details: ReplicaDetails;
  /** The leases that it holds. */
  leases: string[];
}

export interface SessionOptions {
  connectionString: string;
  /** This replica, in the leases' `holder`. Another one after each start. */
  holder: string;
  leaseMs: number;
  /** An answer that takes longer is none: the connection is given up for a new one. */
  queryTimeoutMs?: number;
}

/** Thrown when another replica took a lease over: nothing that this one does may count any more. */
export class LeaseLost extends Error {}

const RETRY_MS = 200;
/** For all entries together. */
const READ_MS = 60_000;

/**
 * One connection to PostgreSQL, renewed as often as it breaks, and the leases held through it.
 *
 * Each change is one statement that looks at the leases' tokens, under a lock on their rows, and changes nothing when
 * one of them is no longer ours. With each new connection the tokens move on: a statement that a broken connection
 * delivers late finds an old token, and cannot overwrite what was written since.
 */
export class PostgresSession {
  readonly #options: SessionOptions;
  readonly #tokens = new Map<string, string>();
  #client: Client | null = null;
  #connecting: Promise<Client> | null = null;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Makes the tables. @throws what is wrong with the address, the password, the schema, at once. */
  async open(): Promise<void> {
    await migratePostgres(await this.#connect());
  }

  /** Lets the leases go, so that nobody has to wait for their end. */
  async close(): Promise<void> {
    if (this.#tokens.size > 0) await this.release(this.leases).catch(() => {});
    this.#closed = true;
    await this.#client?.end().catch(() => {});
    this.#client = null;
  }

  get leases(): string[] {
    return [...this.#tokens.keys()];
  }

  /** On a connection of its own: reading much takes its time, and renewals must not wait for it. */
  async entries(): Promise<Write[]> {
    const client = this.#newClient(READ_MS);
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<Write>('SELECT scope, key, value AS text FROM redstart_context');
      void client.end().catch(() => {});
      return rows;
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  /** Resolves when it is committed: it is tried again, on a new connection, as long as nobody else holds the lease. */
  async apply(change: Change): Promise<void> {
    for (;;) {
      try {
        return await this.#applyOnce(change);
      } catch (error) {
        if (!isConnectionTrouble(error) || this.#closed) throw asStoreError(error);
        await pause(RETRY_MS);
      }
    }
  }

  /** True when the lease is now ours: it was free, or its holder had not renewed it in time. */
  async acquire(name: string): Promise<boolean> {
    const { rows } = await this.#query<{ token: string }>(
      `INSERT INTO redstart_lease AS lease (name, token, holder, expires_at)
       VALUES ($1, 1, $2, clock_timestamp() + $3 * interval '1 millisecond')
       ON CONFLICT (name) DO UPDATE
         SET token = lease.token + 1, holder = excluded.holder, expires_at = excluded.expires_at
         WHERE lease.expires_at < clock_timestamp() OR lease.holder = excluded.holder
       RETURNING token`,
      () => [name, this.#options.holder, this.#options.leaseMs],
    );
    const token = rows[0]?.token;
    if (token === undefined) return false;
    this.#tokens.set(name, token);
    return true;
  }

  /** @throws LeaseLost when one of them is somebody else's. */
  async renew(): Promise<void> {
    if (this.#tokens.size === 0) return;
    // Another lease may become ours before the answer comes.
    let renewed = 0;
    const { rows } = await this.#query<{ name: string }>(
      `UPDATE redstart_lease AS lease SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
       FROM unnest($1::text[], $2::bigint[]) AS held (name, token)
       WHERE lease.name = held.name AND lease.token = held.token
       RETURNING lease.name`,
      () => {
        renewed = this.#tokens.size;
        return [...this.#held(), this.#options.leaseMs];
      },
    );
    if (rows.length < renewed) throw new LeaseLost('another replica has taken over');
  }

  /** Others may have them at once. A renewal that is just due must not take them back. */
  async release(names: readonly string[]): Promise<void> {
    const tokens = names.map((name) => this.#tokens.get(name) ?? '0');
    for (const name of names) this.#tokens.delete(name);
    await this.#query(
      `UPDATE redstart_lease AS lease SET expires_at = 'epoch'
       FROM unnest($1::text[], $2::bigint[]) AS held (name, token)
       WHERE lease.name = held.name AND lease.token = held.token`,
      () => [names, tokens],
    );
  }

  /** Says that this replica is there, and who else is. */
  async report(details: ReplicaDetails): Promise<Replica[]> {
    const { rows } = await this.#query<Replica>(
      `WITH mine AS (
         INSERT INTO redstart_replica (id, details, seen_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET details = excluded.details, seen_at = excluded.seen_at
       ), gone AS (
         DELETE FROM redstart_replica WHERE seen_at < clock_timestamp() - interval '1 hour'
       )
       SELECT replica.id, replica.details, coalesce(array_agg(lease.name) FILTER (WHERE lease.name IS NOT NULL), '{}') AS leases
       FROM (
         SELECT id, details FROM redstart_replica
         WHERE id <> $1 AND seen_at > clock_timestamp() - $3 * interval '1 millisecond'
         UNION ALL SELECT $1, $2::jsonb
       ) AS replica
       LEFT JOIN redstart_lease AS lease ON lease.holder = replica.id AND lease.expires_at > clock_timestamp()
       GROUP BY replica.id, replica.details
       ORDER BY replica.id`,
      () => [this.#options.holder, JSON.stringify(details), this.#options.leaseMs],
    );
    return rows;
  }

  async #applyOnce(change: Change): Promise<void> {
    const { rows } =
      change.kind === 'scope'
        ? await this.#query<{ ours: boolean }>(
            `WITH ${FENCE}, gone AS (DELETE FROM redstart_context WHERE scope = $4 AND (SELECT ours FROM fence))
             SELECT ours FROM fence`,
            () => [...this.#held(), this.#tokens.size, change.scope],
          )
        : await this.#query<{ ours: boolean }>(
            `WITH ${FENCE}, gone AS (
               DELETE FROM redstart_context AS context USING unnest($4::text[], $5::text[]) AS old (scope, key)
               WHERE context.scope = old.scope AND context.key = old.key AND (SELECT ours FROM fence)
             ), put AS (
               INSERT INTO redstart_context (scope, key, value)
               SELECT * FROM unnest($6::text[], $7::text[], $8::text[]) AS new WHERE (SELECT ours FROM fence)
               ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value
             )
             SELECT ours FROM fence`,
            () => [...this.#held(), this.#tokens.size, ...columns(change.writes)],
          );
    if (rows[0]?.ours !== true) throw new LeaseLost('another replica has taken over');
  }

  #held(): [string[], string[]] {
    return [[...this.#tokens.keys()], [...this.#tokens.values()]];
  }

  /** The values are made when there is a connection: with a new one the tokens are other ones. */
  async #query<Row extends object>(text: string, values: () => unknown[] = () => []): Promise<{ rows: Row[] }> {
    const client = await this.#connect();
    try {
      return await client.query<Row>(text, values());
    } catch (error) {
      if (isConnectionTrouble(error) && this.#client === client) this.#drop();
      throw error;
    }
  }

  #connect(): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#newConnection().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #newConnection(): Promise<Client> {
    const client = this.#newClient();
    // Without a listener a connection that breaks while idle would end the process.
    client.on('error', () => {
      if (this.#client === client) this.#drop();
    });
    try {
      await client.connect();
      await this.#moveTokensOn(client);
    } catch (error) {
      destroy(client);
      throw error;
    }
    if (this.#closed) {
      destroy(client);
      throw new StoreError('STORE_UNAVAILABLE', 'The store is closed.');
    }
    this.#client = client;
    return client;
  }

  #newClient(queryTimeoutMs = this.#options.queryTimeoutMs ?? 2000): Client {
    return new Client({
      connectionString: this.#options.connectionString,
      connectionTimeoutMillis: queryTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
      application_name: 'redstart',
    });
  }

  async #moveTokensOn(client: Client): Promise<void> {
    if (this.#tokens.size === 0) return;
    const { rows } = await client.query<{ name: string; token: string }>(
      `UPDATE redstart_lease AS lease SET token = lease.token + 1
       FROM unnest($1::text[], $2::bigint[]) AS held (name, token)
       WHERE lease.name = held.name AND lease.holder = $3 AND lease.token >= held.token
       RETURNING lease.name, lease.token`,
      [...this.#held(), this.#options.holder],
    );
    if (rows.length < this.#tokens.size) throw new LeaseLost('another replica has taken over');
    for (const { name, token } of rows) this.#tokens.set(name, token);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    if (client) destroy(client);
  }
}

/** $1 and $2 are the names and tokens held, $3 how many. `FOR SHARE` waits for a take-over that is being written. */
const FENCE = `fence AS (
  SELECT count(*) = $3::int AND $3::int > 0 AS ours FROM (
    SELECT 1 FROM redstart_lease AS lease
    JOIN unnest($1::text[], $2::bigint[]) AS held (name, token) ON lease.name = held.name AND lease.token = held.token
    FOR SHARE OF lease
  ) AS mine
)`;

/** Of several writes to one entry the last one counts: one statement may touch a row only once. */
function columns(writes: readonly Write[]): string[][] {
  const last = new Map(writes.map((write) => [JSON.stringify([write.scope, write.key]), write]));
  const all: string[][] = [[], [], [], [], []];
  for (const { scope, key, text } of last.values()) {
    const at = text === null ? 0 : 2;
    all[at]?.push(scope);
    all[at + 1]?.push(key);
    if (text !== null) all[4]?.push(text);
  }
  return all;
}

/** Errors of the server that say that it is going down, restarting, or out of connections for now. */
const PASSING = /^(?:08|57P0[1-3]|53300)/;

function isConnectionTrouble(error: unknown): boolean {
  if (error instanceof LeaseLost || error instanceof StoreError) return false;
  return error instanceof DatabaseError ? PASSING.test(error.code ?? '') : true;
}

function asStoreError(error: unknown): Error {
  if (error instanceof LeaseLost || error instanceof StoreError) return error;
  return new StoreError('STORE_UNAVAILABLE', `The database refuses: ${(error as Error).message}.`);
}

/** `end` would wait for an answer that a dead connection does not give. */
function destroy(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
