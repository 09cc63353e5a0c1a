import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Postgres, postgresPrograms, startPostgres } from '../../../test/support/postgres.ts';
import { PostgresStore } from './postgres-store.ts';
import { LeaseLost, PostgresSession } from './session.ts';

const later = (store: PostgresStore, key: string, text: string | null): Promise<Error | undefined> =>
  new Promise((resolve) => store.write([{ scope: 's', key, text }], resolve));

const incompressible = (length: number): string => randomBytes(length).toString('hex').slice(0, length);

describe.skipIf(!postgresPrograms())('the store in PostgreSQL', () => {
  let postgres: Postgres;
  const open: { close(): Promise<void> }[] = [];
  const lost: string[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());
  beforeEach(() => {
    postgres.query('DROP TABLE IF EXISTS redstart_context, redstart_lease, redstart_replica, redstart_schema');
    lost.length = 0;
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  const storeOf = async (holder = 'a', leaseMs = 5000): Promise<PostgresStore> => {
    const store = new PostgresStore({
      connectionString: postgres.url,
      holder,
      leaseMs,
      onLost: (reason) => lost.push(`${holder}: ${reason}`),
    });
    open.push(store);
    await store.open();
    return store;
  };
  const leader = async (holder = 'a', leaseMs = 5000): Promise<PostgresStore> => {
    const store = await storeOf(holder, leaseMs);
    expect(await store.acquire('flows')).toBe(true);
    return store;
  };
  const sessionOf = async (holder: string, leaseMs = 5000): Promise<PostgresSession> => {
    const session = new PostgresSession({ connectionString: postgres.url, holder, leaseMs });
    open.push(session);
    await session.open();
    return session;
  };
  const stored = (): string =>
    postgres.query(`SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM redstart_context`);

  it('has on disk what it has said is written, either way, in order', async () => {
    const store = await leader();
    const slow = later(store, 'a', '1');
    store.writeSync([
      { scope: 's', key: 'a', text: '2' },
      { scope: 's', key: 'b', text: 'x' },
    ]);
    expect(stored()).toBe('a=2,b=x');
    expect(await slow).toBeUndefined();
    store.writeSync([{ scope: 's', key: 'b', text: null }]);
    expect(await later(store, 'c', '3')).toBeUndefined();
    expect(stored()).toBe('a=2,c=3');
    expect([store.get('s', 'a'), store.get('s', 'b'), store.keys('s')]).toEqual(['2', undefined, ['a', 'c']]);
    store.removeScope('s');
    expect([stored(), store.scopes()]).toEqual(['', []]);
  });

  it('is read by the next one, and written by one at a time', async () => {
    const first = await leader('a');
    first.writeSync([{ scope: 's', key: 'k', text: 'of a' }]);
    const second = await storeOf('b');
    expect(await second.acquire('flows')).toBe(false);
    await first.release(['flows']);
    expect(await second.acquire('flows')).toBe(true);
    await second.load();
    expect(second.get('s', 'k')).toBe('of a');
    second.writeSync([{ scope: 's', key: 'k', text: 'of b' }]);
    first.write([{ scope: 's', key: 'k', text: 'late' }], () => lost.push('told a'));
    await expect.poll(() => lost).toEqual(['a: another replica has taken over']);
    expect(stored()).toBe('k=of b');
  });

  it('tells the one that stood still too long that it is over', async () => {
    const store = await leader('a', 1000);
    postgres.query(`UPDATE redstart_lease SET token = token + 1, holder = 'b'`);
    await expect.poll(() => lost, { timeout: 3000 }).toEqual(['a: another replica has taken over']);
    expect(store.probe()).toBe('another replica has taken over');
    expect(() => store.writeSync([{ scope: 's', key: 'k', text: 'late' }])).toThrow(/another replica has taken over/);
    expect(stored()).toBe('');
  });

  it('waits for a database that restarts, and has not lost a write', async () => {
    const store = await leader('a', 10_000);
    await later(store, 'before', '1');
    await postgres.stop();
    const meanwhile = later(store, 'meanwhile', '2');
    await postgres.restart();
    expect(await meanwhile).toBeUndefined();
    expect(stored()).toBe('before=1,meanwhile=2');
    expect(lost).toEqual([]);
    store.writeSync([{ scope: 's', key: 'after', text: '3' }]);
    expect(stored()).toBe('after=3,before=1,meanwhile=2');
  });

  it('takes back what could not be written, and says why', async () => {
    const store = await leader();
    await later(store, 'k', 'good');
    postgres.query(`ALTER TABLE redstart_context ADD CONSTRAINT no CHECK (value <> 'bad')`);
    expect(await later(store, 'k', 'bad')).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.get('s', 'k')).toBe('good');
    expect(() => store.writeSync([{ scope: 's', key: 'n', text: 'bad' }])).toThrow(/database refuses/);
    expect(store.keys('s')).toEqual(['k']);
  });

  it('refuses what an older connection delivers late', async () => {
    const session = await sessionOf('a');
    expect(await session.acquire('flows')).toBe(true);
    const [name, token] = postgres.query('SELECT name, token FROM redstart_lease').split('|');
    postgres.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'redstart' AND pid <> pg_backend_pid()`,
    );
    await session.apply({ kind: 'entries', writes: [{ scope: 's', key: 'k', text: 'new' }] });
    const now = postgres.query('SELECT name, token FROM redstart_lease').split('|');
    expect(now[0]).toBe(name);
    expect(Number(now[1])).toBeGreaterThan(Number(token));
  });

  it('gives one lease to one of ten that ask at once, and the next when it is not renewed', async () => {
    const sessions = await Promise.all(Array.from({ length: 10 }, (_, index) => sessionOf(`r${index}`, 300)));
    const got = await Promise.all(sessions.map((session) => session.acquire('flows')));
    expect(got.filter(Boolean)).toHaveLength(1);
    const winner = sessions[got.indexOf(true)];
    const others = sessions.filter((session) => session !== winner);
    await expect.poll(async () => await others[0]?.acquire('flows'), { timeout: 3000 }).toBe(true);
    await expect(winner?.renew()).rejects.toBeInstanceOf(LeaseLost);
    await expect(
      winner?.apply({ kind: 'entries', writes: [{ scope: 's', key: 'k', text: 'late' }] }),
    ).rejects.toBeInstanceOf(LeaseLost);
    expect(stored()).toBe('');
  });

  it('keeps what is written while another lease is gained and everything is read anew', async () => {
    const store = await leader();
    for (const key of ['sync', 'later', 'gone', 'idle']) await later(store, key, 'old');
    postgres.query(`INSERT INTO redstart_context VALUES ('other', 'k', 'of another replica')`);
    expect(await store.acquire('more')).toBe(true);
    const before = later(store, 'before', 'new');
    const loaded = store.load();
    const during = later(store, 'later', 'new');
    store.writeSync([
      { scope: 's', key: 'sync', text: 'new' },
      { scope: 's', key: 'gone', text: null },
    ]);
    await loaded;
    await Promise.all([before, during]);
    const read = ['sync', 'later', 'gone', 'idle', 'before'].map((key) => store.get('s', key));
    expect(read).toEqual(['new', 'new', undefined, 'old', 'new']);
    expect(store.get('other', 'k')).toBe('of another replica');
    expect(stored()).toBe('before=new,idle=old,k=of another replica,later=new,sync=new');
  });

  it('reads all entries for as long as it takes, and renews the lease meanwhile', async () => {
    const store = await leader('a', 1000);
    await later(store, 'k', 'v');
    postgres.query(
      `ALTER TABLE redstart_context RENAME TO kept;
       CREATE VIEW redstart_context AS SELECT kept.* FROM kept, pg_sleep(2)`,
    );
    try {
      await store.load();
      expect([store.get('s', 'k'), lost]).toEqual(['v', []]);
    } finally {
      postgres.query('DROP VIEW redstart_context; ALTER TABLE kept RENAME TO redstart_context');
    }
  });

  it('takes a lease more, or lets one go, while others are being renewed', async () => {
    const session = await sessionOf('a');
    await session.acquire('one');
    expect(await Promise.all([session.acquire('two'), session.renew()])).toEqual([true, undefined]);
    await Promise.all([session.release(['two']), session.renew()]);
    const other = await sessionOf('b');
    expect([await other.acquire('one'), await other.acquire('two')]).toEqual([false, true]);
  });

  it('gathers what is written while the database is busy', async () => {
    const store = await leader();
    postgres.query(
      `CREATE TABLE statements AS SELECT 0 AS n; CREATE FUNCTION slow_write() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_sleep(0.05); UPDATE statements SET n = n + 1; RETURN NULL; END';
       CREATE TRIGGER count AFTER INSERT ON redstart_context EXECUTE FUNCTION slow_write()`,
    );
    const written: Promise<Error | undefined>[] = [];
    for (let turn = 0; turn < 50; turn += 1) {
      written.push(later(store, 'k', String(turn)));
      await new Promise(setImmediate);
    }
    expect((await Promise.all(written)).filter(Boolean)).toEqual([]);
    expect([stored(), store.get('s', 'k')]).toEqual(['k=49', '49']);
    expect(Number(postgres.query('SELECT n FROM statements'))).toBeLessThan(10);
    postgres.query('DROP TABLE statements; DROP FUNCTION slow_write CASCADE');
  });

  it('refuses a key that PostgreSQL cannot take, and not what else was written in that turn', async () => {
    const store = await leader();
    const answers = await Promise.all([later(store, 'a', '1'), later(store, 'b\0', '2'), later(store, 'c', '3')]);
    expect(answers).toEqual([undefined, expect.objectContaining({ code: 'STORE_NOT_SERIALISABLE' }), undefined]);
    expect(() => store.writeSync([{ scope: 's', key: incompressible(3000), text: '4' }])).toThrow(/at most 2000 bytes/);
    await later(store, incompressible(1999), '5');
    expect(store.keys('s')).toHaveLength(3);
    expect(postgres.query('SELECT count(*) FROM redstart_context')).toBe('3');
  });

  it('knows who else is there, and what they hold', async () => {
    const a = await leader('a');
    const b = await storeOf('b');
    await a.report({ url: 'http://a' });
    expect(await b.report({ url: 'http://b' })).toEqual([
      { id: 'a', details: { url: 'http://a' }, leases: ['flows'] },
      { id: 'b', details: { url: 'http://b' }, leases: [] },
    ]);
  });

  it('says at once what is wrong with the address', async () => {
    const store = new PostgresStore({
      connectionString: 'postgres://nobody@127.0.0.1:1/none',
      holder: 'a',
      leaseMs: 5000,
      onLost: (reason) => lost.push(reason),
    });
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.probe()).not.toBeNull();
  });

  it('refuses a database of a newer version', async () => {
    await storeOf();
    postgres.query('UPDATE redstart_schema SET version = 99');
    await expect(sessionOf('b')).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA' });
  });
});
