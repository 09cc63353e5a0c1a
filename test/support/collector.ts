import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Waiting } from './waiting.ts';

export type Collected = Record<string, unknown>;

/** What a flow sends out by its `http request` node arrives here, so that a test sees each message that a node emitted. */
export class Collector {
  readonly messages: Collected[] = [];
  /** Of the requests, in the order of the messages. */
  readonly headers: IncomingHttpHeaders[] = [];
  readonly #server: Server;
  readonly #waiting = new Waiting();

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        this.messages.push({ ...(JSON.parse(text) as Collected), path: request.url });
        this.headers.push(request.headers);
        response.end('{}');
        this.#waiting.wake();
      });
    });
  }

  static async listen(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  on(path: string): Collected[] {
    return this.messages.filter((message) => message.path === path);
  }

  until(condition: () => boolean, timeoutMs = 45_000): Promise<void> {
    return this.#waiting.until(
      condition,
      timeoutMs,
      () => `not within ${timeoutMs} ms; collected ${this.messages.length}: ${this.summary()}`,
    );
  }

  summary(): string {
    const counts: Record<string, number> = {};
    for (const { path } of this.messages) counts[String(path)] = (counts[String(path)] ?? 0) + 1;
    return JSON.stringify(counts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
