/** Every code that a node can end with. A code is interface: it is never reused for something else, nor renamed. */
export const ERROR_CATALOGUE = {
  SEQERA_NO_CONNECTION: {
    meaning: 'The node has no connection, or its connection has no token.',
    mend: 'Choose a connection in the node, or set TOWER_ACCESS_TOKEN for the default one.',
  },
  SEQERA_INVALID_INPUT: {
    meaning: 'A property of the node or of the message is missing or cannot be used.',
    mend: 'Correct the property that the message names.',
  },
  SEQERA_UNAUTHORIZED: {
    meaning: 'The Platform does not know the token (401).',
    mend: 'Check the token: expired, revoked, or made on another Platform installation.',
  },
  SEQERA_FORBIDDEN: {
    meaning: 'The token is known, and its user may not do this (403).',
    mend: 'Check the workspace id and give the user the role that the message names.',
  },
  SEQERA_NOT_FOUND: {
    meaning: 'What was named does not exist in this workspace.',
    mend: 'Check the name or id, and the workspace.',
  },
  SEQERA_AMBIGUOUS_NAME: {
    meaning: 'More than one thing has exactly this name.',
    mend: 'Name it by its id, or say in which workspace it is.',
  },
  SEQERA_CONFLICT: {
    meaning: 'It exists already, or is in a state that does not allow this (409).',
    mend: 'Read what the Platform says in the message.',
  },
  SEQERA_BAD_REQUEST: {
    meaning: 'The Platform refused the request (400 or another 4xx).',
    mend: 'Read what the Platform says in the message.',
  },
  SEQERA_RATE_LIMITED: {
    meaning: 'The Platform kept answering 429 although the calls were spaced.',
    mend: 'Other programs use the same token: give this one a token of its own, or check less often.',
  },
  SEQERA_SERVER_ERROR: {
    meaning: 'The Platform or a gateway before it failed (5xx, or 400 with an error id), on each try.',
    mend: 'Try later; tell the Platform operators when it lasts.',
  },
  SEQERA_TIMEOUT: {
    meaning: 'No answer in time.',
    mend: 'Try later; check proxies and firewalls when it lasts.',
  },
  SEQERA_UNREACHABLE: {
    meaning: 'No connection to the Platform could be made, or it broke.',
    mend: 'Check the base URL, DNS, proxy (HTTPS_PROXY, NO_PROXY) and firewall.',
  },
  SEQERA_TLS: {
    meaning: 'The certificate of the server is not trusted.',
    mend: 'Name the private certificate authority in NODE_EXTRA_CA_CERTS, or check the base URL.',
  },
  SEQERA_REDIRECTED: {
    meaning: 'The server redirects to another origin; the token is not sent there.',
    mend: 'Set the base URL of the connection to the address that the message names.',
  },
  SEQERA_BAD_ANSWER: {
    meaning: 'The answer is not what the Platform API gives: not JSON, or of another shape.',
    mend: 'Check that the base URL is the API (https://api.cloud.seqera.io or https://HOST/api) and not a web page.',
  },
  SEQERA_ANSWER_TOO_LARGE: {
    meaning: 'The answer is larger than the bound.',
    mend: 'Ask for less: a smaller page, a narrower search.',
  },
  SEQERA_AMBIGUOUS_LAUNCH: {
    meaning: 'It cannot be told whether a launch took effect, so it was not repeated.',
    mend: 'Look for the run name of the message on the Platform; launch again only if no such run exists.',
  },
  SEQERA_STORE_FAILED: {
    meaning: 'What must survive a restart could not be stored.',
    mend: 'Check the context store: disk full, read-only, or the message is larger than the store takes.',
  },
  SEQERA_STOPPED: {
    meaning: 'The node was stopped (deploy or shutdown) before it was done.',
    mend: 'Send the message again.',
  },
  SEQERA_INTERNAL: {
    meaning: 'A fault in the node itself.',
    mend: 'Report it with the message and the stack.',
  },
} as const;

export type SeqeraErrorCode = keyof typeof ERROR_CATALOGUE;

export interface SeqeraErrorDetails {
  status?: number;
  /** `unknown`: the call may have taken effect although it failed. Default `none`. */
  outcome?: 'none' | 'unknown';
  /** The same call may succeed later. */
  transient?: boolean;
  /** The run that it is about, if it is about one. */
  runId?: string;
}

/** Names in a message come from flows and servers, and can be megabytes. */
const LONGEST_MESSAGE = 2_000;

/**
 * The only error that leaves the pack. It has no `cause` on purpose: errors of the HTTP stack can hold the request,
 * and the request holds the token.
 */
export class SeqeraError extends Error {
  override readonly name = 'SeqeraError';
  readonly code: SeqeraErrorCode;
  readonly status?: number;
  readonly outcome: 'none' | 'unknown';
  readonly transient: boolean;
  /** For whoever reads it off the error in a log or in a Catch node. */
  readonly runId?: string;

  constructor(code: SeqeraErrorCode, message: string, details: SeqeraErrorDetails = {}) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message);
    this.code = code;
    if (details.status !== undefined) this.status = details.status;
    this.outcome = details.outcome ?? 'none';
    this.transient = details.transient ?? false;
    if (details.runId !== undefined) this.runId = details.runId;
  }
}

/** The same error, about this run. One error can be told of many runs, so the one given is left as it is. */
export function aboutRun(error: SeqeraError, runId: string | undefined): SeqeraError {
  if (runId === undefined || error.runId === runId) return error;
  const { code, message, status, outcome, transient, stack } = error;
  const details = { ...(status !== undefined && { status }), outcome, transient, runId };
  const about = new SeqeraError(code, message, details);
  if (stack !== undefined) about.stack = stack;
  return about;
}

export const invalidInput = (message: string): SeqeraError => new SeqeraError('SEQERA_INVALID_INPUT', message);

export const stopped = (): SeqeraError =>
  new SeqeraError('SEQERA_STOPPED', 'The node was stopped before the call was done');

/** Whatever was thrown, as a SeqeraError: a programming fault keeps its message and stack. */
export function toSeqeraError(thrown: unknown): SeqeraError {
  if (thrown instanceof SeqeraError) return thrown;
  const error = new SeqeraError('SEQERA_INTERNAL', thrown instanceof Error ? thrown.message : String(thrown));
  if (thrown instanceof Error && thrown.stack !== undefined) error.stack = thrown.stack;
  return error;
}
