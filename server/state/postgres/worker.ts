import { workerData } from 'node:worker_threads';
import { StoreError } from '../store-error.ts';
import type { Reply, Request, WorkerData } from './messages.ts';
import { LeaseLost, PostgresSession } from './session.ts';

/**
 * The thread that talks to PostgreSQL, so that a write can be waited for (a function node's `flow.set` returns when it
 * is on disk) and leases are renewed while the main thread works.
 */
const { connectionString, holder, leaseMs, port, answered } = workerData as WorkerData;
const answers = new Int32Array(answered);
const session = new PostgresSession({ connectionString, holder, leaseMs, queryTimeoutMs: leaseMs * 0.4 });
/** Renewals within one term of a lease. */
const RENEWALS = 4;
/** Others' clocks may run ahead: a lease is not used to its end. */
const USED = 0.9;
/** The main thread may stand still, and must not go on when it wakes up: unless it has heard, it is ended. */
const HEARING_MS = 1000;

/** Changes are made one after the other; a lease is let go after the last one made under it. */
const IN_ORDER = new Set(['apply', 'release', 'close']);

let renewedAt = 0;
let renewing = false;
let changes: Promise<unknown> = Promise.resolve();

const say = (reply: Reply): void => port.postMessage(reply);

let unheard: NodeJS.Timeout | undefined;

function lost(reason: string): void {
  say({ lost: reason });
  unheard ??= setTimeout(() => process.kill(process.pid, 'SIGKILL'), HEARING_MS);
}

async function answer(request: Exclude<Request, { ask: 'heard' }>): Promise<void> {
  const { id } = request;
  try {
    say({ id, value: await work(request) });
  } catch (error) {
    if (error instanceof LeaseLost) lost(error.message);
    const code = error instanceof StoreError ? error.code : 'STORE_UNAVAILABLE';
    say({ id, error: { code, message: (error as Error).message } });
  }
  if (request.ask === 'apply' && request.waits) {
    Atomics.store(answers, 0, id);
    Atomics.notify(answers, 0);
  }
}

async function work(request: Exclude<Request, { ask: 'heard' }>): Promise<unknown> {
  switch (request.ask) {
    case 'open':
      await session.open();
      setInterval(() => void renew(), leaseMs / RENEWALS);
      setInterval(checkTerm, leaseMs / 20);
      return undefined;
    case 'apply':
      return await session.apply(request.change);
    case 'acquire': {
      const asked = performance.now();
      const acquired = await session.acquire(request.name);
      if (acquired && session.leases.length === 1) renewedAt = asked;
      return acquired;
    }
    case 'release':
      return await session.release(request.names);
    case 'report':
      return await session.report(request.details);
    case 'entries':
      return await session.entries();
    case 'close':
      await session.close();
      return undefined;
  }
}

async function renew(): Promise<void> {
  if (session.leases.length === 0 || renewing) return;
  renewing = true;
  const asked = performance.now();
  try {
    await session.renew();
    renewedAt = asked;
    say({ trouble: null });
  } catch (error) {
    if (error instanceof LeaseLost) lost(error.message);
    else say({ trouble: (error as Error).message });
  } finally {
    renewing = false;
  }
}

function checkTerm(): void {
  if (session.leases.length === 0 || performance.now() - renewedAt <= leaseMs * USED) return;
  lost(`the lease could not be renewed for ${(performance.now() - renewedAt) / 1000} s`);
}

port.on('message', (request: Request) => {
  if (request.ask === 'heard') clearTimeout(unheard);
  // After the changes before it; those after it need not wait, as the store knows them.
  else if (request.ask === 'entries') void changes.then(() => answer(request));
  else if (IN_ORDER.has(request.ask)) changes = changes.then(() => answer(request));
  else void answer(request);
});
