import * as v from 'valibot';
import { Refusal } from './refusal.ts';

const short = v.pipe(v.string(), v.maxLength(300));

const connection = v.strictObject({
  /** Id of a connection: managed or deployed. */
  id: v.optional(v.pipe(v.string(), v.maxLength(100))),
  baseUrl: v.optional(v.pipe(v.string(), v.maxLength(2000))),
  /** One that was typed and is not deployed: goes with `baseUrl`. */
  token: v.optional(v.pipe(v.string(), v.maxLength(8000))),
  /** Empty: the personal workspace. */
  workspaceId: v.optional(v.pipe(v.string(), v.regex(/^\d{0,19}$/))),
});

const question = v.strictObject({
  /** None: the default connection. */
  connection: v.optional(connection, {}),
  workspaceId: v.optional(v.pipe(v.string(), v.regex(/^\d{1,19}$/))),
  search: v.optional(short),
  /** Whose folders are asked for, by name or id. */
  dataLink: v.optional(short),
  /** What was typed of a path: its last part is the beginning of a name. Object stores take names of 1024 bytes. */
  path: v.optional(v.pipe(v.string(), v.maxLength(1024))),
});

export type ConnectionRef = v.InferOutput<typeof connection>;
export type Question = v.InferOutput<typeof question>;

/** @throws SEQERA_INVALID_INPUT that names the place and never the value, which may be the token. */
export function readQuestion(body: unknown): Question {
  const result = v.safeParse(question, body);
  if (result.success && !Array.isArray(body)) return result.output;
  const [issue] = result.issues ?? [];
  const place = issue ? (v.getDotPath(issue) ?? 'the body') : 'the body';
  throw place.endsWith('workspaceId')
    ? new Refusal('SEQERA_INVALID_INPUT', 'workspaceId')
    : new Refusal('SEQERA_INVALID_INPUT', 'unreadable', { place });
}
