import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { failpoint } from './failpoint.ts';
import { migrate } from './migrations.ts';
import type { StateStore, Write } from './state-store.ts';
import { StoreError } from './store-error.ts';

interface Statements {
  get: StatementSync;
  put: StatementSync;
  remove: StatementSync;
  keys: StatementSync;
  removeScope: StatementSync;
  scopes: StatementSync;
  probe: StatementSync;
}

type Waiting = (error?: Error) => void;

/** SQLite's own codes of a file that is not, or no longer, a database. */
const CORRUPT = new Set([11, 26]);

/**
 * The crash-safe store: text by scope and key in one SQLite file, in WAL mode with a full sync at each commit, so that
 * a write that returned (or called back) is on disk, power loss included.
 *
 * `writeSync` commits at once. `write` joins the transaction that is open and is committed with all others of the same
 * turn of the event loop: a thousand watches that change together cost one sync and not a thousand. Reads see what was
 * written, committed or not.
 */
export class SqliteStore implements StateStore {
  readonly path: string;
  #database: DatabaseSync | null = null;
  #statements: Statements | null = null;
  #waiting: Waiting[] = [];
  #inTransaction = false;
  #trouble: Error | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens or makes the file. A corrupt one is kept aside under a name that says so, and the store stays closed: an
   * empty store in its place would forget silently what the flows were waiting for.
   */
  open(): void {
    if (this.#database) return;
    try {
      const database = new DatabaseSync(this.path, { timeout: 2000 });
      this.#database = database;
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      migrate(database, this.path);
      const [{ quick_check: verdict } = { quick_check: 'ok' }] = database.prepare('PRAGMA quick_check(1)').all() as {
        quick_check: string;
      }[];
      if (verdict !== 'ok') throw this.#setAside(verdict);
      this.#statements = prepare(database);
      this.#trouble = null;
    } catch (error) {
      this.#trouble = error instanceof StoreError ? error : this.#describe(error, 'opened');
      this.#close();
      throw this.#trouble;
    }
  }

  close(): void {
    if (this.#inTransaction) this.#commit();
    this.#close();
  }

  /** Why it cannot be written now, or null. Tries a write, which is what tells. */
  probe(): string | null {
    try {
      if (this.#inTransaction) this.#commit();
      this.#use().probe.run(Date.now());
      this.#trouble = null;
    } catch (error) {
      this.#trouble = error instanceof StoreError ? error : this.#describe(error, 'written');
    }
    return this.#trouble?.message ?? null;
  }

  get(scope: string, key: string): string | undefined {
    const row = this.#read(() => this.#use().get.get(scope, key)) as { value: string } | undefined;
    return row?.value;
  }

  keys(scope: string): string[] {
    return this.#read(() => this.#use().keys.all(scope) as { key: string }[]).map(({ key }) => key);
  }

  scopes(): string[] {
    return this.#read(() => this.#use().scopes.all() as { scope: string }[]).map(({ scope }) => scope);
  }

  /** Commits before it returns. */
  writeSync(writes: readonly Write[]): void {
    this.#apply(writes);
    this.#commit();
  }

  /** Calls back when it is on disk. */
  write(writes: readonly Write[], done: Waiting): void {
    try {
      this.#apply(writes);
    } catch (error) {
      done(error as Error);
      return;
    }
    this.#waiting.push(done);
    if (this.#waiting.length === 1) setImmediate(() => this.#commitWaiting());
  }

  removeScope(scope: string): void {
    this.#transact(() => this.#use().removeScope.run(scope));
    this.#commit();
  }

  #apply(writes: readonly Write[]): void {
    this.#transact(() => {
      const { put, remove } = this.#use();
      for (const { scope, key, text } of writes) {
        if (text === null) remove.run(scope, key);
        else put.run(scope, key, text);
      }
    });
  }

  #transact(change: () => void): void {
    try {
      if (!this.#inTransaction) {
        this.#open().exec('BEGIN IMMEDIATE');
        this.#inTransaction = true;
      }
      change();
    } catch (error) {
      throw this.#rollBack(error);
    }
  }

  #commitWaiting(): void {
    if (!this.#inTransaction) return;
    try {
      this.#commit();
    } catch {
      // Those who wait were told by the roll-back.
    }
  }

  #commit(): void {
    if (!this.#inTransaction) return;
    try {
      failpoint('store.commit');
      this.#open().exec('COMMIT');
    } catch (error) {
      throw this.#rollBack(error);
    }
    this.#inTransaction = false;
    this.#trouble = null;
    this.#settle();
  }

  /** What was written since the last commit is gone, for everyone who wrote: nobody is told that it is on disk. */
  #rollBack(cause: unknown): Error {
    const error = cause instanceof StoreError ? cause : this.#describe(cause, 'written');
    this.#trouble = error;
    if (this.#inTransaction) {
      this.#inTransaction = false;
      try {
        this.#database?.exec('ROLLBACK');
      } catch {
        // SQLite rolls back by itself on a full disk: then there is no transaction to end.
      }
    }
    this.#settle(error);
    return error;
  }

  #settle(error?: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) process.nextTick(done, error);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      this.#trouble = this.#describe(error, 'read');
      throw this.#trouble;
    }
  }

  #use(): Statements {
    if (!this.#statements)
      throw this.#trouble ?? new StoreError('STORE_UNAVAILABLE', `The store ${this.path} is closed.`);
    return this.#statements;
  }

  #open(): DatabaseSync {
    this.#use();
    if (!this.#database) throw new StoreError('STORE_UNAVAILABLE', `The store ${this.path} is closed.`);
    return this.#database;
  }

  #close(): void {
    this.#statements = null;
    this.#inTransaction = false;
    try {
      this.#database?.close();
    } finally {
      this.#database = null;
    }
  }

  #describe(error: unknown, verb: 'opened' | 'read' | 'written'): StoreError {
    const code = (error as { errcode?: number }).errcode ?? 0;
    if (CORRUPT.has(code & 0xff)) return this.#setAside((error as Error).message);
    return new StoreError(
      'STORE_UNAVAILABLE',
      `The store ${this.path} cannot be ${verb}: ${(error as Error).message}. Nothing that was written before is lost; it is used again as soon as it can be.`,
    );
  }

  #setAside(reason: string): StoreError {
    this.#close();
    const aside = `${this.path}.corrupt-${new Date().toISOString().replaceAll(':', '-')}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(this.path + suffix)) renameSync(this.path + suffix, aside + suffix);
    }
    return new StoreError(
      'STORE_CORRUPT',
      `The store ${this.path} is corrupt (${reason}). It was kept as ${aside}. Put a backup in its place, or start again to begin with an empty one: what the flows remembered, the runs being followed among it, is then gone.`,
    );
  }
}

function prepare(database: DatabaseSync): Statements {
  return {
    get: database.prepare('SELECT value FROM context WHERE scope = ? AND key = ?'),
    put: database.prepare(
      'INSERT INTO context (scope, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    remove: database.prepare('DELETE FROM context WHERE scope = ? AND key = ?'),
    keys: database.prepare('SELECT key FROM context WHERE scope = ? ORDER BY key'),
    removeScope: database.prepare('DELETE FROM context WHERE scope = ?'),
    scopes: database.prepare('SELECT DISTINCT scope FROM context'),
    probe: database.prepare('INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at'),
  };
}
