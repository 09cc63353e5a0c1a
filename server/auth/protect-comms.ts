import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { commsMessage } from './comms-messages.ts';
import { CommsRedaction } from './comms-redaction.ts';
import { CLOSE, closeFrame, encodeFrame, type Frame, FrameError, FrameReader, OPCODE } from './websocket-frames.ts';

export interface CommsLimits {
  readonly maxMessageBytes: number;
  /** From the upgrade to the answer that the session is valid. */
  readonly authenticateWithinMs: number;
}

export const COMMS_LIMITS: CommsLimits = { maxMessageBytes: 256 * 1024, authenticateWithinMs: 10_000 };

export interface CommsGuardOptions {
  readonly limits?: CommsLimits;
  /** The token of the session that the peer shows, before Node-RED has looked at it. */
  readonly onToken?: (token: string) => void;
  /** The session was accepted, or the connection ended: it counts no longer as unauthenticated. */
  readonly onSettled?: (authenticated: boolean) => void;
  /** It was closed by the guard; the reason holds nothing that the peer sent. */
  readonly onRefused?: (reason: string) => void;
}

/**
 * The socket that Node-RED's /comms gets in place of the real one. What the browser sends is read frame by frame and only
 * passed on when it is a message that Node-RED can take: on a text frame `null`, from anyone, it would end the process.
 *
 * Everything goes in at the stream, so nothing of Node-RED is touched, whatever copy of `ws` it brings.
 */
export function protectComms(socket: Socket, head: Buffer, options: CommsGuardOptions = {}): CommsSocket {
  return new CommsSocket(socket, head, options);
}

const FAILED = encodeFrame(OPCODE.text, Buffer.from('{"auth":"fail"}'), { masked: false });

/** `waiting` for the session token, `checking` it, `open`, `closed`. */
type State = 'waiting' | 'checking' | 'open' | 'closed';

export class CommsSocket extends Duplex {
  readonly #socket: Socket;
  readonly #limits: CommsLimits;
  readonly #options: CommsGuardOptions;
  readonly #fromBrowser: FrameReader;
  readonly #deadline: NodeJS.Timeout;
  /** Reads Node-RED's answers until it has said whether the session is valid; then it is not needed any more. */
  #answers: AnswerReader | null = new AnswerReader();
  readonly #redaction = new CommsRedaction();
  #state: State = 'waiting';
  #settled = false;
  #parts: Buffer[] = [];
  #partsSize = 0;

