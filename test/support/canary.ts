import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';

export interface Heard {
  method: string;
  path: string;
  text: string;
}

/** Listens where nothing may arrive, or nothing with a secret: what was heard is kept whole, headers and body. */
export class Canary {
  readonly heard: Heard[] = [];
  /** Connections, also those that said nothing. */
  connections = 0;
  /** Sends whoever asks below `/to/<url>` there. */
  readonly #server: Server;
  readonly #six: TcpServer;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#hear(request, (body) => {
        const { url = '/' } = request;
        this.heard.push({
          method: request.method ?? '',
          path: url,
          text: `${url}\n${JSON.stringify(request.headers)}\n${body}`,
        });
        const target = url.startsWith('/to/') ? decodeURIComponent(url.slice(4)) : null;
        if (target !== null) response.writeHead(Number(request.headers['x-status'] ?? 302), { location: target }).end();
        else response.writeHead(200, { 'content-type': 'application/json' }).end('{"canary":"sang"}');
      });
    });
    this.#server.on('connection', () => {
      this.connections += 1;
    });
    this.#six = createTcpServer((socket) => {
      this.connections += 1;
      socket.on('error', () => undefined);
      socket.end();
    });
  }

  static async listen(): Promise<Canary> {
    const canary = new Canary();
    await new Promise<void>((resolve) => canary.#server.listen(0, '127.0.0.1', resolve));
    // The same port by IPv6, where the machine has it.
    await new Promise<void>((resolve) => {
      canary.#six.once('error', () => resolve());
      canary.#six.listen(canary.port, '::1', resolve);
    });
    return canary;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Which of these were heard, in clear or encoded. */
  leaked(secrets: readonly string[]): string[] {
    const all = this.heard.map(({ text }) => text).join('\n');
    const forms = (secret: string): string[] => [
      secret,
      Buffer.from(secret).toString('base64').slice(0, -4),
      Buffer.from(secret).toString('hex'),
    ];
    return secrets.filter((secret) => forms(secret).some((form) => all.includes(form)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#six.listening) await new Promise((resolve) => this.#six.close(resolve));
  }

  #hear(request: IncomingMessage, done: (body: string) => void): void {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => done(body));
  }
}
