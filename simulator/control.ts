import { parse as parseYaml } from 'yaml';
import { controlData } from './control-data.ts';
import type { SimulatedData } from './data-views.ts';
import { ApiError, badRequest, notFound } from './errors.ts';
import type { Simulator } from './interface.ts';
import type { Answer } from './router.ts';
import { type Scenario, ScenarioError } from './scenario.ts';
import { asObject } from './values.ts';

export const CONTROL_PREFIX = '/_simulator';

const ENDS = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNKNOWN'] as const;

type Controlled = Pick<
  Simulator,
  'calls' | 'counts' | 'runs' | 'run' | 'endRun' | 'now' | 'setScenario' | 'advance' | 'setSpeed' | 'reset'
> &
  SimulatedData;

/** The same as the object in the process, over HTTP, for tests that start the simulator as a child process. */
export class Control {
  readonly #simulator: () => Controlled;

  constructor(simulator: () => Controlled) {
    this.#simulator = simulator;
  }

  /** The path is what follows the prefix. YAML is taken wherever JSON is. */
  answer(method: string, path: string, text: string): Answer {
    try {
      const data = controlData(this.#simulator(), method, path, () => read(text));
      return data ?? this.#act(`${method} ${path || '/'}`, text);
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body };
      if (error instanceof ScenarioError)
        return { status: 400, body: { message: error.message, problems: error.problems } };
      if (error instanceof RangeError) return { status: 400, body: { message: error.message } };
      throw error;
    }
  }

  #act(what: string, text: string): Answer {
    const simulator = this.#simulator();
    const end = /^POST \/runs\/([^/]+)\/end$/.exec(what);
    if (end) return this.#endRun(end[1] ?? '', read(text));
    switch (what) {
      case 'GET /':
        return { status: 200, body: { now: simulator.now().toISOString(), calls: simulator.calls.length } };
      case 'GET /calls':
        return { status: 200, body: { calls: simulator.calls, counts: Object.fromEntries(simulator.counts) } };
      case 'GET /runs':
        return { status: 200, body: { runs: simulator.runs } };
      case 'PUT /scenario':
        simulator.setScenario(read(text) as Scenario);
        return { status: 204 };
      case 'POST /advance':
        simulator.advance(Number(asObject(read(text)).ms));
        return { status: 200, body: { now: simulator.now().toISOString() } };
      case 'PUT /speed':
        simulator.setSpeed(Number(asObject(read(text)).speed));
        return { status: 204 };
      case 'POST /reset':
        simulator.reset();
        return { status: 204 };
      default:
        throw notFound(`The simulator has no control endpoint ${what}`);
    }
  }

  #endRun(id: string, body: unknown): Answer {
    const { end = 'SUCCEEDED', errorMessage, errorReport } = asObject(body ?? {});
    const chosen = ENDS.find((one) => one === end);
    if (!chosen) throw badRequest(`end: expected ${ENDS.join(', ')}`);
    const simulator = this.#simulator();
    simulator.endRun(id, chosen, {
      ...(typeof errorMessage === 'string' ? { errorMessage } : {}),
      ...(typeof errorReport === 'string' ? { errorReport } : {}),
    });
    return { status: 200, body: simulator.run(id) };
  }
}

function read(text: string): unknown {
  try {
    return parseYaml(text) ?? undefined;
  } catch (error) {
    throw badRequest(`Neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}
