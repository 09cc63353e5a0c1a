import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import type { NodeAPI } from 'node-red';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import fileNodes from './file.ts';
import { FilesFolder } from './files-folder.ts';
import { registerReadNode } from './read-node.ts';
import { coreFileNodes, NodeBench } from './testing/node-bench.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redstart-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Run {
  type: 'file' | 'file in';
  config: Record<string, unknown>;
  messages?: Record<string, unknown>[];
  files?: Record<string, string | Buffer>;
}

/** All that can be told from outside: what was sent, said and written, without what differs by place. */
async function outcomeOf(register: (RED: NodeAPI) => void, { type, config, messages, files }: Run) {
  const dir = mkdtempSync(join(root, 'files-'));
  for (const [name, content] of Object.entries(files ?? {})) writeFileSync(join(dir, name), content);
  const bench = new NodeBench(register, dir, type, { overwriteFile: 'false', ...config });
  const outcomes = [];
  for (const message of messages ?? [{ payload: 'text' }]) {
    const { sent, errors, warnings } = await bench.give({ _msgid: 'm', topic: 't', ...message });
    outcomes.push({
      sent: sent.map((msg) => ({ ...msg, ...('error' in msg && { error: told(msg.error, dir) }) })),
      errors: errors.map((error) => told(error, dir)),
      warnings,
    });
  }
  await bench.close();
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const written = names.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(dir.length), readFileSync(path, 'latin1')];
  });
  return { outcomes, written: written.sort() };
}

const told = (error: unknown, dir: string): string => String(error).replaceAll(dir, 'DIR');

const BIG = 'ä\n'.repeat(40_000);
const HWM = 65_536;

