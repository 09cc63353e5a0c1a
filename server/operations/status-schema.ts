import { z } from 'zod';

const time = z.iso.datetime().meta({ description: 'UTC.' });
const text = z.string();
const count = z.int().min(0);

const flowPlace = {
  node: text.meta({ description: 'Id of the node.' }),
  nodeLabel: text,
  flow: text.nullable().meta({ description: 'Id of its flow.' }),
  flowLabel: text.nullable(),
};

const runParts = {
  key: text.meta({ description: 'Names it for `/status/runs?key=…`.' }),
  kind: text.meta({ description: '`run` or `studio`.' }),
  id: text,
  workspaceId: text.nullable(),
  name: text.nullable().meta({ description: 'null until the Platform was asked.' }),
  pipeline: text.nullable(),
  status: text.nullable().meta({ description: 'In the Platform’s words, in lower case.' }),
  since: time.meta({ description: 'When following it began.' }),
  page: text.nullable().meta({ description: 'Where it is on the Platform.' }),
  ...flowPlace,
};

const followed = z.strictObject(runParts);

export const OUTCOMES = ['succeeded', 'failed', 'cancelled', 'lost'] as const;
const outcome = z.enum(OUTCOMES).meta({ description: '`lost`: it can no longer be read on the Platform.' });

const ended = z.strictObject({ ...runParts, endedAt: time, outcome, reason: text.nullable() });

const failure = z.strictObject({
  at: time,
  kind: z.enum(['run', 'launch']).meta({ description: 'A run that ended badly, or a launch that was refused.' }),
  title: text,
  reason: text.nullable(),
  key: text.nullable().meta({ description: 'Of the run, if there is one.' }),
  page: text.nullable(),
  ...flowPlace,
});

const connection = z.strictObject({
  id: text,
  name: text,
  platform: text.meta({ description: 'Host of the Platform.' }),
  workspaceId: text.nullable(),
  managed: z.boolean().meta({ description: 'From the environment; else it was made in the editor.' }),
  token: z.strictObject({
    state: z.enum(['good', 'refused', 'unreachable', 'unknown']).meta({
      description: '`unknown`: not asked yet, or a connection of the editor, whose token the appliance has not.',
    }),
    user: text.nullable(),
    role: text.nullable().meta({ description: 'Of that user in the workspace.' }),
    checkedAt: time.nullable(),
    reason: text.nullable(),
  }),
  calls: z
    .strictObject({
      lastMinute: count,
      budgetUsed: z
        .number()
        .min(0)
        .meta({ description: 'Share of the calls that one token may make, in the last ten seconds.' }),
      errorsLastHour: count,
      retriesLastHour: count,
      medianMs: z.number().nullable(),
      p95Ms: z.number().nullable(),
      waitedMs: z.number().nullable().meta({ description: '95 of 100 calls waited no longer for the budget.' }),
      lastError: z.strictObject({ at: time, endpoint: text, error: text }).nullable(),
    })
    .meta({ description: 'Of all connections to the same host together, since the start.' }),
});

const flow = z.strictObject({
  id: text,
  label: text,
  state: z.enum(['running', 'disabled', 'held back', 'refused', 'not running']),
  why: text.nullable().meta({ description: 'Why it is held back or refused.' }),
  nodes: count,
  following: count.meta({ description: 'Runs and studios that it follows.' }),
  errors: count.meta({ description: 'Of its nodes, since the start.' }),
  lastError: z.strictObject({ at: time, text, node: text, nodeLabel: text }).nullable(),
  deployed: z.strictObject({
    by: z.enum(['editor', 'flow files']),
    user: text.nullable(),
    at: time.nullable(),
  }),
});

const poll = z.strictObject({
  ...flowPlace,
  at: time.meta({ description: 'When it was last done.' }),
  next: time,
  found: count.nullable().meta({ description: 'New things; null when the poll failed.' }),
  foundSinceStart: count,
  error: text.nullable(),
});

const hour = { hour: time.meta({ description: 'When it began.' }) };

