import { createHash } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ADJECTIVES = [
  'amber',
  'brave',
  'calm',
  'distant',
  'eager',
  'fluffy',
  'gentle',
  'happy',
  'irate',
  'jolly',
  'keen',
];
const MORE_ADJECTIVES = ['lonely', 'mighty', 'nasty', 'peaceful', 'quiet', 'romantic', 'silly', 'tender', 'wise'];
const NAMES = ['avogadro', 'babbage', 'curie', 'darwin', 'euler', 'franklin', 'gauss', 'hopper', 'joliot', 'kay'];
const MORE_NAMES = ['lovelace', 'mendel', 'noether', 'pasteur', 'ride', 'sanger', 'turing', 'volta', 'wing', 'yonath'];
const FIRST = [...ADJECTIVES, ...MORE_ADJECTIVES];
const SECOND = [...NAMES, ...MORE_NAMES];

/** A seeded generator (mulberry32): the same seed gives the same ids, names and faults. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  id(length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) text += BASE62[this.below(62)];
    return text;
  }

  hex(length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) text += this.below(16).toString(16);
    return text;
  }

  uuid(): string {
    const variant = '89ab'[this.below(4)];
    return [this.hex(8), this.hex(4), `4${this.hex(3)}`, `${variant}${this.hex(3)}`, this.hex(12)].join('-');
  }

  runName(): string {
    return `${FIRST[this.below(FIRST.length)]}_${SECOND[this.below(SECOND.length)]}`;
  }
}

/** The commit that a revision of a repository stands for: the same one every time. */
export function commitOf(repository: string, revision: string): string {
  return createHash('sha1').update(`${repository}@${revision}`).digest('hex');
}