describe('does what Node-RED’s own nodes do', () => {
  const write = (config: object, messages?: Record<string, unknown>[], files?: Run['files']): Run => ({
    type: 'file',
    config: { filename: 'a.txt', filenameType: 'str', appendNewline: true, ...config },
    ...(messages && { messages }),
    ...(files && { files }),
  });
  const read = (config: object, content: string | Buffer = 'one\ntwo\n', message = {}): Run => ({
    type: 'file in',
    config: { filename: 'a.txt', filenameType: 'str', format: 'utf8', sendError: false, ...config },
    messages: [message],
    files: { 'a.txt': content },
  });
  const texts = [{ payload: 'one' }, { payload: 'two' }];
  const runs: Record<string, Run> = {
    appends: write({}, texts, { 'a.txt': 'zero\n' }),
    'appends without line ends': write({ appendNewline: false }, texts),
    replaces: write({ overwriteFile: 'true' }, texts, { 'a.txt': 'a long text that was there before' }),
    'replaces, as old flows say it': write({ overwriteFile: true }, texts),
    deletes: write({ overwriteFile: 'delete' }, [{ payload: 'x' }], { 'a.txt': 'x', 'b.txt': 'y' }),
    'deletes what is not there': write({ overwriteFile: 'delete' }, [{}]),
    'writes every kind of payload': write(
      {},
      [{ a: [1] }, [1, 2], true, 0, Buffer.from('bytes'), null, '', -1.5].map((payload) => ({ payload })),
    ),
    'writes nothing without a payload': write({}, [{}, { payload: undefined }]),
    'ends a split text as it ended': write(
      {},
      [0, 1].map((index) => ({ payload: `l${index}`, parts: { type: 'string', count: 2, index } })),
    ),
    'makes folders': write({ filename: 'x/y/z.txt', createDir: true }, texts),
    'replaces in no folder': write({ filename: 'x/y/z.txt', overwriteFile: 'true' }),
    'writes in an encoding': write({ encoding: 'utf-16be' }, [{ payload: 'grüße' }]),
    'writes in the encoding of the message': write({ encoding: 'setbymsg' }, [
      { payload: 'grüße', encoding: 'latin1' },
      { payload: 'grüße' },
    ]),
    'takes the name from the message': write({ filename: 'filename', filenameType: 'msg' }, [
      { payload: 'x', filename: 'm.txt' },
      { payload: 'y', filename: 'n.txt' },
      { payload: 'z' },
    ]),
    'takes the name from the message, as old flows say it': write({ filename: '', filenameType: undefined }, [
      { payload: 'x', filename: 'm.txt' },
    ]),
    'takes a name without a type': write({ filenameType: '' }),
    'takes a name by JSONata': write({ filename: 'payload & ".log"', filenameType: 'jsonata' }, [{ payload: 'x' }]),
    'has no name': write({ filename: '', filenameType: 'str' }),
    'takes no file for a folder': write({ filename: 'a.txt/b.txt', overwriteFile: 'true' }, [{ payload: 'x' }], {
      'a.txt': 'x',
    }),
    'reads text': read({}),
    'reads bytes': read({ format: '' }),
    'reads lines': read({ format: 'lines' }),
    'reads lines, the last without an end': read({ format: 'lines' }, 'one\r\ntwo'),
    'reads lines of nothing': read({ format: 'lines' }, ''),
    'reads lines with all properties': read({ format: 'lines', allProps: true }, 'a\nb', { more: { deep: 1 } }),
    'reads a stream': read({ format: 'stream' }, Buffer.alloc(HWM + 100, 'x')),
    'reads a stream that ends with a full piece': read({ format: 'stream' }, Buffer.alloc(2 * HWM, 'x')),
    'reads a stream with all properties': read({ format: 'stream', allProps: true }, 'abc', { more: 1 }),
    'reads a stream of nothing': read({ format: 'stream' }, ''),
    'reads text of nothing': read({}, ''),
    'reads an encoding': read({ encoding: 'Shift_JIS' }, Buffer.from('83658358836783e3', 'hex')),
    'reads lines in an encoding': read({ encoding: 'latin1', format: 'lines' }, Buffer.from('ä\nö', 'latin1')),
    'strips what no name has': read({ filename: 'a\n.txt\t' }),
    'reads no such file': read({ filename: 'none.txt' }),
    'reads no such file, and sends the error': read({ filename: 'none.txt', sendError: true }, '', { payload: 'p' }),
    'reads no such file, as old flows say it': read({ filename: 'none.txt', sendError: undefined }),
    'reads no name': read({ filename: '' }),
    'reads by the message': read({ filename: 'payload.file', filenameType: 'msg' }, 'x', {
      payload: { file: 'a.txt' },
    }),
  };

  it.each(Object.entries(runs))('%s', async (_name, run) => {
    const ours = await outcomeOf(fileNodes, run);
    expect(ours).toEqual(await outcomeOf(coreFileNodes, run));
  });

  it('and better where a character lies across two pieces', async () => {
    const run = read({ format: 'lines' }, `x${BIG}`);
    const { outcomes } = await outcomeOf(fileNodes, run);
    expect(new Set(outcomes[0]?.sent.map((msg) => (msg as { payload?: unknown }).payload))).toEqual(
      new Set(['xä', 'ä', '']),
    );
  });

  it('and better where it cannot append: it sends nothing on as if it had', async () => {
    const { outcomes, written } = await outcomeOf(fileNodes, write({ filename: 'x/y/z.txt' }));
    expect(outcomes[0]).toMatchObject({
      sent: [],
      errors: [expect.stringMatching(/^file\.errors\.appendfail .*ENOENT/)],
    });
    expect(written).toEqual([]);
  });

  it('has the same properties in the editor', () => {
    const core = createRequire(import.meta.url).resolve('@node-red/nodes/core/storage/10-file.html');
    const definitions = [core, join(import.meta.dirname, 'file.html')].map((file) => {
      const types: Record<string, unknown> = {};
      const RED = {
        nodes: { registerType: (type: string, definition: unknown) => Object.assign(types, { [type]: definition }) },
        validators: { typedInput: (options: unknown) => options },
        _: (key: string) => key,
      };
      const script = /<script type="text\/javascript">([\s\S]*)<\/script>/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
      vm.runInNewContext(script, { RED });
      return JSON.parse(JSON.stringify(types)) as Record<string, unknown>;
    });
    expect(Object.keys(definitions[0] ?? {})).toEqual(['file', 'file in']);
    expect(definitions[1]).toEqual(definitions[0]);
  });
});

describe('keeps to its folder', () => {
  const away = ['../x', '/etc/passwd', 'a/../../x', 'a\0b'];

  it.each(away)('%j is an error of the node with a code, and nothing is written or sent', async (filename) => {
    for (const overwriteFile of ['true', 'false', 'delete']) {
      const config = { filename, filenameType: 'str', createDir: true, overwriteFile };
      const { outcomes, written } = await outcomeOf(fileNodes, { type: 'file', config });
      expect(outcomes[0]?.sent).toEqual([]);
      expect(outcomes[0]?.errors).toEqual([
        expect.stringMatching(/^file\.errors\..*FILE_OUTSIDE: .*REDSTART_NODES_ALLOW=file/),
      ]);
      expect(written).toEqual([]);
    }
    const { outcomes } = await outcomeOf(fileNodes, { type: 'file in', config: { filename, filenameType: 'str' } });
    expect(outcomes[0]?.errors).toEqual([expect.stringContaining('FILE_OUTSIDE')]);
    expect(outcomes[0]?.sent).toEqual([expect.objectContaining({ error: expect.stringContaining('FILE_OUTSIDE') })]);
  });

  it('gives catch nodes the code beside the text', async () => {
    const bench = new NodeBench(fileNodes, root, 'file', { filename: '../x', filenameType: 'str' });
    const [error] = (await bench.give({ payload: 1 })).errors;
    expect(error).toMatchObject({ code: 'FILE_OUTSIDE' });
    expect(String(error)).toMatch(/^file\.errors\.appendfail/);
    const none = new NodeBench(fileNodes, root, 'file', { filename: 'a/b', filenameType: 'str' });
    expect((await none.give({ payload: 1 })).errors).toEqual([expect.objectContaining({ code: 'ENOENT' })]);
  });

  it('needs to be told which folder that is', () => {
    expect(() => fileNodes({ settings: {} } as NodeAPI)).toThrow('is not set');
  });
});

