import type { Label } from './entities.ts';
import { type ParsedRunRule, parseScenario } from './scenario.ts';

const DEFAULT_RULE = parseScenario({ runs: [{}] }).runs[0] as ParsedRunRule;

export interface Launched {
  /** Launchpad name, else repository. */
  pipeline: string;
  runName: string;
  params: Record<string, unknown>;
  labels: readonly Label[];
}

/** Which course a new run takes: the first rule that matches and is not used up. */
export class RunRules {
  #rules: { rule: ParsedRunRule; left: number }[] = [];

  set(rules: readonly ParsedRunRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
  }

  take(launched: Launched): ParsedRunRule {
    const found = this.#rules.find(({ rule, left }) => left > 0 && matches(rule, launched));
    if (!found) return DEFAULT_RULE;
    found.left -= 1;
    return found.rule;
  }
}

const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function matches({ match }: ParsedRunRule, { pipeline, runName, params, labels }: Launched): boolean {
  const { label } = match;
  return (
    (match.pipeline?.test(pipeline) ?? true) &&
    (match.runName?.test(runName) ?? true) &&
    (label === undefined || labels.some(({ name, value }) => label.test(value === null ? name : `${name}=${value}`))) &&
    Object.entries(match.params ?? {}).every(([name, pattern]) => name in params && pattern.test(asText(params[name])))
  );
}
