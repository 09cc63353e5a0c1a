/** Something that somebody may have to answer for. Never put a secret in it; known ones are stripped all the same. */
export interface AuditEvent {
  /** What happened, in one word: `sign-in`, `refused`, `deploy`, `token-used`, `config`, `launch`, `cancel`, `git`, … */
  event: string;
  /** Who did it; of a refusal, who they said they were. */
  user?: string;
  /** Where from: of the request, never of a header that the caller may choose. */
  address?: string;
  /** Anything else that JSON can hold. */
  [detail: string]: unknown;
}

/** Where events go. Handed to whoever has something to record; there is no global one. */
export interface Audit {
  /** Never throws, keeps the order. Time, sequence number and hash are added by it. */
  record(event: AuditEvent): void;
}

/** For parts that run without a trail: commands that start no server, tests that do not look. */
export const NO_AUDIT: Audit = { record() {} };
