import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer, Content } from './router.ts';
import type { ParsedFault } from './scenario.ts';

const LARGEST_BODY = 20 * 1024 * 1024;

/** What goes out: every fault of the wire is one of these too. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  text?: string;
  content?: Content;
}

export class BodyTooLarge extends Error {}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    return Buffer.alloc(0);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY) throw new BodyTooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function replyOf(answer: Answer): Reply {
  const { content } = answer;
  if (content) return { status: answer.status, headers: { 'Content-Type': content.type }, content };
  const text = answer.json ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body));
  return text === undefined
    ? { status: answer.status }
    : { status: answer.status, headers: { 'Content-Type': 'application/json' }, text };
}

export function send(response: ServerResponse, { status, headers, text, content }: Reply): void {
  if (response.destroyed) return;
  if (status === 204) {
    response.writeHead(status, headers).end();
    return;
  }
  if (content) {
    response.writeHead(status, { ...headers, 'Content-Length': content.size });
    // Whoever stops reading half-way through a file has had enough: that is no error of the simulator.
    pipeline(Readable.from(content.chunks), response).catch(() => response.destroy());
    return;
  }
  const body = Buffer.from(text ?? '', 'utf8');
  response.writeHead(status, { ...headers, 'Content-Length': body.length }).end(body);
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Retry-After is floored to whole seconds, so it says 0 for a window of one second. */
export const tooManyRequests = (seconds = 0): Reply => ({
  status: 429,
  headers: { 'Content-Type': 'application/json', 'Retry-After': String(seconds) },
  text: JSON.stringify({
    message: `Maximum request rate exceeded. Wait ${seconds}secs before issuing a new request`,
  }),
});

function page(status: number): Reply {
  const title = `${status} ${REASONS[status] ?? 'Error'}`;
  return {
    status,
    headers: { 'Content-Type': 'text/html' },
    text: `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  };
}

function plain(fault: ParsedFault, status: number): Reply {
  if (fault.body === undefined) {
    if (status === 429) return tooManyRequests(Number(fault.retryAfter ?? 0) || 0);
    // As the Platform answers them: without a body.
    if (status === 401 || status === 403 || status < 300) return { status };
    return replyOf({ status, body: { message: REASONS[status] ?? 'Error' } });
  }
  if (typeof fault.body !== 'string') return replyOf({ status, body: fault.body });
  return { status, headers: { 'Content-Type': 'text/plain' }, text: fault.body };
}

/** Half of the body with the framing of a whole one: what a broken proxy leaves of JSON. */
function garbled(reply: Reply): Reply {
  const whole = reply.text ?? '{"message":"gone"}';
  return {
    status: reply.status === 204 ? 200 : reply.status,
    headers: { 'Content-Type': 'application/json' },
    text: `${whole.slice(0, Math.ceil(whole.length / 2))}\u0000\ufffd<<`,
  };
}

/** The reply that a fault makes of the true one, which is undefined when the call had no effect. */
export function faulty(fault: ParsedFault, reply: Reply | undefined): Reply {
  const made = (() => {
    switch (fault.kind) {
      case 'html':
        return page(fault.status ?? 502);
      case 'malformed':
        return garbled(reply ?? { status: 200 });
      case 'accepted':
        return fault.body === undefined && reply?.text
          ? { ...reply, status: 202 }
          : replyOf({ status: 202, body: fault.body ?? {} });
      default:
        return plain(fault, fault.status ?? 503);
    }
  })();
  const extra = {
    ...(fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }),
    ...fault.headers,
  };
  return { ...made, headers: { ...made.headers, ...extra } };
}
