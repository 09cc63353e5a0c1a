import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';

const require = createRequire(import.meta.url);
const red = createRequire(require.resolve('node-red/package.json'));
const { util } = red('@node-red/util') as { util: object };

/** What came of one message. */
export interface Outcome {
  sent: Record<string, unknown>[];
  errors: unknown[];
  warnings: string[];
}

type Message = Record<string, unknown>;
type Constructor = (this: BenchNode, config: object) => void;

class BenchNode extends EventEmitter {
  outcome: Outcome = { sent: [], errors: [], warnings: [] };
  error(error: unknown): void {
    this.outcome.errors.push(error);
  }
  warn(text: string): void {
    this.outcome.warnings.push(text);
  }
  status(): void {}
  debug(): void {}
}

/** A node on its own, with Node-RED's own evaluation of properties and cloning of messages. */
export class NodeBench {
  readonly #node = new BenchNode();

  constructor(register: (RED: NodeAPI) => void, dir: string, type: string, config: object) {
    const types = new Map<string, Constructor>();
    const RED = {
      nodes: {
        createNode: () => undefined,
        registerType: (name: string, construct: Constructor) => types.set(name, construct),
      },
      util,
      settings: { fileWorkingDirectory: dir },
      // Its texts are the editor's own: their name says which it is.
      _: (key: string, words?: object) => `${key} ${JSON.stringify(words ?? {})}`,
    };
    register(RED as unknown as NodeAPI);
    types.get(type)?.call(this.#node, config);
  }

  /** Resolves when the node is done with it. */
  async give(msg: Message): Promise<Outcome> {
    const outcome: Outcome = { sent: [], errors: [], warnings: [] };
    this.#node.outcome = outcome;
    await new Promise<void>((done) => {
      this.#node.emit('input', msg, (sent: Message) => outcome.sent.push(sent), done);
    });
    return outcome;
  }

  async close(): Promise<void> {
    const [listener] = this.#node.listeners('close');
    if (listener?.length === 0) listener();
    else await new Promise<void>((done) => listener?.(done));
  }
}

/** Node-RED's own file nodes. */
export const coreFileNodes = require('@node-red/nodes/core/storage/10-file.js') as (RED: NodeAPI) => void;
