import type { RuleId } from './rule-catalogue.ts';

/** How bad it is: `error` fails the check, `warning` does with --strict, `info` is only told. */
export type Severity = 'error' | 'warning' | 'info';

/** Line and column, both from 1. */
export interface Spot {
  line: number;
  column: number;
}

export interface Finding {
  rule: RuleId;
  severity: Severity;
  /** As it is shown: relative to the working directory where it lies below. Null for what is in no file. */
  file: string | null;
  line: number | null;
  column: number | null;
  /** Id, type and name of the node; null for what concerns a whole file. */
  node: { id: string; type: string; name: string } | null;
  /** Label of the tab or name of the subflow. */
  flow: string | null;
  /** What is wrong and why that matters, in one or two sentences. Free of secrets. */
  message: string;
  mend: string;
}
