import type { Workspace } from '../entities.ts';
import type { Dataset } from './dataset.ts';

/** In order of creation. */
export class DatasetStore {
  readonly #datasets: Dataset[];

  constructor(datasets: Dataset[]) {
    this.#datasets = datasets;
  }

  get all(): readonly Dataset[] {
    return this.#datasets;
  }

  inWorkspace(workspace: Workspace): Dataset[] {
    return this.#datasets.filter((dataset) => dataset.workspace === workspace);
  }

  add(dataset: Dataset): void {
    this.#datasets.push(dataset);
  }

  remove(dataset: Dataset): void {
    const at = this.#datasets.indexOf(dataset);
    if (at >= 0) this.#datasets.splice(at, 1);
  }
}
