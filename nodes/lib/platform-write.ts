import { SeqeraError } from './errors.ts';
import { isPlainObject } from './typed-input.ts';

/** A call that changes something on the Platform, and how it ended. Free of tokens and of what was sent. */
export interface PlatformWrite {
  /** `launch` and `cancel` of runs, by whatever node; `platform-write` is anything else. */
  action: 'launch' | 'cancel' | 'platform-write';
  method: string;
  path: string;
  platform: string;
  workspaceId: string | null;
  /** HTTP status; absent when there was no answer. */
  status?: number;
  runId?: string;
  runName?: string;
  /** Code of the error. */
  error?: string;
  /** `unknown`: it failed, and may have taken effect all the same. */
  outcome: 'done' | 'failed' | 'unknown';
  /** The answer to the launch had been lost; its run was found afterwards. */
  adopted?: true;
  /** `_msgid` of the message that it was done for. */
  messageId?: string;
}

interface Call {
  method: string;
  path: string;
  platform: string;
  workspaceId: string | null;
  body: unknown;
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Makes the call and tells of it when it changes something. What the listener throws is its own affair. */
export async function tellWrite<T extends { status: number; body: unknown }>(
  call: Call,
  tell: ((write: PlatformWrite) => void) | undefined,
  make: () => Promise<T>,
): Promise<T> {
  if (!tell || isRead(call.method)) return make();
  const base = describe(call);
  try {
    const answer = await make();
    const runId = isPlainObject(answer.body) ? answer.body.workflowId : undefined;
    tellSafely(tell, {
      ...base,
      ...(typeof runId === 'string' ? { runId } : {}),
      status: answer.status,
      outcome: 'done',
    });
    return answer;
  } catch (error) {
    const known = error instanceof SeqeraError ? error : undefined;
    tellSafely(tell, {
      ...base,
      ...(known?.status === undefined ? {} : { status: known.status }),
      error: known?.code ?? 'SEQERA_INTERNAL',
      outcome: known?.outcome === 'none' ? 'failed' : 'unknown',
    });
    throw error;
  }
}

export function tellSafely(tell: (write: PlatformWrite) => void, write: PlatformWrite): void {
  try {
    tell(write);
  } catch {
    // A launch must not fail because somebody could not write it down.
  }
}

function describe({ method, path, platform, workspaceId, body }: Call): Omit<PlatformWrite, 'outcome'> {
  const [plain = ''] = path.split('?');
  const action = /^\/(?:workflow|actions\/[^/]+)\/launch\/?$/.test(plain)
    ? 'launch'
    : /^\/workflow\/[^/]+\/cancel\/?$/.test(plain)
      ? 'cancel'
      : 'platform-write';
  const cancelled = action === 'cancel' ? plain.split('/')[2] : undefined;
  const launch = action === 'launch' && isPlainObject(body) && isPlainObject(body.launch) ? body.launch : {};
  return {
    action,
    method,
    path: plain,
    platform,
    workspaceId,
    ...(cancelled === undefined ? {} : { runId: decodeURIComponent(cancelled) }),
    ...(typeof launch.runName === 'string' && launch.runName !== '' ? { runName: launch.runName } : {}),
  };
}
