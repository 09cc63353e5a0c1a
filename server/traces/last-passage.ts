import type { TracedPassage } from './passage.ts';

/** A class that extends it gets its private fields onto the object that is given. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a private field gets onto an object of others.
    return object;
  }
}

/**
 * The last passage of a message, on the message itself, in a private field: nobody else can see it, no clone takes it along,
 * nothing writes it down. A WeakMap would do the same, and costs the garbage collector 30 µs a message.
 */
export class LastPassage extends Given {
  #passage: TracedPassage;

  private constructor(msg: object, passage: TracedPassage) {
    super(msg);
    this.#passage = passage;
  }

  static of(msg: object): TracedPassage | undefined {
    return #passage in msg ? msg.#passage : undefined;
  }

  static set(msg: object, passage: TracedPassage): void {
    if (#passage in msg) msg.#passage = passage;
    else new LastPassage(msg, passage);
  }
}
