import { SeqeraError } from './errors.ts';

/** Those who ask for the same while it is being asked for get the same answer: a hundred launches look a pipeline up once. */
export class SingleFlight {
  readonly #flying = new Map<string, Promise<unknown>>();

  async do<T>(key: string, ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const flying = this.#flying.get(key) as Promise<T> | undefined;
    if (!flying) return this.#start(key, ask);
    try {
      return await flying;
    } catch (error) {
      // Whoever asked was stopped; that is no answer for the others.
      if (error instanceof SeqeraError && error.code === 'SEQERA_STOPPED' && !signal?.aborted)
        return this.do(key, ask, signal);
      throw error;
    }
  }

  #start<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const flight = ask().finally(() => {
      if (this.#flying.get(key) === flight) this.#flying.delete(key);
    });
    this.#flying.set(key, flight);
    return flight;
  }
}

const flights = new WeakMap<object, SingleFlight>();

/** The one that belongs to an object, such as a connection's HTTP client. */
export function singleFlightOf(owner: object): SingleFlight {
  let found = flights.get(owner);
  if (!found) {
    found = new SingleFlight();
    flights.set(owner, found);
  }
  return found;
}
