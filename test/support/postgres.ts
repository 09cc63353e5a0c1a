import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of its own, in a temporary folder, on a free port. */
export interface Postgres {
  url: string;
  port: number;
  pid(): number;
  /** Runs a statement; rows come as lines. */
  query(sql: string): string;
  stop(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where Debian's packages put the server, or null: then tests that need it say that they are skipped. */
export function postgresPrograms(): string | null {
  const root = '/usr/lib/postgresql';
  const [newest] = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const programs = newest && join(root, newest, 'bin');
  return programs && existsSync(join(programs, 'initdb')) ? programs : null;
}

export async function startPostgres(): Promise<Postgres> {
  const programs = postgresPrograms();
  if (!programs) throw new Error('PostgreSQL is not installed: install Debian’s package postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'redstart-postgres-'));
  const user = serverUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? -1);
  const data = join(folder, 'data');
  const run = { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] as const };
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'redstart', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'],
    {
      ...run,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  let server = spawn(join(programs, 'postgres'), options, { ...run, stdio: 'ignore' });
  const psql = (sql: string): string =>
    execFileSync(
      join(programs, 'psql'),
      ['-h', '127.0.0.1', '-p', String(port), '-U', 'redstart', '-d', 'postgres', '-qtAc', sql],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ).trim();
  const ready = async (): Promise<void> => {
    for (const until = Date.now() + 20_000; ; ) {
      try {
        psql('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    // A fast shutdown: sessions are cut off, nothing is lost.
    server.kill('SIGINT');
    await ended;
  };
  const close = async (): Promise<void> => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await ready();
  return {
    url: `postgres://redstart@127.0.0.1:${port}/postgres`,
    port,
    pid: () => server.pid ?? 0,
    query: psql,
    stop,
    async restart() {
      await stop();
      server = spawn(join(programs, 'postgres'), options, { ...run, stdio: 'ignore' });
      await ready();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The server refuses to run as root; its package comes with a user for it. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : {};
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
