import type { Evaluation } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import type { Finding } from './finding.ts';
import { RULES } from './rule-catalogue.ts';
import type { World } from './rule-context.ts';
import { createWorld } from './world.ts';

/** What the environment amounts to for a check: what is wrong with it, and what flows would run in as far as it is right. */
export function worldOf(evaluation: Evaluation, variables: Iterable<string>): { world: World; findings: Finding[] } {
  const findings = evaluation.problems.map(({ variable, problem, expected, example }) =>
    finding(`${variable} ${problem}.`, `Expected: ${expected}. Example: ${example}`),
  );
  const text = (variable: string): string => {
    const setting = evaluation.settings.find((one) => one.variable === variable);
    // What is not set has a word in its place, for a person.
    return setting?.valid && setting.source !== 'default' ? setting.value : '';
  };
  // Of a wrong environment the other variables still count: one misspelt name must not make every node type unknown.
  const config = evaluation.config ?? {
    nodesAllow: text('REDSTART_NODES_ALLOW')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
    connections: [],
    httpAuth: { mode: text('REDSTART_HTTP_AUTH') === 'none' ? ('none' as const) : ('closed' as const) },
  };
  const names = [...variables];
  try {
    return { world: createWorld(config, names), findings };
  } catch (error) {
    if (!(error instanceof RedstartError)) throw error;
    findings.push(finding(error.message, error.mend));
    return { world: createWorld({ ...config, nodesAllow: [] }, names), findings };
  }
}

function finding(message: string, mend: string): Finding {
  return {
    rule: 'configuration',
    severity: RULES.configuration.severity,
    file: null,
    line: null,
    column: null,
    node: null,
    flow: null,
    message,
    mend,
  };
}
