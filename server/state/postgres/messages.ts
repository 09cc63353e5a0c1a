import type { MessagePort } from 'node:worker_threads';
import type { Write } from '../state-store.ts';
import type { Change, Replica, ReplicaDetails } from './session.ts';

/** What the store asks of its thread. Each is answered with its `id`; changes are made in the order asked. */
export type Request = { id: number } & (
  | { ask: 'open' }
  | { ask: 'apply'; change: Change /** The store's thread stands still until this is answered. */; waits: boolean }
  | { ask: 'acquire'; name: string }
  | { ask: 'release'; names: string[] }
  | { ask: 'report'; details: ReplicaDetails }
  | { ask: 'entries' }
  | { ask: 'close' }
  /** That the leases are lost. Not answered. */
  | { ask: 'heard' }
);

export interface Answers {
  open: undefined;
  apply: undefined;
  acquire: boolean;
  release: undefined;
  report: Replica[];
  entries: Write[];
  close: undefined;
}

export type Reply =
  | { id: number; value?: unknown; error?: { code: string; message: string } }
  /** The leases are not ours any more, or nobody can say that they are: stop. */
  | { lost: string }
  /** Why the last renewal failed, or null when it worked. */
  | { trouble: string | null };

/** Which request a kind of answer belongs to. */
export type Asked<Kind extends keyof Answers> = Extract<Request, { ask: Kind }>;

export interface WorkerData {
  connectionString: string;
  holder: string;
  leaseMs: number;
  port: MessagePort;
  /** The `id` of the last answer that is waited for. */
  answered: SharedArrayBuffer;
}
