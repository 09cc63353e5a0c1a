import type { RecordedCall } from './calls.ts';
import type { SimulatedData } from './data-views.ts';
import type { EndStatus, Scenario } from './scenario.ts';

export interface SimulatorOptions {
  /** 0, the default: any free port. */
  port?: number;
  host?: string;
  /** In front of every route of the Platform, such as `/api`. */
  basePath?: string;
  /** Simulated seconds a second. Default 1. */
  speed?: number;
  scenario?: Scenario;
  /** The only token that is taken (besides those of the scenario). Default: any that is not empty. */
  token?: string;
  /** Default: 20 calls a second and token, as on the Platform. The scenario's own setting wins. */
  rateLimit?: boolean;
  /** How many calls are kept in `calls`. Default 50,000. */
  keepCalls?: number;
  /** Hears of each call as it arrives; its `status` is set when it is answered. */
  onCall?: (call: RecordedCall) => void;
  /** Simulated time at the start. Default: now. */
  startAt?: Date;
}

/** A run as a test wants to see it. */
export interface RunView {
  id: string;
  runName: string;
  status: 'SUBMITTED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';
  /** null: the personal workspace. */
  workspaceId: number | null;
  /** Repository. */
  pipeline: string;
  /** Launchpad name, when launched from one. */
  pipelineName: string | null;
  revision: string | null;
  sessionId: string;
  launchId: string;
  computeEnvId: string;
  workDir: string;
  resume: boolean;
  params: Record<string, unknown>;
  labels: string[];
  /** The `launch` object that was posted. */
  launch: Record<string, unknown>;
  /** The token that launched it. */
  token: string | null;
  /** Simulated times, ISO. */
  submit: string;
  start: string | null;
  complete: string | null;
}

export interface Simulator extends SimulatedData {
  /** Base URL, base path included, no trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly calls: readonly RecordedCall[];
  /** Calls ever seen, by `METHOD /route/{template}`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Calls that are not answered yet because time has to pass first, or never will be: what a fault does. */
  readonly held: number;
  /** Oldest first, all workspaces. */
  readonly runs: readonly RunView[];
  run(id: string): RunView | undefined;
  /** Ends a live run now. */
  endRun(id: string, end?: Exclude<EndStatus, 'NEVER'>, error?: { errorMessage?: string; errorReport?: string }): void;
  /** Resolves with the first finished call that matches, past or to come. */
  waitForCall(matches: (call: RecordedCall) => boolean, timeoutMs?: number): Promise<RecordedCall>;
  /** Simulated time. */
  now(): Date;
  /** Replaces rules and faults; runs that exist keep their course; fault windows count from here. */
  setScenario(scenario: Scenario): void;
  /** Moves simulated time forward. */
  advance(ms: number): void;
  setSpeed(speed: number): void;
  /** Back to the seed data and the first scenario; calls are forgotten; time does not go back. */
  reset(): void;
  close(): Promise<void>;
}
