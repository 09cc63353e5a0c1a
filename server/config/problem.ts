import { RedstartError } from '../errors.ts';

/** One thing that is wrong with the environment. Never holds the value of a secret. */
export interface Problem {
  readonly variable: string;
  readonly problem: string;
  readonly expected: string;
  readonly example: string;
}

/** The environment cannot be used. Holds every problem at once, so that one look at the log mends them all. */
export class ConfigError extends RedstartError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super({
      code: 'CONFIG_INVALID',
      message: `the configuration has ${count}\n\n${problems.map(formatProblem).join('\n\n')}\n`,
      mend: 'Whoever deploys Redstart: correct these variables. `redstart config` shows where each value comes from; docs/environment.md describes them.',
    });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function formatProblem({ variable, problem, expected, example }: Problem): string {
  return `  ${variable} ${problem}\n    expected: ${expected}\n    example:  ${example}`;
}
