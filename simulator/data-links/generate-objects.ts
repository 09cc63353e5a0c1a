import type { GeneratedObjects } from '../data-views.ts';
import type { ObjectTree } from './object-tree.ts';

const PRIME = 7_919;
const KILOBYTE = 1_000;

const padded = (index: number, total: number) => String(index).padStart(String(Math.max(total - 1, 0)).length, '0');

/** Fills folders of `perFolder` files, in a tree of folders that is as even as the numbers allow. */
export function generateObjects(tree: ObjectTree, wanted: GeneratedObjects): void {
  const { count, depth = 2, perFolder = 100, extension = 'fastq.gz', size } = wanted;
  const under = wanted.under ? `${wanted.under.replace(/^\/+|\/+$/g, '')}/` : '';
  const inFolder = depth === 0 ? count : perFolder;
  const folders = Math.ceil(count / Math.max(inFolder, 1));
  const branches = depth === 0 ? 1 : Math.max(1, Math.ceil(folders ** (1 / depth) - 1e-9));
  for (let folder = 0; folder < folders; folder += 1) {
    const place = under + placeOf(folder, depth, branches);
    const until = Math.min(count, (folder + 1) * inFolder);
    for (let index = folder * inFolder; index < until; index += 1)
      tree.put(
        `${place}sample_${padded(index, count)}.${extension}`,
        size ?? KILOBYTE * (1 + ((index * PRIME) % 5000)),
      );
  }
}

/** The folder's number in base `branches`, one digit a level. */
function placeOf(folder: number, depth: number, branches: number): string {
  let rest = folder;
  let place = '';
  for (let level = depth; level > 0; level -= 1) {
    place = `level${level}_${padded(rest % branches, branches)}/${place}`;
    rest = Math.floor(rest / branches);
  }
  return place;
}