/** What `/status.json` answers. */
export const statusSchema = z.strictObject({
  at: time,
  startedAt: time,
  version: text,
  ready: z.boolean(),
  reasons: z
    .array(z.strictObject({ code: text, message: text }))
    .meta({ description: 'Why it is not ready, as /readyz.' }),
  replicas: z
    .strictObject({
      shards: count,
      members: z.array(
        z.strictObject({
          id: text,
          self: z.boolean().meta({ description: 'The one that answers.' }),
          leads: z.array(count).meta({ description: 'Shards; none: it stands by.' }),
        }),
      ),
    })
    .nullable()
    .meta({ description: 'null where one process is all. What else is in the answer is of the replica that answers.' }),
  connections: z.array(connection),
  following: count.meta({ description: 'How many runs and studios are followed; `runs` lists 5000 at most.' }),
  runs: z.array(followed),
  ended: z.array(ended).meta({ description: 'In the last 24 hours, newest first, 500 at most.' }),
  outcomes: z
    .array(z.strictObject({ ...hour, succeeded: count, failed: count, cancelled: count, lost: count }))
    .meta({ description: 'What ended, by hour: 24 of them, the last one being under way.' }),
  launches: z
    .array(z.strictObject({ ...hour, done: count, failed: count, unknown: count }))
    .meta({ description: 'The same for launches. `unknown`: no answer came, and it may have taken effect.' }),
  failures: z.array(failure).meta({ description: 'Newest first, 100 at most, of as many days as the history has.' }),
  flows: z.array(flow),
  git: z
    .strictObject({
      url: text,
      ref: text,
      revision: text.nullable(),
      deployed: text.nullable().meta({ description: 'Commit of deploys made here, on top of it.' }),
      appliedAt: time.nullable(),
      checkedAt: time.nullable(),
      error: text.nullable(),
    })
    .nullable(),
  polls: z.array(poll),
  store: z.strictObject({
    kind: z.enum(['sqlite', 'postgresql']),
    bytes: count.nullable().meta({ description: 'null: a database elsewhere.' }),
    fault: text.nullable(),
  }),
  notifications: z
    .strictObject({
      format: z.enum(['slack', 'teams', 'generic']),
      failing: count.meta({
        description: 'How many flows, connections and the like fail now, by the rules of notifications.',
      }),
      lastDeliveredAt: time.nullable().meta({ description: 'Since the start.' }),
      error: text.nullable().meta({ description: 'Why the last try to tell failed; null when it went well.' }),
    })
    .nullable()
    .meta({ description: 'null: nobody is notified.' }),
  log: z
    .strictObject({
      levels: text.meta({ description: 'In force, as it would be written in LOG_LEVEL.' }),
      configured: text.meta({ description: 'What LOG_LEVEL says, which the next start begins with.' }),
      changed: z.strictObject({ at: time, by: text }).nullable().meta({ description: 'null: as configured.' }),
    })
    .meta({ description: 'Levels of the log; docs/logs.md.' }),
  process: z.strictObject({
    everySeconds: count.meta({ description: 'Between two samples.' }),
    lagMs: z.array(z.number()).meta({ description: 'By how much the event loop was late, at worst; oldest first.' }),
    memoryBytes: z.array(count).meta({ description: 'Memory of the process.' }),
    messagesInFlight: count,
  }),
});

/** What `/status/runs?key=…` answers. */
export const runDetailSchema = z.strictObject({
  run: z.union([followed, ended]),
  events: z.array(z.strictObject({ at: time, what: text, ...flowPlace })).meta({
    description: 'What is known of it, oldest first: what nodes saw and did since the start of this process.',
  }),
  calls: z
    .array(
      z.strictObject({
        at: time,
        method: text,
        endpoint: text,
        answer: text.meta({ description: 'The HTTP status, or a code of an error.' }),
        attempt: count,
        durationMs: z.number(),
        waitedMs: z.number(),
      }),
    )
    .meta({ description: 'Calls about this run alone. Most checks are of many runs at once, and are not here.' }),
  path: z
    .array(
      z.strictObject({
        ...flowPlace,
        nodeType: text,
        did: z
          .enum(['launched', 'followed', 'cancelled'])
          .optional()
          .meta({ description: 'What the node did with it; absent: the message only came through.' }),
      }),
    )
    .meta({
      description:
        'Nodes that the messages of this run came through, in the order in which they came there first: that which launched it and those which wait for its end. 50 at most, besides those that had to do with the run.',
    }),
});

export type StatusReport = z.infer<typeof statusSchema>;
export type RunDetail = z.infer<typeof runDetailSchema>;
export type FollowedRun = z.infer<typeof followed>;
export type EndedRun = z.infer<typeof ended>;
export type Outcome = z.infer<typeof outcome>;
export type FailureEntry = z.infer<typeof failure>;
export type ConnectionEntry = z.infer<typeof connection>;
export type FlowEntry = z.infer<typeof flow>;
export type PollEntry = z.infer<typeof poll>;

/** docs/status.schema.json. */
export function statusJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(statusSchema, { target: 'draft-7' });
  const { $schema: _, ...detail } = z.toJSONSchema(runDetailSchema, { target: 'draft-7' });
  return {
    $schema,
    title: 'What /status.json answers',
    ...rest,
    definitions: { run: { title: 'What /status/runs answers', ...detail } },
  };
}
