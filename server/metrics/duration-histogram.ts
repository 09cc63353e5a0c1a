import type { Histogram, Registry } from 'prom-client';

interface Series {
  /** How many fell into each bucket, the last being for what is longer than all. */
  counts: number[];
  sum: number;
}

/**
 * A histogram by one label, in the form that prom-client's registry asks its metrics for. Its own makes, checks and hashes
 * labels at each observation, which with the count beside it was a twentieth of what a short endpoint costs.
 */
export class DurationHistogram {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  readonly #label: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(o: { name: string; help: string; label: string; bounds: readonly number[]; registry: Registry }) {
    this.name = o.name;
    this.help = o.help;
    this.#label = o.label;
    this.#bounds = o.bounds;
    // Its types know its own metrics alone; it asks them for no more than `name` and `get`.
    o.registry.registerMetric(this as unknown as Histogram);
  }

  /** The number of values is the caller's to bound. */
  observe(value: string, seconds: number): void {
    let series = this.#series.get(value);
    if (!series) {
      series = { counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#series.set(value, series);
    }
    let bucket = 0;
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? 0)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += seconds;
  }

  async get(): Promise<object> {
    const values = [...this.#series].flatMap(([value, { counts, sum }]) => {
      const labels = { [this.#label]: value };
      let count = 0;
      const buckets = counts.map((within, index) => {
        count += within;
        return {
          metricName: `${this.name}_bucket`,
          labels: { le: this.#bounds[index] ?? '+Inf', ...labels },
          value: count,
        };
      });
      return [
        ...buckets,
        { metricName: `${this.name}_sum`, labels, value: sum },
        { metricName: `${this.name}_count`, labels, value: count },
      ];
    });
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }
}
