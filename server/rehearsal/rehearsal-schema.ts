import { z } from 'zod';
import { scenarioSchema } from '../../simulator/index.ts';
import { milliseconds } from './milliseconds.ts';

/** What is written in a `*.flowtest.yaml`, as a schema: it checks the files, and editors know it as docs/flowtest.schema.json. */

const duration = z
  .union([z.string(), z.number()])
  .refine((value) => milliseconds(value) !== null, 'expected a duration such as 500ms, 30s, 10m, 8h or 2d')
  .meta({ description: 'Time that passes: 500ms, 30s, 10m, 8h, 2d, or milliseconds.' });

const nodeRef = z.string().min(1).meta({ description: 'A node of the flows: its name, or its id.' });

const expected = z.unknown().meta({
  description:
    'What the value has to be. Of an object only the properties that are named here are compared. Text of the form /…/ is a regular expression.',
});

const call = z
  .string()
  .regex(/^(?:[A-Z]+|\*) \S+$/, 'expected a method and a path, such as "POST /workflow/launch"')
  .meta({ description: 'Method and path; * stands for any method, and in a path for any part of it.' });

const texts = z.record(z.string(), z.string());

const times = z.union([
  z.int().min(0),
  z
    .strictObject({ least: z.int().min(0).optional(), most: z.int().min(0).optional() })
    .refine(({ least, most }) => least !== undefined || most !== undefined, 'expected least, most or both'),
]);

const KINDS = {
  message: ['with'],
  call: ['query', 'body', 'answered'],
  http: ['headers', 'body'],
  status: ['text', 'fill', 'shape'],
  error: ['text', 'code'],
} as const;

const expectation = z
  .strictObject({
    message: nodeRef.optional().meta({ description: 'A message that arrives at a node.' }),
    with: expected.optional().meta({ description: 'What the message has to hold, such as {payload: {status: done}}.' }),
    call: call.optional().meta({ description: 'A call of Seqera Platform, such as POST /workflow/launch.' }),
    http: call
      .optional()
      .meta({ description: 'A request to another address, such as POST https://hooks.example.org/*.' }),
    query: expected.optional(),
    headers: expected.optional(),
    body: expected.optional(),
    answered: z.int().optional().meta({ description: 'The status that the Platform answered with.' }),
    status: nodeRef.optional().meta({ description: 'A status that a node shows.' }),
    error: nodeRef.optional().meta({ description: 'An error that a node raises, caught by the flow or not.' }),
    text: expected.optional(),
    fill: z.enum(['red', 'green', 'yellow', 'blue', 'grey']).optional(),
    shape: z.enum(['ring', 'dot']).optional(),
    code: expected.optional(),
    times: times.optional().meta({ description: 'How often. Default: at least once.' }),
  })
  .superRefine((value, context) => {
    const kinds = Object.keys(KINDS).filter((kind) => kind in value) as (keyof typeof KINDS)[];
    const [kind] = kinds;
    if (kinds.length !== 1 || !kind) {
      context.addIssue(
        `expected one of ${Object.keys(KINDS).join(', ')}${kinds.length > 1 ? `, and not ${kinds.join(' and ')} together` : ''}`,
      );
      return;
    }
    const allowed: readonly string[] = [kind, 'times', ...KINDS[kind]];
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `does not go with ${kind}, which takes ${KINDS[kind].join(', ')}, times`,
        });
    }
  });

const fixture = z.strictObject({
  request: call.meta({ description: 'Method and address, such as POST https://hooks.example.org/services/*.' }),
  body: expected.optional().meta({ description: 'Only for requests with this body.' }),
  times: z.int().positive().optional().meta({ description: 'Only the first so many requests.' }),
  answer: z
    .strictObject({
      status: z.int().min(200).max(599).default(200),
      headers: texts.default({}),
      body: z.unknown().optional().meta({ description: 'Text, or anything else as JSON.' }),
      after: duration.optional(),
      fails: z
        .enum(['reset', 'hang'])
        .optional()
        .meta({ description: 'reset: the connection breaks. hang: no answer ever comes.' }),
    })
    .default({ status: 200, headers: {} }),
});