  constructor(socket: Socket, head: Buffer, options: CommsGuardOptions) {
    super();
    this.#socket = socket;
    this.#options = options;
    this.#limits = options.limits ?? COMMS_LIMITS;
    this.#fromBrowser = new FrameReader({ masked: true, maxPayload: this.#limits.maxMessageBytes });
    this.#deadline = setTimeout(
      () => this.#refuse(CLOSE.policy, 'not authenticated in time'),
      this.#limits.authenticateWithinMs,
    );
    this.#deadline.unref();
    // Without a listener an error of a socket that nobody upgraded would end the process.
    this.on('error', () => {});
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.on('end', () => this.push(null));
    // Node-RED attaches itself after this; until then what passes is kept in this stream.
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    if (head.length > 0) this.#receive(head);
  }

  /** As on a socket: Node-RED looks at it to tell whether anyone took the upgrade. */
  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.#socket.setTimeout(ms, callback);
    return this;
  }

  setNoDelay(on?: boolean): this {
    this.#socket.setNoDelay(on);
    return this;
  }

  setKeepAlive(on?: boolean, delay?: number): this {
    this.#socket.setKeepAlive(on, delay);
    return this;
  }

  /** Says good-bye with a code of the protocol and ends the connection. */
  bye(code: number, reason: string): void {
    if (this.#state === 'closed' || this.destroyed) return;
    this.#state = 'closed';
    if (this.#answers?.upgraded !== false) this.#socket.write(closeFrame(code, reason));
    this.destroy();
  }

  /** The session has ended. In Node-RED's words, at which the editor shows its sign-in form. */
  endSession(): void {
    if (this.#state === 'closed' || this.destroyed) return;
    this.#socket.write(FAILED);
    this.bye(CLOSE.policy, 'the session has ended');
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#observe(chunk);
    let redacted: Buffer;
    try {
      redacted = this.#redaction.push(chunk);
    } catch {
      // Not to be looked through, so not to be sent.
      this.#refuse(CLOSE.policy, 'an answer that cannot be checked for secrets');
      callback();
      return;
    }
    this.#socket.write(redacted, (error) => callback(error ?? null));
  }

  override _final(callback: () => void): void {
    this.#socket.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#deadline);
    this.#state = 'closed';
    this.#settle(false);
    this.#parts = [];
    // What was written last (a refusal, a close frame) still goes out; a peer that does not read is cut.
    this.#socket.setTimeout(2000, () => this.#socket.destroy());
    this.#socket.destroySoon();
    callback(error);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#fromBrowser.push(chunk)) {
        if (this.#state === 'closed') return;
        this.#frame(frame);
      }
    } catch (error) {
      if (error instanceof FrameError) this.#refuse(error.closeCode, error.message);
      // Node-RED handles a message while it is passed on; what it throws would otherwise be an uncaught exception.
      else this.#refuse(CLOSE.policy, 'the message could not be handled');
    }
  }

  #frame({ fin, opcode, payload }: Frame): void {
    if (opcode >= OPCODE.close) {
      this.#pass(opcode, payload);
      return;
    }
    if (opcode === OPCODE.binary) throw new FrameError(CLOSE.unsupported, 'binary message');
    if ((opcode === OPCODE.text) !== (this.#parts.length === 0)) throw new FrameError(CLOSE.protocolError, 'fragments');
    this.#parts.push(payload);
    this.#partsSize += payload.length;
    // Empty fragments weigh nothing but take memory all the same.
    if (this.#partsSize > this.#limits.maxMessageBytes || this.#parts.length > 1024) {
      throw new FrameError(CLOSE.tooBig, 'message too big');
    }
    if (!fin) return;
    const text = Buffer.concat(this.#parts, this.#partsSize).toString('utf8');
    this.#parts = [];
    this.#partsSize = 0;
    this.#message(text);
  }

  #message(text: string): void {
    const message = commsMessage(text);
    if (message === null) {
      this.#refuse(CLOSE.policy, 'not a message of the editor');
      return;
    }
    if (this.#state === 'open') {
      // A second sign-in on an open connection would register it twice with the runtime.
      if (message.kind !== 'auth') this.#pass(OPCODE.text, Buffer.from(message.text));
      return;
    }
    if (this.#state !== 'waiting' || message.kind !== 'auth') {
      this.#refuse(CLOSE.policy, 'message before sign-in');
      return;
    }
    this.#state = 'checking';
    this.#options.onToken?.(message.token);
    this.#pass(OPCODE.text, Buffer.from(message.text));
  }

  #pass(opcode: number, payload: Buffer): void {
    if (!this.push(encodeFrame(opcode, payload, { masked: true }))) this.#socket.pause();
  }

  #observe(chunk: Buffer): void {
    if (this.#answers === null) return;
    const answer = this.#answers.push(chunk);
    if (answer === null) return;
    this.#answers = null;
    if (answer !== 'ok' || this.#state !== 'checking') return;
    this.#state = 'open';
    clearTimeout(this.#deadline);
    this.#settle(true);
  }

  #settle(authenticated: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.onSettled?.(authenticated);
  }

  #refuse(code: number, reason: string): void {
    if (this.#state === 'closed' || this.destroyed) return;
    // What Node-RED itself says in this case: the editor shows its sign-in form instead of connecting again and again.
    if (this.#state !== 'open' && this.#answers?.upgraded !== false) {
      this.#socket.write(FAILED);
    }
    this.#options.onRefused?.(reason);
    this.bye(code, reason);
  }
}

/** Finds the first text that Node-RED sends after the response head: its verdict on the session. */
class AnswerReader {
  upgraded = false;
  readonly #frames = new FrameReader({ masked: false, maxPayload: 1024 * 1024 });
  #head = Buffer.alloc(0);

  push(chunk: Buffer): 'ok' | 'other' | null {
    let rest = chunk;
    if (!this.upgraded) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return this.#head.length > 16_384 ? 'other' : null;
      if (!this.#head.subarray(0, 13).toString('latin1').startsWith('HTTP/1.1 101')) return 'other';
      this.upgraded = true;
      rest = this.#head.subarray(end + 4);
    }
    try {
      const text = this.#frames.push(rest).find((frame) => frame.opcode === OPCODE.text);
      if (text === undefined) return null;
      return text.payload.toString('utf8') === '{"auth":"ok"}' ? 'ok' : 'other';
    } catch {
      return 'other';
    }
  }
}
