import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { dataScenario } from './scenario-data.ts';
import { duration, regularExpression } from './scenario-values.ts';

export type { Duration } from './scenario-values.ts';

const role = z.enum(['owner', 'admin', 'maintain', 'launch', 'connect', 'view']);
export type Role = z.output<typeof role>;

const endStatus = z.enum(['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNKNOWN', 'NEVER']);
export type EndStatus = z.output<typeof endStatus>;

const runRule = z.strictObject({
  /**
   * Regular expressions, all must match (write `^rnaseq$` for the whole of it). `pipeline` is compared with the
   * launchpad name, or with the repository when there is none; a param that is not text with its JSON.
   */
  match: z
    .strictObject({
      pipeline: regularExpression.optional(),
      runName: regularExpression.optional(),
      params: z.record(z.string(), regularExpression).optional(),
      label: regularExpression.optional(),
    })
    .default({}),
  submittedFor: duration.default(2000),
  runningFor: duration.default(8000),
  /** `NEVER` keeps running; `UNKNOWN` has no `complete` until `completeAfter`. */
  end: endStatus.default('SUCCEEDED'),
  errorMessage: z.string().optional(),
  errorReport: z.string().optional(),
  exitStatus: z.int().optional(),
  tasks: z.int().min(0).max(100_000).default(20),
  /** Heartbeats are lost: UNKNOWN from `after` (counted from RUNNING) for `for`, then RUNNING again. */
  unknown: z.strictObject({ after: duration, for: duration }).optional(),
  completeAfter: duration.default(Number.POSITIVE_INFINITY),
  /** The scheduler refused the job: FAILED straight from SUBMITTED, no start, no commit, nothing to resume. */
  neverStarts: z.boolean().default(false),
  times: z.int().positive().optional(),
});

const faultKind = z.enum(['latency', 'status', 'reset-before', 'reset-after', 'malformed', 'html', 'hang', 'accepted']);
export type FaultKind = z.output<typeof faultKind>;

const fault = z.strictObject({
  match: z
    .strictObject({ method: z.string().toUpperCase().optional(), path: regularExpression.optional() })
    .default({}),
  kind: faultKind,
  /** Probability of 0 to 1, drawn from the scenario's seeded generator. */
  rate: z.number().min(0).max(1).default(1),
  /** Window in simulated time, counted from when the scenario was set. */
  from: duration.default(0),
  for: duration.default(Number.POSITIVE_INFINITY),
  times: z.int().positive().optional(),
  /** Let this many matching calls pass first. */
  skip: z.int().min(0).default(0),
  status: z.int().min(200).max(599).optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  retryAfter: z.union([z.number(), z.string()]).optional(),
  /** Real time, as clients' time-outs are: one value or [least, most]. */
  delay: z.union([duration, z.tuple([duration, duration])]).optional(),
  /** For status, html, hang and accepted: the call takes effect although its answer is lost. */
  effect: z.boolean().default(false),
});

const tokenRule = z.strictObject({ token: z.string().min(1), role });

const history = z.strictObject({
  count: z.int().min(0).max(1_000_000),
  pipeline: z.string().default('hello'),
  workspaceId: z.int().default(70001),
  /** Time between two submissions, the last of them just before now. */
  every: duration.default(60_000),
  runNamePrefix: z.string().default('history'),
});

export const scenarioSchema = z.strictObject({
  seed: z.int().default(1),
  rateLimit: z
    .union([z.boolean(), z.strictObject({ perSecond: z.int().positive().default(20), hold: duration.default(0) })])
    .optional(),
  /** Tokens with a lesser role. Other accepted tokens act as owner. */
  tokens: z.array(tokenRule).default([]),
  /** Changes to seeded compute environments, by name. */
  computeEnvs: z
    .record(
      z.string(),
      z.strictObject({
        status: z.enum(['CREATING', 'AVAILABLE', 'DISABLED', 'DELETING', 'ERRORED', 'INVALID', 'DELETED']).optional(),
        credentialsValid: z.boolean().optional(),
      }),
    )
    .default({}),
  /** The first rule that matches a launch decides its run. */
  runs: z.array(runRule).default([]),
  /** Runs that exist already when the scenario is set. */
  history: z.array(history).default([]),
  faults: z.array(fault).default([]),
  ...dataScenario,
});

/** What is written by hand: a scenario file, or an object in a test. */
export type Scenario = z.input<typeof scenarioSchema>;
export type RunRule = z.input<typeof runRule>;
export type Fault = z.input<typeof fault>;
/** The same with defaults filled in, durations in milliseconds, expressions compiled. */
export type ParsedScenario = z.output<typeof scenarioSchema>;
export type ParsedRunRule = z.output<typeof runRule>;
export type ParsedFault = z.output<typeof fault>;

export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code = 'SIMULATOR_SCENARIO_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], where: string) {
    super(`${where}: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** @throws ScenarioError with every problem, each with the place it stands at. */
export function parseScenario(value: unknown, where = 'scenario'): ParsedScenario {
  const result = scenarioSchema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw new ScenarioError(
    result.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`),
    where,
  );
}

/** Reads a YAML or JSON file (JSON is YAML) and checks it. @throws ScenarioError */
export function readScenarioFile(path: string): Scenario {
  let value: unknown;
  try {
    value = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ScenarioError([(error as Error).message.split('\n')[0] ?? 'cannot be read'], path);
  }
  parseScenario(value, path);
  return (value ?? {}) as Scenario;
}
