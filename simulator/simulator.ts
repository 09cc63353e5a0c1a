import { CallLog, type RecordedCall } from './calls.ts';
import { SimulatedClock } from './clock.ts';
import { Control } from './control.ts';
import { DataAccess } from './data-access.ts';
import { applyData, resolveData } from './data-scenario.ts';
import { platformRoutes } from './endpoints/index.ts';
import { Faults } from './faults.ts';
import { addHistory, homeOf } from './history.ts';
import type { RunView, Simulator, SimulatorOptions } from './interface.ts';
import { Platform } from './platform.ts';
import { RateLimiter } from './rate-limit.ts';
import { Router } from './router.ts';
import { endRun } from './run.ts';
import { RunRules } from './run-rules.ts';
import { runView } from './run-view.ts';
import { type ParsedScenario, parseScenario, type Scenario } from './scenario.ts';
import { SimulatorServer, type World } from './server.ts';

const CALLS_KEPT = 50_000;
const WAIT_FOR_CALL = 10_000;

/** Resolves when it listens. @throws ScenarioError */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new InMemorySimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

class InMemorySimulator extends DataAccess implements Simulator {
  readonly #options: SimulatorOptions;
  readonly #host: string;
  readonly #basePath: string;
  readonly #clock: SimulatedClock;
  readonly #calls: CallLog;
  readonly #faults = new Faults();
  readonly #rules = new RunRules();
  readonly #server: SimulatorServer;
  #world: World;
  #port = 0;

  constructor(options: SimulatorOptions) {
    super();
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#basePath = (options.basePath ?? '').replace(/\/+$/, '');
    this.#clock = new SimulatedClock((options.startAt ?? new Date()).getTime(), options.speed ?? 1);
    this.#calls = new CallLog(options.keepCalls ?? CALLS_KEPT, options.onCall);
    this.#world = this.#newWorld();
    this.#server = new SimulatorServer({
      world: () => this.#world,
      router: new Router(platformRoutes(this.#rules)),
      control: new Control(() => this),
      calls: this.#calls,
      clock: this.#clock,
      faults: this.#faults,
      basePath: this.#basePath,
      token: options.token,
    });
  }

  protected override get platform(): Platform {
    return this.#world.platform;
  }

  async listen(port: number): Promise<void> {
    this.#port = await this.#server.listen(port, this.#host);
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.#port}${this.#basePath}`;
  }

  get port(): number {
    return this.#port;
  }

  get calls(): readonly RecordedCall[] {
    return this.#calls.calls;
  }

  get held(): number {
    return this.#server.held;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#calls.counts;
  }

  get runs(): readonly RunView[] {
    const now = this.#clock.now();
    return this.#world.platform.runs.all.map((run) => runView(run, now));
  }

  run(id: string): RunView | undefined {
    const run = this.#world.platform.runs.byId(id);
    return run && runView(run, this.#clock.now());
  }

  endRun(...[id, end = 'SUCCEEDED', error = {}]: Parameters<Simulator['endRun']>): void {
    const run = this.#world.platform.runs.byId(id);
    if (!run) throw new RangeError(`there is no run ${id}`);
    endRun(run, this.#clock.now(), end, {
      ...(error.errorMessage === undefined ? {} : { message: error.errorMessage }),
      ...(error.errorReport === undefined ? {} : { report: error.errorReport }),
    });
  }

  waitForCall(matches: (call: RecordedCall) => boolean, timeoutMs = WAIT_FOR_CALL): Promise<RecordedCall> {
    return this.#calls.waitFor(matches, timeoutMs);
  }

  override now(): Date {
    return new Date(this.#clock.now());
  }

  setScenario(scenario: Scenario): void {
    this.#world = this.#apply(parseScenario(scenario), this.#world.platform);
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  setSpeed(speed: number): void {
    this.#clock.setSpeed(speed);
  }

  reset(): void {
    this.#calls.clear();
    this.#world = this.#newWorld();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #newWorld(): World {
    const scenario = parseScenario(this.#options.scenario);
    return this.#apply(scenario, new Platform(scenario.seed));
  }

  /** What can be wrong is checked first, so that a scenario is applied whole or not at all. */
  #apply(scenario: ParsedScenario, platform: Platform): World {
    const now = this.#clock.now();
    for (const history of scenario.history) homeOf(platform, history);
    const data = resolveData(platform, scenario, now);
    platform.applyComputeEnvChanges(scenario.computeEnvs);
    applyData(platform, scenario, data, now);
    this.#rules.set(scenario.runs);
    for (const history of scenario.history) addHistory(platform, this.#rules, history, now);
    this.#faults.set(scenario.faults, scenario.seed, now);
    return { platform, scenario, rateLimiter: this.#rateLimiter(scenario) };
  }

  #rateLimiter({ rateLimit = this.#options.rateLimit ?? true }: ParsedScenario): RateLimiter | undefined {
    if (rateLimit === false) return undefined;
    const { perSecond, hold } = rateLimit === true ? { perSecond: 20, hold: 0 } : rateLimit;
    return new RateLimiter(perSecond, hold);
  }
}
