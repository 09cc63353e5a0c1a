import type { Simulator, SimulatorOptions } from '../index.ts';
import { createSimulator } from '../index.ts';

export const SHOWCASE = 70001;
export const REFERENCE = 70002;

export interface Answered {
  status: number;
  headers: Headers;
  /** Parsed, when it is JSON. */
  body: unknown;
  text: string;
}

/** A simulator whose time stands still until it is moved, and a client of it. Closed at the end of the `await using` scope. */
export class TestPlatform {
  readonly simulator: Simulator;

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async start(options: SimulatorOptions = {}): Promise<TestPlatform> {
    const startAt = new Date('2026-06-01T12:00:00Z');
    return new TestPlatform(await createSimulator({ speed: 0, startAt, rateLimit: false, ...options }));
  }

  async call(method: string, path: string, body?: unknown, token: string | null = 'a-token'): Promise<Answered> {
    const response = await fetch(this.simulator.url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: encoded(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text), text };
  }

  get(path: string, token?: string | null): Promise<Answered> {
    return this.call('GET', path, undefined, token);
  }

  /** Launches a launchpad pipeline of the showcase as it stands. */
  async launch(pipelineId = 30001, changes: Record<string, unknown> = {}, token?: string): Promise<Answered> {
    const { launch } = (await this.get(`/pipelines/${pipelineId}/launch?workspaceId=${SHOWCASE}`)).body as {
      launch: Record<string, unknown>;
    };
    const { computeEnv, lastUpdated, workspaceId, ...fields } = launch;
    const request = { ...fields, computeEnvId: (computeEnv as { id: string }).id, resume: false, ...changes };
    return this.call('POST', `/workflow/launch?workspaceId=${SHOWCASE}`, { launch: request }, token);
  }

  async launched(changes: Record<string, unknown> = {}): Promise<string> {
    const { status, body, text } = await this.launch(30001, changes);
    if (status !== 200) throw new Error(text);
    return (body as { workflowId: string }).workflowId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.close();
  }
}

/** A form with one file, as a dataset is uploaded. */
export function fileForm(
  content: string | Uint8Array<ArrayBuffer>,
  fileName = 'samples.csv',
  type = 'text/csv',
  name = 'file',
): FormData {
  const form = new FormData();
  form.append(name, new Blob([content], { type }), fileName);
  return form;
}

function encoded(body: unknown): string | FormData {
  if (typeof body === 'string' || body instanceof FormData) return body;
  return JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