describe('faults', () => {
  it('goes on after a payload that cannot be written, in the order of the messages', async () => {
    const bench = new NodeBench(fileNodes, root, 'file', { filename: 'a', filenameType: 'str', appendNewline: true });
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const outcomes = await Promise.all(
      [loop, 10n, 'b'.repeat(300_000), 'last'].map((payload) => bench.give({ payload })),
    );
    expect(outcomes.at(-1)?.errors).toHaveLength(2);
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe(`${'b'.repeat(300_000)}\nlast\n`);
  });

  it('has written what came before it closes', async () => {
    const bench = new NodeBench(fileNodes, root, 'file', { filename: 'a', filenameType: 'str', appendNewline: true });
    for (const payload of ['x', 'y', 'z']) void bench.give({ payload });
    await bench.close();
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('x\ny\nz\n');
  });

  it('is an error of the node when the name is an expression that is none', async () => {
    const config = { filename: '$nonsense(', filenameType: 'jsonata' };
    for (const type of ['file', 'file in'])
      expect((await new NodeBench(fileNodes, root, type, config).give({ payload: 'x' })).errors).toHaveLength(1);
  });

  it('is an error of the node when an encoding does not exist', async () => {
    writeFileSync(join(root, 'a'), 'x');
    const config = { filename: 'a', filenameType: 'str', encoding: 'klingon', format: 'utf8' };
    for (const type of ['file', 'file in']) {
      const { errors } = await new NodeBench(fileNodes, root, type, config).give({ payload: 'x' });
      expect(String(errors[0])).toContain('klingon');
    }
  });

  it('reads no more into one message than is good for the memory', async () => {
    writeFileSync(join(root, 'big'), '');
    truncateSync(join(root, 'big'), 60 * 1024 * 1024);
    const bench = (format: string) =>
      new NodeBench(fileNodes, root, 'file in', { filename: 'big', filenameType: 'str', format, sendError: false });
    for (const format of ['utf8', '', 'lines']) {
      const { sent, errors } = await bench(format).give({});
      expect(sent).toEqual([]);
      expect(errors).toEqual([expect.objectContaining({ code: 'FILE_TOO_LARGE' })]);
    }
    expect((await bench('stream').give({})).sent).toHaveLength((60 * 1024) / 64 + 1);
  });

  it('reads no more of a file that grows while it is read', async () => {
    writeFileSync(join(root, 'a'), 'x'.repeat(100));
    const folder = new FilesFolder(root);
    const register = (RED: NodeAPI): void => registerReadNode(RED, folder, 100);
    const bench = new NodeBench(register, root, 'file in', { filename: 'a', filenameType: 'str', format: '' });
    const reading = bench.give({});
    writeFileSync(join(root, 'a'), 'x'.repeat(101));
    expect((await reading).errors).toEqual([expect.objectContaining({ code: 'FILE_TOO_LARGE' })]);
  });

  it('stops reading when the node closes', async () => {
    writeFileSync(join(root, 'a'), Buffer.alloc(40 * HWM));
    const bench = new NodeBench(fileNodes, root, 'file in', { filename: 'a', filenameType: 'str', format: 'stream' });
    const reading = bench.give({});
    await new Promise((resolve) => setImmediate(resolve));
    await bench.close();
    const { sent, errors } = await reading;
    expect(errors).toEqual([]);
    expect(sent.length).toBeLessThan(40);
  });

  it('leaves no file open', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    writeFileSync(join(root, 'a'), 'x');
    mkdirSync(join(root, 'folder'));
    symlinkSync('/etc/passwd', join(root, 'link'));
    const before = open();
    for (const filename of ['a', 'none', 'folder', 'link', '../x'])
      for (const type of ['file', 'file in'])
        await new NodeBench(fileNodes, root, type, { filename, filenameType: 'str', format: 'utf8' }).give({
          payload: 1,
        });
    expect(open()).toBe(before);
  });
});
