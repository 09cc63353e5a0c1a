// The crash-safe store, on SQLite and, where it is installed, PostgreSQL: writes/s and how long a write takes until it is on disk, one after the other and many at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresStore } from '../server/state/postgres/postgres-store.ts';
import { SqliteStore } from '../server/state/sqlite-store.ts';
import type { StateStore } from '../server/state/state-store.ts';
import { postgresPrograms, startPostgres } from '../test/support/postgres.ts';
import { round } from './subjects.ts';

const BATCH = 100;
const WRITES = Number(process.env.WRITES ?? 5000);
const text = JSON.stringify({ watch: 'x'.repeat(1000) });

function percentile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const figures = (times: number[], totalMs: number) => ({
  perSecond: round((times.length / totalMs) * 1000, 0),
  p50Ms: round(percentile(times, 0.5), 3),
  p99Ms: round(percentile(times, 0.99), 3),
});

async function measure(store: StateStore): Promise<object> {
  const alone: number[] = [];
  let from = performance.now();
  for (let index = 0; index < WRITES; index += 1) {
    const begin = performance.now();
    store.writeSync([{ scope: 'bench', key: `k${index % 1000}`, text }]);
    alone.push(performance.now() - begin);
  }
  const oneByOne = figures(alone, performance.now() - from);

  const together: number[] = [];
  from = performance.now();
  for (let batch = 0; batch < WRITES / BATCH; batch += 1) {
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) => {
        const begin = performance.now();
        return new Promise<void>((resolve, reject) => {
          store.write([{ scope: 'bench', key: `k${(batch * BATCH + index) % 1000}`, text }], (error) => {
            together.push(performance.now() - begin);
            if (error) reject(error);
            else resolve();
          });
        });
      }),
    );
  }
  return { oneByOne, hundredAtOnce: figures(together, performance.now() - from) };
}

const folder = mkdtempSync(join(tmpdir(), 'redstart-bench-'));
const sqlite = new SqliteStore(join(folder, 'state.db'));
sqlite.open();
const results: Record<string, object> = { sqlite: await measure(sqlite) };
sqlite.close();
rmSync(folder, { recursive: true });

if (postgresPrograms()) {
  await using postgres = await startPostgres();
  const shared = new PostgresStore({ connectionString: postgres.url, holder: 'bench', leaseMs: 10_000, onLost() {} });
  await shared.open();
  await shared.acquire('shard-0');
  results.postgres = await measure(shared);
  await shared.close();
}
console.log(JSON.stringify({ bench: 'store', writes: WRITES, bytes: text.length, ...results }));
