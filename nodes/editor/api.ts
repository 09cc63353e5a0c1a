import { known, shared, type Values } from './text.ts';

/** Which connection a request is for: none = the default one; a token makes it one that is not deployed yet. */
export interface ConnectionRef {
  id?: string;
  baseUrl?: string;
  token?: string;
  workspaceId?: string;
}

export interface ManagedConnection {
  id: string;
  name: string;
  baseUrl: string;
  workspaceId: string | null;
  default: boolean;
}

export interface Workspace {
  id: string;
  name: string;
  organisation: string;
  roles: string[];
  shared: boolean;
}

export interface Identity {
  user: { userName: string; email: string | null };
  baseUrl: string;
  managed: boolean;
  service: { version: string | null; apiVersion: string | null };
  workspace: Workspace | null;
  workspaceId: string | null;
  /** What the role allows; null where the role is not one of the Platform's own. */
  nodes: { type: string; needs: string; allowed: boolean }[] | null;
}

export interface Launchpad {
  name: string;
  description: string | null;
  repository: string | null;
  workspace: string | null;
  shared: boolean;
}

export interface Label {
  name: string;
}

export interface ComputeEnv {
  id: string;
  name: string;
  platform: string | null;
  status: string | null;
  primary: boolean;
}

export interface Run {
  id: string;
  runName: string;
  status: string;
  projectName: string | null;
}

export interface Studio {
  id: string;
  name: string;
  status: string | null;
  computeEnv: string | null;
}

export interface Action {
  id: string;
  name: string;
  status: string | null;
  pipeline: string | null;
}

export interface DataLink {
  id: string;
  name: string;
  provider: string | null;
  resourceRef: string;
  description: string | null;
  valid: boolean;
  /** Another one has this name as well when not. */
  unique: boolean;
}

export interface Folders {
  /** Where they are; '' is the root. */
  folder: string;
  folders: string[];
  /** There may be others. */
  more: boolean;
}

export interface Dataset {
  id: string;
  name: string;
  description: string | null;
  /** The latest. */
  version: number | null;
}

/** A refusal of an admin route, with its message in words for the user. */
export class RequestError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Answers {
  'seqera/connections': { connections: ManagedConnection[] };
  'seqera/identity': Identity;
  'seqera/workspaces': { workspaces: Workspace[] };
  'seqera/launchpads': { launchpads: Launchpad[] };
  'seqera/labels': { labels: Label[] };
  'seqera/compute-envs': { computeEnvs: ComputeEnv[] };
  'seqera/runs': { runs: Run[] };
  'seqera/studios': { studios: Studio[] };
  'seqera/actions': { actions: Action[] };
  'seqera/data-links': { dataLinks: DataLink[]; loading: boolean };
  'seqera/folders': Folders;
  'seqera/datasets': { datasets: Dataset[] };
}

interface Question {
  connection?: ConnectionRef;
  workspaceId?: string;
  search?: string;
  dataLink?: string;
  path?: string;
}

const KEEP_MS = 30_000;
const answers = new Map<string, { until: number; answer: Promise<unknown> }>();

/**
 * Asks an admin route. The path stays relative: only then does the editor add its own sign-in to the request.
 * Equal questions within half a minute share one answer; a failure is not kept.
 */
export function ask<P extends keyof Answers>(path: P, question: Question = {}): Promise<Answers[P]> {
  const body = JSON.stringify(question);
  const key = `${path} ${body}`;
  const kept = answers.get(key);
  if (kept && kept.until > Date.now()) return kept.answer as Promise<Answers[P]>;
  const answer = send<Answers[P]>(path, body);
  answers.set(key, { until: Date.now() + KEEP_MS, answer });
  answer.catch(() => answers.delete(key));
  return answer;
}

/** Forgets what was answered: after a change of a connection, and for a check that shall really check. */
export function forgetAnswers(): void {
  answers.clear();
}

interface Refusal {
  code: string;
  message: string;
  /** What of the catalogue says it, where it does. */
  reason?: string;
  values?: Values;
}

/** A refusal in the user's language; what the Platform itself said stands in it as it came. */
function inWords({ code, message, reason, values }: Refusal): string {
  const text = reason ? known(`refusals.${reason}`, values) : known(`errors.${code}`, { message });
  return text ?? message;
}

function send<T>(path: string, body: string): Promise<T> {
  return new Promise((resolve, reject) => {
    $.ajax({ url: path, method: 'POST', contentType: 'application/json', dataType: 'json', data: body })
      .done((answer) => resolve(answer as T))
      .fail((xhr) => {
        const refusal = (xhr.responseJSON ?? {}) as Partial<Refusal>;
        if (typeof refusal.code === 'string' && typeof refusal.message === 'string')
          reject(new RequestError(refusal.code, inWords(refusal as Refusal)));
        else if (xhr.status === 401 || xhr.status === 403)
          reject(new RequestError('NOT_ALLOWED', shared('problems.notAllowed')));
        else reject(new RequestError('UNREACHABLE', shared('problems.unreachable', { status: xhr.status })));
      });
  });
}
