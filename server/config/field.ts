import type { TextType } from './text-types.ts';

/** Parts of the reference, in the order in which they are printed. */
export type Subject =
  | 'Connection to Seqera Platform'
  | 'Server'
  | 'TLS'
  | 'Folders'
  | 'Flows from git'
  | 'Sign-in to the editor'
  | "The flows' own HTTP endpoints"
  | 'What flows may do'
  | 'Several replicas'
  | 'Logs and metrics'
  | 'Traces'
  | 'Notifications'
  | 'Network';

/** One environment variable: everything that is known of it. Types, loading, reference, redaction come out of this. */
export interface Field<Value = unknown> {
  readonly variable: string;
  /** Other names that other tools use for the same thing. Set together with different values, they are refused. */
  readonly aliases: readonly string[];
  readonly subject: Subject;
  readonly type: TextType<Value>;
  /** What an unset variable means. */
  readonly fallback: Value;
  /** The default in words where the value alone does not tell. */
  readonly fallbackText: string;
  readonly example: string;
  /** Has a `_FILE` twin, leaves the environment, is stripped from all that is printed. */
  readonly secret: boolean;
  /** What it does. */
  readonly does: string;
  /** When to change it. */
  readonly change: string;
  /** What it does not protect from, or the trap in it. */
  readonly beware: string | null;
  /** Known but not built yet: refused when set, so that nobody believes it to be in force. */
  readonly later: boolean;
}

export interface FieldOptions<Value, Fallback> {
  aliases?: readonly string[];
  type: TextType<Value>;
  fallback: Fallback;
  fallbackText?: string;
  example: string;
  does: string;
  change: string;
  beware?: string;
  later?: boolean;
}

export type FieldMaker = <Value, const Fallback extends Value | null | undefined>(
  variable: string,
  options: FieldOptions<Value, Fallback>,
) => Field<Value | Fallback>;

/** A maker of fields for one subject. */
export function fieldsOf(subject: Subject): FieldMaker {
  return (variable, options) => ({
    variable,
    aliases: options.aliases ?? [],
    subject,
    type: options.type,
    fallback: options.fallback,
    fallbackText: options.fallbackText ?? defaultText(options.fallback),
    example: options.example,
    secret: options.type.secret,
    does: options.does,
    change: options.change,
    beware: options.beware ?? null,
    later: options.later ?? false,
  });
}

function defaultText(fallback: unknown): string {
  return fallback === null || fallback === undefined ? 'none' : String(fallback);
}

/** The names under which a field can be set: its own, its aliases, and for a secret the `_FILE` twin of each. */
export function namesOf(field: Pick<Field, 'variable' | 'aliases' | 'secret'>): string[] {
  const plain = [field.variable, ...field.aliases];
  return field.secret ? [...plain, ...plain.map((name) => `${name}_FILE`)] : plain;
}
