import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Waiting } from './waiting.ts';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentSpanId: string;
  name: string;
  kind: number;
  startMs: number;
  endMs: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** 2 is an error. */
  status: number;
  resource: Record<string, unknown>;
}

/** Takes traces as an OpenTelemetry collector does, and reads their bytes by the published protocol. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { path: string; headers: Record<string, unknown>; body: Buffer }[] = [];
  readonly #server: Server;
  readonly #waiting = new Waiting();
  /** What it answers with. */
  status = 200;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        this.requests.push({ path: request.url ?? '', headers: request.headers, body });
        if (this.status === 200) this.spans.push(...readRequest(body));
        response.writeHead(this.status, { 'content-type': 'application/x-protobuf' }).end();
        this.#waiting.wake();
      });
    });
  }

  static async listen(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    return this.#waiting.until(
      condition,
      timeoutMs,
      () => `not within ${timeoutMs} ms; spans: ${this.spans.map(({ name }) => name).join(', ')}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Fields of a protobuf message by number; each may be there several times. */
class Message {
  readonly #fields = new Map<number, (bigint | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) throw new Error('a number is cut off');
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Buffer => {
      if (at + length > bytes.length) throw new Error('a field is cut off');
      at += length;
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const wire = tag & 7;
      let value: bigint | Buffer;
      if (wire === 0) value = varint();
      else if (wire === 1) value = take(8).readBigUInt64LE();
      else if (wire === 2) value = take(Number(varint()));
      else if (wire === 5) value = BigInt(take(4).readUInt32LE());
      else throw new Error(`there is no wire type ${wire}`);
      this.#fields.set(tag >>> 3, [...(this.#fields.get(tag >>> 3) ?? []), value]);
    }
  }

  bytes(field: number): Buffer[] {
    return (this.#fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
  }

  messages(field: number): Message[] {
    return this.bytes(field).map((bytes) => new Message(bytes));
  }

  text(field: number): string {
    return this.bytes(field).at(-1)?.toString() ?? '';
  }

  hex(field: number): string {
    return this.bytes(field).at(-1)?.toString('hex') ?? '';
  }

  number(field: number): number | undefined {
    const value = this.#fields.get(field)?.at(-1);
    return typeof value === 'bigint' ? Number(value) : undefined;
  }
}

// Numbers of the fields: opentelemetry-proto, collector/trace/v1 and trace/v1.
function readRequest(body: Buffer): ReceivedSpan[] {
  return new Message(body).messages(1).flatMap((resourceSpans) => {
    const resource = attributesOf(resourceSpans.messages(1).flatMap((one) => one.messages(1)));
    return resourceSpans
      .messages(2)
      .flatMap((scope) => scope.messages(2))
      .map((span) => ({
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentSpanId: span.hex(4),
        name: span.text(5),
        kind: span.number(6) ?? 0,
        startMs: (span.number(7) ?? 0) / 1e6,
        endMs: (span.number(8) ?? 0) / 1e6,
        attributes: attributesOf(span.messages(9)),
        links: span.messages(13).map((link) => ({ traceId: link.hex(1), spanId: link.hex(2) })),
        status: span.messages(15)[0]?.number(3) ?? 0,
        resource,
      }));
  });
}

function attributesOf(pairs: Message[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value] = pair.messages(2);
      const truth = value?.number(2);
      return [pair.text(1), truth === undefined ? (value?.number(3) ?? value?.text(1)) : truth === 1];
    }),
  );
}
