import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFlows } from './check-flows.ts';
import { checkFiles, onTab } from './testing/check-nodes.ts';
import { createWorld } from './world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const filled = (name: string): string => `$\{${name}}`;

describe('files', () => {
  const told = (files: Record<string, string>) =>
    checkFiles(files).map(({ rule, file, line, column }) => `${rule} ${file}:${line}:${column}`);

  it('that are wrong are all told, with line and column, and the others are checked all the same', () => {
    expect(
      told({
        'a.json': '[\n  {"id": "a" "type": "tab"}\n]',
        'b.json': '[\n<<<<<<< ours\n  1,\n=======\n  2\n>>>>>>> theirs\n]',
        'c.json': '{"name": "package"}',
        'd.json': '[{"id": "a", "type": "tab"},\n {"id": "b"}]',
        'e.json': JSON.stringify(onTab({ id: 'x', type: 'nope', wires: [] })),
        'f.json': '',
      }),
    ).toEqual([
      'json-invalid a.json:2:14',
      'merge-conflict b.json:2:1',
      'flows-missing c.json:1:1',
      'flows-missing d.json:2:1',
      'type-unknown e.json:1:69',
      'json-invalid f.json:1:1',
    ]);
  });

  it('are one array or an object with it; their order is that of their names', () => {
    const nodes = JSON.stringify(onTab({ id: 'x', type: 'nope', wires: [] }), null, 1);
    expect(
      told({ 'b.json': `\uFEFF{"rev": "1",\n"flows": ${nodes}}`, 'a.json': '[{"id":"x","type":"comment"}]' }),
    ).toEqual(['duplicate-id b.json:10:9', 'type-unknown b.json:11:11']);
  });

  it('in the readable layout, with texts beside them, are placed as well', () => {
    const readable = {
      redstart: 1,
      flow: { id: 'tab', type: 'tab', label: 'Tab', 'info:lines': ['one', 'see https://ada:hunter22@host.test'] },
      nodes: [
        { id: 'f', type: 'function', 'func:file': 'f.js', wires: [['gone']] },
        { id: 'g', type: 'function', 'func:lines': ['const a = 1;', 'return a +;'] },
      ],
      layout: [['f', 10, 20]],
    };
    const text = JSON.stringify(readable, null, 2);
    const found = checkFiles({ 'a.json': text, 'a/f.js': 'let x;\n  let x;\n' });
    const at = (needle: string): string => {
      const line = text.split('\n').findIndex((one) => one.includes(needle));
      return `a.json:${line + 1}:${(text.split('\n')[line] ?? '').indexOf(needle) + 1}`;
    };
    expect(found.map(({ rule, file, line, column }) => `${rule} ${file}:${line}:${column}`)).toEqual([
      `secret-in-clear ${at('hunter22')}`,
      `wire-dangling ${at('"gone"')}`,
      'function-syntax a.json:28:20',
      'function-syntax a/f.js:2:7',
    ]);
  });

  it('that name a text which is not there, or holds a conflict, are told', () => {
    const readable = JSON.stringify({ redstart: 1, nodes: [{ id: 'f', type: 'function', 'func:file': 'f.js' }] });
    expect(checkFiles({ 'a.json': readable })).toMatchObject([{ rule: 'file-unreadable', file: 'a/f.js' }]);
    const conflict = '<<<<<<< ours\nreturn 1\n=======\nreturn 2\n>>>>>>> theirs\n';
    expect(checkFiles({ 'a.json': readable, 'a/f.js': conflict })[0]).toMatchObject({
      rule: 'merge-conflict',
      file: 'a/f.js',
      line: 1,
    });
    expect(checkFiles({ 'a.json': '{"redstart": 2}' })).toMatchObject([
      { rule: 'flows-missing', file: 'a.json', line: 1 },
    ]);
  });

  it('that are larger than any flow are not read', () => {
    const found = checkFiles({ 'a.json': ' '.repeat(33 * 1024 ** 2), 'b.json': '[]' });
    expect(found).toMatchObject([
      { rule: 'file-unreadable', file: 'a.json', message: expect.stringContaining('33 MiB') },
    ]);
  });

  it('in an empty folder are missed, and one that is not there cannot be read', () => {
    expect(checkFiles({})).toMatchObject([{ rule: 'folder-empty', severity: 'warning' }]);
    const world = createWorld({ nodesAllow: [], connections: [], httpAuth: { mode: 'closed' } }, []);
    expect(checkFlows({ path: '/no/such/folder', world }).findings).toMatchObject([
      { rule: 'file-unreadable', line: null },
    ]);
  });
});

describe('names of redstart.yaml', () => {
  const LAUNCH = onTab({ id: 'a', type: 'seqera-workflow-launch', launchpadName: filled('pipeline:qc'), wires: [] });
  const told = (names?: string) =>
    checkFiles({ 'f.json': LAUNCH, ...(names !== undefined && { 'redstart.yaml': names }) }).map(
      ({ rule, file, line, message }) => `${rule} ${file}:${line} ${/"(\w+)" of/.exec(message)?.[1] ?? ''}`,
    );

  it('must be in each environment', () => {
    expect(told('environments:\n  test: {pipelines: {qc: qc-test}}\n  prod: {pipelines: {qc: qc}}')).toEqual([]);
    expect(told('environments:\n  test: {pipelines: {qc: qc-test}}\n  prod: {}')).toEqual([
      'name-missing f.json:11 prod',
    ]);
    expect(told()).toEqual(['name-missing f.json:11 ']);
  });

  it('are in a file that is told where it is wrong', () => {
    expect(told('environments:\n  test: {pipelines: {qc: qc-test}}\nenvironment: {}')).toEqual([
      'names-invalid redstart.yaml:3 ',
    ]);
  });
});