const step = z
  .strictObject({
    inject: nodeRef.optional().meta({ description: 'Presses the button of an inject node.' }),
    send: nodeRef.optional().meta({ description: 'Gives a node a message, as if a wire had brought it.' }),
    message: z.record(z.string(), z.unknown()).optional().meta({ description: 'The message, for inject and send.' }),
    request: call.optional().meta({ description: 'Calls an endpoint of the flows, such as POST /samples.' }),
    headers: texts.optional(),
    body: z.unknown().optional(),
    sign: z
      .strictObject({
        secret: z.string().min(1),
        header: z.string().default('X-Hub-Signature-256'),
        prefix: z.string().default('sha256='),
      })
      .optional()
      .meta({
        description:
          'Signs the body with HMAC-SHA256, as GitHub does: with the secret that `credentials` gives the node.',
      }),
    answer: z
      .strictObject({ status: z.int().optional(), headers: expected.optional(), body: expected.optional() })
      .optional()
      .meta({ description: 'What the endpoint has to answer.' }),
    wait: duration.optional().meta({ description: 'Lets time pass.' }),
    dataLink: z.string().optional().meta({ description: 'Objects of this data link appear or go.' }),
    put: z
      .array(
        z.union([
          z.string(),
          z.strictObject({ path: z.string(), size: z.int().min(0).optional(), content: z.string().optional() }),
        ]),
      )
      .optional(),
    remove: z.array(z.string()).optional(),
    endRun: z
      .union([
        z.enum(['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNKNOWN']),
        z.strictObject({
          status: z.enum(['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNKNOWN']),
          run: z
            .string()
            .optional()
            .meta({ description: 'Run name, run id or pipeline. Default: the newest run that lives.' }),
          errorMessage: z.string().optional(),
        }),
      ])
      .optional()
      .meta({ description: 'Ends a run now, whatever the scenario says.' }),
    platform: scenarioSchema.optional().meta({ description: 'From now on this scenario holds.' }),
    restart: z.literal(true).optional().meta({ description: 'Stops and starts all flows; what they stored is kept.' }),
  })
  .superRefine((value, context) => {
    const STEPS = {
      inject: ['message'],
      send: ['message'],
      request: ['headers', 'body', 'sign', 'answer'],
      wait: [],
      dataLink: ['put', 'remove'],
      endRun: [],
      platform: [],
      restart: [],
    };
    const kinds = Object.keys(STEPS).filter((kind) => kind in value) as (keyof typeof STEPS)[];
    const [kind] = kinds;
    if (kinds.length !== 1 || !kind) {
      context.addIssue(
        `a step is one of ${Object.keys(STEPS).join(', ')}${kinds.length > 1 ? `, and not ${kinds.join(' and ')} together: write two steps` : ''}`,
      );
      return;
    }
    const allowed: readonly string[] = [kind, ...STEPS[kind]];
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `does not go with the step ${kind}${STEPS[kind].length > 0 ? `, which takes ${STEPS[kind].join(', ')}` : ''}`,
        });
    }
  });

const shared = {
  flows: z
    .union([z.literal('all'), z.array(z.string()).min(1)])
    .optional()
    .meta({
      description:
        'Which flows run: labels of tabs, names of files, or all. Default: the flows of the file with the same name, else all.',
    }),
  platform: scenarioSchema
    .optional()
    .meta({ description: 'State and course of the simulated Platform, as for `redstart simulator --scenario`.' }),
  at: z
    .union([z.string(), z.date()])
    .refine(
      (value) => !Number.isNaN(new Date(value).getTime()),
      'expected a date and time such as 2026-03-02T21:00:00Z',
    )
    .optional()
    .meta({ description: 'The moment that it begins at. Default: Monday, 2026-01-05T09:00:00Z.' }),
  env: texts.optional().meta({ description: 'Variables of the environment that the flows read.' }),
  credentials: z.record(z.string(), texts).optional().meta({
    description: 'What nodes have for credentials here, by name or id: { GitHub: { secret: not-the-real-one } }.',
  }),
  http: z.array(fixture).optional().meta({
    description: 'What other addresses answer. A request without an answer here is refused, and fails the rehearsal.',
  }),
};

const rehearsal = z.strictObject({
  name: z.string().min(1).meta({ description: 'What it shows, in a few words.' }),
  ...shared,
  steps: z.array(step).min(1).meta({ description: 'What happens, in this order. Time stands still but for wait.' }),
  expect: z.array(expectation).optional().meta({ description: 'What must have come out at the end.' }),
  never: z.array(expectation).optional().meta({ description: 'What must not have come out.' }),
  inOrder: z
    .boolean()
    .optional()
    .meta({ description: 'What is expected has to come in the order in which it is written.' }),
  timeout: duration.optional().meta({ description: 'Real time that it may take. Default: 20s.' }),
});

export const flowTestSchema = z.strictObject({ ...shared, rehearsals: z.array(rehearsal).min(1) });

export type FlowTestFile = z.input<typeof flowTestSchema>;
export type RehearsalText = FlowTestFile['rehearsals'][number];
export type Step = RehearsalText['steps'][number];
export type Expectation = NonNullable<RehearsalText['expect']>[number];
export type Fixture = NonNullable<FlowTestFile['http']>[number];

/** For editors: docs/flowtest.schema.json. */
export function flowTestJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(flowTestSchema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
  });
  return { $schema, title: 'Rehearsals of flows', ...rest };
}
