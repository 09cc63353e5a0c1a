import { createReadStream, fstatSync, type ReadStream } from 'node:fs';
import type { Node, NodeAPI } from 'node-red';
import { type FileMessage, type FileNodeConfig, fileNameFor } from './file-node.ts';
import { FileRefused } from './file-refused.ts';
import type { FilesFolder } from './files-folder.ts';
import { decode, decoder, NO_ENCODING } from './text-encoding.ts';

interface ReadConfig extends FileNodeConfig {
  /** "utf8", "lines", "stream", or "" for one buffer. */
  format?: string;
  allProps?: boolean;
  /** None in old flows, where it means yes. */
  sendError?: boolean;
}

type Send = (msg: object) => void;

/** Longest file in one message, and longest line of one in lines: it is all in memory, several times over. */
const MAX_BYTES = 50 * 1024 * 1024;

/** The type `file in`: reads files, with the properties and results of Node-RED's own node. */
export function registerReadNode(RED: NodeAPI, folder: FilesFolder, maxBytes = MAX_BYTES): void {
  RED.nodes.registerType('file in', function (this: Node, config: ReadConfig) {
    RED.nodes.createNode(this, config);
    const encoding = config.encoding || NO_ENCODING;
    const reading = new Set<ReadStream>();
    let closed = false;

    const tooLarge = (name: string, what: string): FileRefused =>
      new FileRefused(
        'FILE_TOO_LARGE',
        `"${name}" ${what} more than ${maxBytes} bytes, which is too much for one message: read it as a stream of buffers, or in lines`,
      );

    /** A message of a sequence. */
    const piece = (msg: FileMessage, payload: unknown, index: number): Record<string, unknown> & { parts: object } => {
      const base = config.allProps === true ? RED.util.cloneMessage(msg) : { topic: msg.topic, filename: msg.filename };
      const kind = config.format === 'lines' ? { ch: '\n', type: 'string' } : { ch: '', type: 'buffer' };
      return { ...base, payload, parts: { index, ...kind, id: msg._msgid } };
    };

    const readWhole = async (msg: FileMessage, name: string, file: ReadStream, send: Send): Promise<void> => {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of file as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        // It may grow while it is read.
        if (length > maxBytes) throw tooLarge(name, 'has');
      }
      const bytes = Buffer.concat(chunks);
      msg.payload = config.format === 'utf8' ? decode(bytes, encoding) : bytes;
      send(msg);
    };

    const readLines = async (msg: FileMessage, name: string, file: ReadStream, send: Send): Promise<void> => {
      const text = decoder(encoding);
      // In pieces: put together again with each chunk, a long line would take ever longer.
      let begun: string[] = [];
      let length = 0;
      let index = 0;
      const take = (more: string): void => {
        for (const [at, text] of more.split('\n').entries()) {
          if (at > 0) {
            send(piece(msg, begun.join(''), index++));
            begun = [];
            length = 0;
          }
          begun.push(text);
          length += text.length;
          if (length > maxBytes) throw tooLarge(name, 'has a line of');
        }
      };
      for await (const chunk of file as AsyncIterable<Buffer>) take(text.write(chunk));
      take(text.end() ?? '');
      const last = piece(msg, begun.join(''), index);
      send({ ...last, parts: { ...last.parts, count: index + 1 } });
    };

    const readChunks = async (msg: FileMessage, file: ReadStream, send: Send): Promise<void> => {
      let index = 0;
      let ended = true;
      for await (const chunk of file as AsyncIterable<Buffer>) {
        const one = piece(msg, chunk, index++);
        // A chunk that is not full is the last.
        ended = chunk.length < file.readableHighWaterMark;
        send(ended ? { ...one, parts: { ...one.parts, count: index } } : one);
      }
      // The last one was full: a message without a payload ends the sequence.
      if (!ended) send({ parts: { index, count: index, ch: '', type: 'buffer', id: msg._msgid } });
    };

    const read = async (msg: FileMessage, name: string, send: Send): Promise<void> => {
      const descriptor = folder.openForReading(name);
      // It closes the descriptor, whatever comes.
      const file = createReadStream('', { fd: descriptor });
      reading.add(file);
      try {
        if (config.format === 'lines') await readLines(msg, name, file, send);
        else if (config.format === 'stream') await readChunks(msg, file, send);
        else if (fstatSync(descriptor).size > maxBytes) throw tooLarge(name, 'has');
        else await readWhole(msg, name, file, send);
      } finally {
        file.destroy();
        reading.delete(file);
      }
    };

    const handle = async (msg: FileMessage, send: Send): Promise<void> => {
      const name = (await fileNameFor(RED, this, config, msg)).replace(/[\t\r\n]/g, '');
      if (name === '') {
        this.warn(RED._('file.errors.nofilename'));
        return;
      }
      msg.filename = name;
      try {
        await read(msg, name, send);
      } catch (error) {
        if (closed) return;
        this.error(error, msg);
        if (config.sendError === false) return;
        const { payload: _unread, ...rest } = RED.util.cloneMessage(msg);
        send({ ...rest, error });
      }
    };

    this.on('input', (msg, send, done) => {
      handle(msg as FileMessage, send as Send)
        .catch((error: unknown) => this.error(error, msg))
        .then(() => done());
    });
    this.on('close', () => {
      closed = true;
      for (const file of reading) file.destroy();
      this.status({});
    });
  });
}