describe('secrets in clear', () => {
  const told = (node: Record<string, unknown>) =>
    checkFiles({ 'f.json': onTab({ id: 'a', type: 'comment', ...node }) });
  // Put together here, so that no scanner takes this file for a leak.
  const random = ['q7Zt9', 'XwB2v', 'Lk8Rm', 'Ye4Pd', 'Hs6Nf', 'Jc3Ug', 'Ta1Wo'].join('');
  const secrets: [string, Record<string, unknown>][] = [
    ['a Seqera token', { info: `eyJ0aWQiOiAxMjM0fS${'5'}.${'0a1b2c3d'.repeat(5)}` }],
    ['a GitHub token', { info: `use ghp_${'a1B2'.repeat(9)} here` }],
    ['an AWS key', { info: `AKIA${'ABCDEFGH12345678'}` }],
    ['a private key', { info: `-----BEGIN RSA ${'PRIVATE'} KEY-----\nMII` }],
    ['a password in an address', { type: 'http request', url: 'https://ada:hunter22@host.test/x', wires: [] }],
    [
      'a bearer token',
      { type: 'function', func: `msg.headers = {authorization: 'Bearer ${random}'}; return msg`, wires: [] },
    ],
    [
      'a header',
      {
        type: 'http request',
        headers: [{ keyType: 'other', keyValue: 'X-API-Token', valueType: 'other', valueValue: 'b7f3-99ac-12ef' }],
        wires: [],
      },
    ],
    ['an assignment', { type: 'function', func: `const apiKey = "${random.slice(0, 20)}"; return msg`, wires: [] }],
    [
      'a variable',
      {
        type: 'change',
        rules: [{ t: 'set', p: 'payload.password', pt: 'msg', to: 'tr0ub4dor&3', tot: 'str' }],
        wires: [],
      },
    ],
    ['something random', { type: 'template', template: `<a data="${random}">`, wires: [] }],
    ['a credential', { type: 'seqera-config', z: undefined, baseUrl: 'https://x.test', credentials: { token: 'abc' } }],
  ];
  it.each(secrets)('%s is told, never shown', (_, node) => {
    const found = told(node);
    expect(found.map(({ rule }) => rule)).toEqual(['secret-in-clear']);
    expect(JSON.stringify(found)).not.toMatch(/ghp_|AKIA|hunter22|q7Zt9|b7f3|tr0ub4|0a1b2c3d|\babc\b/);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      'a variable',
      {
        type: 'http request',
        headers: [{ keyValue: 'Authorization', valueType: 'env', valueValue: 'TOKEN_1a' }],
        wires: [],
      },
    ],
    [
      'a placeholder',
      { info: 'https://user:<password>@host and Bearer YOUR_TOKEN_GOES_HERE and token: "xxxxxxxxxxxx1"' },
    ],
    [
      'a path of a message',
      {
        type: 'change',
        rules: [{ t: 'set', p: 'token', pt: 'msg', to: 'payload.access_token', tot: 'str' }],
        wires: [],
      },
    ],
    ['a digest', { info: `sha256:${'0123456789abcdef'.repeat(4)}` }],
    ['a uuid and node ids', { info: '123e4567-e89b-12d3-a456-426614174000 5a1e00000000000a 9976e95d.2f8398' }],
    ['an image', { info: `data:image/png;base64,${random}${random}` }],
    [
      'an address with a long path',
      { info: 'https://github.com/nf-core/rnaseq/blob/3.14.0/conf/Test_Full_Config.config' },
    ],
    [
      'a long name',
      { info: 'NF_CORE_RNASEQ_MULTIQC_REPORT_Html_File_Name_2024_01 and getWorkflowProgressByIdentifierAndStatus' },
    ],
  ])('%s is none', (_, node) => {
    expect(told(node).filter(({ rule }) => rule === 'secret-in-clear')).toEqual([]);
  });
});

describe('what ships', () => {
  const world = createWorld({ nodesAllow: [], connections: [], httpAuth: { mode: 'closed' } }, ['FLOW_SIMULATOR']);
  it.each(['flows', 'nodes/examples'])('%s is clean', (folder) => {
    const { findings, nodes } = checkFlows({ path: join(root, folder), world });
    expect(nodes).toBeGreaterThan(5);
    expect(findings).toEqual([]);
  });

  it("Node-RED's own examples: only what is truly wrong with them", () => {
    const everything = createWorld(
      {
        nodesAllow: ['exec', 'file', 'watch', 'tcp', 'udp', 'function-modules'],
        connections: [],
        httpAuth: { mode: 'closed' },
      },
      [],
    );
    const examples = join(root, 'node_modules/@node-red/nodes/examples');
    const files = readdirSync(examples, { recursive: true, withFileTypes: true }).filter(({ name }) =>
      name.endsWith('.json'),
    );
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap(
      (file) => checkFlows({ path: join(file.parentPath, file.name), world: everything }).findings,
    );
    // Exports of a selection have no tab; one links to a node that was not selected, one reads HOME.
    const others = found.filter(({ rule }) => rule !== 'flow-unknown');
    expect(
      others.map(
        ({ rule, file }) =>
          `${rule} ${dirname(file ?? '')
            .split('/')
            .at(-1)}`,
      ),
    ).toEqual(['link-dangling link', 'env-hidden change']);
  });
});

it('what the nodes say of themselves to the editor is what the check knows (node scripts/docs.mjs writes it)', async () => {
  const { renderKnownTypes } = await import('../../scripts/node-types.ts');
  expect(readFileSync(new URL('./known-types.ts', import.meta.url), 'utf8')).toBe(await renderKnownTypes());
});
