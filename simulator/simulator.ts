import type { Simulator, SimulatorOptions } from './interface.ts';

/** Resolves when it listens. */
export function createSimulator(_options: SimulatorOptions = {}): Promise<Simulator> {
  return Promise.reject(new Error('the simulator is being built'));
}
