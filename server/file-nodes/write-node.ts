import { close as closeCall, write as writeCall } from 'node:fs';
import { EOL } from 'node:os';
import { promisify } from 'node:util';
import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red';
import { type FileMessage, type FileNodeConfig, fileNameFor } from './file-node.ts';
import type { FilesFolder } from './files-folder.ts';
import { encode, NO_ENCODING } from './text-encoding.ts';

interface WriteConfig extends FileNodeConfig {
  appendNewline?: boolean;
  createDir?: boolean;
  /** "true", "false" (append) or "delete"; in old flows also true and false. */
  overwriteFile?: string | boolean;
}

const write = promisify(writeCall);
const close = promisify(closeCall);

/** The type `file`: writes, appends to or deletes files, with the properties and results of Node-RED's own node. */
export function registerWriteNode(RED: NodeAPI, folder: FilesFolder): void {
  RED.nodes.registerType('file', function (this: Node, config: WriteConfig) {
    RED.nodes.createNode(this, config);
    const action = String(config.overwriteFile ?? false);
    // One after the other: lines are to be in the file in the order in which they came.
    let queue = Promise.resolve();

    const failed = (key: string, error: unknown): Error =>
      withCode(RED._(`file.errors.${key}`, { error: String(error) }), error);

    const handle = async (msg: FileMessage, send: (msg: NodeMessageInFlow) => void): Promise<void> => {
      const name = await fileNameFor(RED, this, config, msg);
      msg.filename = name;
      if (name === '') {
        this.warn(RED._('file.errors.nofilename'));
        return;
      }
      if (action === 'delete') {
        try {
          folder.remove(name);
        } catch (error) {
          throw failed('deletefail', error);
        }
        this.debug(RED._('file.status.deletedfile', { file: name }));
        send(msg);
        return;
      }
      if (msg.payload === undefined) return;
      try {
        if (config.createDir === true) folder.makeFoldersFor(name);
      } catch (error) {
        throw failed('createfail', error);
      }
      const replace = action === 'true';
      try {
        const bytes = bytesOf(msg, config);
        const descriptor = folder.openForWriting(name, replace);
        try {
          await writeAll(descriptor, bytes);
        } finally {
          await close(descriptor);
        }
      } catch (error) {
        throw failed(replace ? 'writefail' : 'appendfail', error);
      }
      send(msg);
    };

    this.on('input', (msg, send, done) => {
      queue = queue
        .then(() => handle(msg as FileMessage, send))
        .catch((error: unknown) => this.error(error, msg))
        .then(() => done());
    });
    // What came is written before the node goes.
    this.on('close', (done: () => void) => void queue.then(done));
  });
}

function bytesOf(msg: FileMessage, { appendNewline, encoding = NO_ENCODING }: WriteConfig): Buffer {
  const data = asText(msg.payload);
  const { type, index, count } = msg.parts ?? {};
  // The pieces of a text that was split at its line ends: it had none after the last.
  const last = type === 'string' && count !== undefined && count === Number(index) + 1;
  const line = appendNewline === true && typeof data === 'string' && !last ? data + EOL : data;
  return encode(line, encoding === 'setbymsg' ? msg.encoding || NO_ENCODING : encoding || NO_ENCODING);
}

function asText(payload: unknown): unknown {
  if (Buffer.isBuffer(payload)) return payload;
  if (typeof payload === 'object') return JSON.stringify(payload);
  return typeof payload === 'boolean' || typeof payload === 'number' ? String(payload) : payload;
}

/** A call may write less than it was given. */
async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await write(descriptor, bytes, at)).bytesWritten;
}

/** Catch nodes get the text as it is, as from Node-RED's node, and the code as well. */
function withCode(text: string, cause: unknown): Error {
  const error = Object.assign(new Error(text), { name: '' });
  const code = (cause as { code?: unknown } | null)?.code;
  return code === undefined ? error : Object.assign(error, { code });
}
