import { z } from 'zod';
import { duration, regularExpression } from './scenario-values.ts';

const path = z.string().regex(/^[^/]+(?:\/[^/]+)*\/?$/, 'expected the path of an object, such as runs/a/b.fastq.gz');

export const generatedObjects = z.strictObject({
  count: z.int().min(0).max(2_000_000),
  /** Levels of folders above each file. */
  depth: z.int().min(0).max(10).default(2),
  perFolder: z.int().positive().default(100),
  under: path.optional(),
  extension: z.string().default('fastq.gz'),
  size: z.int().min(0).optional(),
});

/** `{n}` in the path is the number of the time, from 1. */
const change = z
  .strictObject({
    /** Simulated time from when the scenario was set. */
    at: duration.default(0),
    put: path.optional(),
    size: z.int().min(0).optional(),
    content: z.string().optional(),
    remove: path.optional(),
    every: duration.optional(),
    times: z.int().positive().max(100_000).optional(),
  })
  .refine((one) => (one.put === undefined) !== (one.remove === undefined), 'expected either put or remove')
  .refine((one) => one.every === undefined || one.every > 0, 'every: expected some time')
  .refine((one) => one.every !== undefined || one.times === undefined, 'times needs every');
export type ParsedChange = z.output<typeof change>;

const dataLink = z.strictObject({
  status: z.enum(['VALID', 'INVALID']).optional(),
  message: z.string().optional(),
  objects: generatedObjects.optional(),
  /** What happens to its objects over simulated time. */
  changes: z.array(change).default([]),
});

const studioRule = z.strictObject({
  /** Regular expressions, all must match. */
  match: z.strictObject({ name: regularExpression.optional(), tool: regularExpression.optional() }).default({}),
  startingFor: duration.default(2000),
  /** Default: 5 s where there is something to build (Conda packages, a repository), else none. */
  buildingFor: duration.optional(),
  /** From the start: until then it answers 202 when it has data links mounted. */
  mountingFor: duration.default(1000),
  stoppingFor: duration.default(2000),
  /** `running` runs until it is stopped. */
  end: z.enum(['running', 'stopped', 'errored', 'buildFailed']).default('running'),
  /** For stopped and errored: how long it runs first. Without it, errored never comes to run. */
  runningFor: duration.optional(),
  message: z.string().optional(),
  stopReason: z.enum(['CREDITS_RUN_OUT', 'LIFESPAN_EXPIRED', 'SPOT_RECLAMATION', 'NO_STATS_AVAIL']).optional(),
  times: z.int().positive().optional(),
});
export type ParsedStudioRule = z.output<typeof studioRule>;

export const dataScenario = {
  /** While the list of buckets is loading it is incomplete, and answered with 202. */
  dataLinksLoadingFor: duration.default(0),
  /** By id or name. */
  dataLinks: z.record(z.string(), dataLink).default({}),
  /** The first rule that matches decides how a studio goes, from its creation on. */
  studios: z.array(studioRule).default([]),
  /** By name. */
  actions: z
    .record(z.string(), z.strictObject({ status: z.enum(['CREATING', 'ACTIVE', 'ERROR', 'PAUSED']) }))
    .default({}),
};

export const DEFAULT_STUDIO_RULE: ParsedStudioRule = studioRule.parse({});
