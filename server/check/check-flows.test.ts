import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFlows } from './check-flows.ts';
import { RULE_IDS, type RuleId } from './rule-catalogue.ts';
import { type CheckTestOptions, checkFiles, onTab } from './testing/check-nodes.ts';
import { createWorld } from './world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const filled = (name: string): string => `$\{${name}}`;
const SEQERA = { id: 's', type: 'seqera-workflow-monitor', seqera: '', wires: [] };

/** Flows with one mistake, the text at the place where it is told, and flows that differ only in that there is none. */
interface Case {
  wrong: Record<string, unknown>[];
  at: string;
  right: Record<string, unknown>[];
  options?: CheckTestOptions;
}
const CASES: Record<string, Case | Case[]> = {
  'duplicate-id': {
    wrong: onTab({ id: 'a', type: 'comment' }, { id: 'a', type: 'comment' }),
    at: '"a",',
    right: onTab({ id: 'a', type: 'comment' }, { id: 'b', type: 'comment' }),
  },
  'type-unknown': {
    wrong: onTab({ id: 'a', type: 'injekt', wires: [] }),
    at: '"injekt",',
    right: onTab({ id: 'a', type: 'inject', wires: [] }),
  },
  'type-off': [
    {
      wrong: onTab({ id: 'a', type: 'exec', wires: [] }),
      at: '"exec",',
      right: onTab({ id: 'a', type: 'range', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'file in', wires: [] }),
      at: '"file in",',
      right: onTab({ id: 'a', type: 'exec', wires: [] }),
      options: { allow: ['exec'] },
    },
  ],
  'function-modules-off': {
    wrong: onTab({ id: 'a', type: 'function', func: 'return msg', libs: [{ var: 'os', module: 'os' }], wires: [] }),
    at: '[',
    right: onTab({ id: 'a', type: 'function', func: 'return msg', libs: [], wires: [] }),
  },
  'flow-unknown': {
    wrong: [{ id: 'a', type: 'comment', z: 'gone' }],
    at: '"gone"',
    right: onTab({ id: 'a', type: 'comment' }),
  },
  'group-unknown': {
    wrong: onTab({ id: 'a', type: 'comment', g: 'gone' }),
    at: '"gone"',
    right: onTab({ id: 'a', type: 'comment', g: 'g' }, { id: 'g', type: 'group', nodes: ['a'] }),
  },
  'subflow-unknown': {
    wrong: onTab({ id: 'a', type: 'subflow:gone', wires: [] }),
    at: '"subflow:gone",',
    right: [
      { id: 'sub', type: 'subflow', name: 'S', in: [], out: [] },
      ...onTab({ id: 'a', type: 'subflow:sub', wires: [] }),
    ],
  },
  'subflow-recursive': {
    wrong: [
      { id: 'one', type: 'subflow', name: 'One', in: [], out: [] },
      { id: 'two', type: 'subflow', name: 'Two', in: [], out: [] },
      { id: 'a', type: 'subflow:two', z: 'one', wires: [] },
      { id: 'b', type: 'subflow:one', z: 'two', wires: [] },
    ],
    at: '"subflow:one",',
    right: [
      { id: 'one', type: 'subflow', name: 'One', in: [], out: [] },
      { id: 'two', type: 'subflow', name: 'Two', in: [], out: [] },
      { id: 'a', type: 'subflow:two', z: 'one', wires: [] },
      { id: 'b', type: 'comment', z: 'two', wires: [] },
    ],
  },
  'wire-dangling': [
    {
      wrong: onTab({ id: 'a', type: 'inject', wires: [['b']] }),
      at: '"b"',
      right: onTab({ id: 'a', type: 'inject', wires: [['b']] }, { id: 'b', type: 'debug', wires: [] }),
    },
    {
      wrong: [{ id: 'sub', type: 'subflow', in: [{ wires: [{ id: 'gone' }] }], out: [] }],
      at: '"gone"',
      right: [
        { id: 'sub', type: 'subflow', in: [{ wires: [{ id: 'b' }] }], out: [{ wires: [{ id: 'sub', port: 0 }] }] },
        { id: 'b', type: 'debug', z: 'sub', wires: [] },
      ],
    },
  ],
  'wire-across-flows': {
    wrong: [
      ...onTab({ id: 'a', type: 'inject', wires: [['b']] }),
      { id: 'other', type: 'tab' },
      { id: 'b', type: 'debug', z: 'other', wires: [] },
    ],
    at: '"b"',
    right: [
      ...onTab({ id: 'a', type: 'inject', wires: [['b']] }),
      { id: 'other', type: 'tab' },
      { id: 'b', type: 'debug', z: 'tab', wires: [] },
    ],
  },
  'wire-to-no-input': {
    wrong: onTab({ id: 'a', type: 'inject', wires: [['b']] }, { id: 'b', type: 'catch', wires: [] }),
    at: '"b"',
    right: onTab({ id: 'a', type: 'inject', wires: [['b']] }, { id: 'b', type: 'junction', wires: [] }),
  },
  'link-dangling': [
    {
      wrong: onTab({ id: 'a', type: 'link out', mode: 'link', links: ['gone'], wires: [] }),
      at: '"gone"',
      right: onTab(
        { id: 'a', type: 'link out', mode: 'link', links: ['b'], wires: [] },
        { id: 'b', type: 'link in', links: ['a'], wires: [] },
      ),
    },
    {
      wrong: onTab({ id: 'a', type: 'link call', links: ['b'], wires: [] }, { id: 'b', type: 'debug', wires: [] }),
      at: '"b"',
      right: onTab({ id: 'a', type: 'link call', linkType: 'dynamic', links: [], wires: [] }),
    },
  ],
  'link-unconnected': {
    wrong: onTab({ id: 'a', type: 'link out', mode: 'link', links: [], wires: [] }),
    at: '{',
    right: onTab({ id: 'a', type: 'link out', mode: 'return', links: [], wires: [] }),
  },
  'scope-dangling': {
    wrong: onTab({ id: 'a', type: 'catch', scope: ['gone'], wires: [] }),
    at: '"gone"',
    right: onTab({ id: 'a', type: 'catch', scope: null, wires: [] }),
  },
  'loop-endless': [
    {
      wrong: onTab({ id: 'a', type: 'change', wires: [['b']] }, { id: 'b', type: 'template', wires: [['a']] }),
      at: '{',
      right: onTab({ id: 'a', type: 'change', wires: [['b']] }, { id: 'b', type: 'delay', wires: [['a']] }),
    },
    {
      wrong: onTab(
        { id: 'a', type: 'change', wires: [['o']] },
        { id: 'o', type: 'link out', mode: 'link', links: ['i'], wires: [] },
        { id: 'i', type: 'link in', links: ['o'], wires: [['a']] },
      ),
      at: '{',
      right: onTab(
        { id: 'a', type: 'change', wires: [['o']] },
        { id: 'o', type: 'link out', mode: 'return', links: ['i'], wires: [] },
        { id: 'i', type: 'link in', links: ['o'], wires: [['a']] },
      ),
    },
  ],
  'loop-without-delay': [
    {
      wrong: onTab({ id: 'a', type: 'switch', rules: [], wires: [['a']] }),
      at: '{',
      right: onTab({ id: 'a', type: 'http request', wires: [['a']] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'function', func: 'return msg;', wires: [['a']] }),
      at: '{',
      right: onTab({ id: 'a', type: 'function', func: 'setTimeout(() => node.send(msg), 1000);', wires: [['a']] }),
    },
    {
      wrong: [
        {
          id: 'sub',
          type: 'subflow',
          name: 'S',
          in: [{ wires: [{ id: 'c' }] }],
          out: [{ wires: [{ id: 'c', port: 0 }] }],
        },
        { id: 'c', type: 'change', z: 'sub', wires: [[]] },
        ...onTab({ id: 'a', type: 'subflow:sub', wires: [['a']] }),
      ],
      at: '{',
      right: [
        {
          id: 'sub',
          type: 'subflow',
          name: 'S',
          in: [{ wires: [{ id: 'c' }] }],
          out: [{ wires: [{ id: 'c', port: 0 }] }],
        },
        { id: 'c', type: 'trigger', z: 'sub', wires: [[]] },
        ...onTab({ id: 'a', type: 'subflow:sub', wires: [['a']] }),
      ],
    },
  ],
  'config-missing': {
    wrong: onTab({ id: 'a', type: 'http request', tls: 'gone', wires: [] }),
    at: '"gone",',
    right: [{ id: 't', type: 'tls-config' }, ...onTab({ id: 'a', type: 'http request', tls: 't', wires: [] })],
  },
  'config-wrong-type': {
    wrong: onTab({ id: 'a', type: 'http request', tls: 'tab', wires: [] }),
    at: '"tab",',
    right: onTab({ id: 'a', type: 'http request', tls: filled('TLS'), wires: [] }),
    options: { variables: ['TLS'] },
  },
  'config-required': {
    wrong: onTab({ id: 'a', type: 'mqtt out', broker: '', wires: [] }),
    at: '{',
    right: [{ id: 'b', type: 'mqtt-broker' }, ...onTab({ id: 'a', type: 'mqtt out', broker: 'b', wires: [] })],
  },
  'connection-unknown': {
    wrong: onTab({ ...SEQERA, seqera: 'seqera-prod' }),
    at: '"seqera-prod",',
    right: onTab({ ...SEQERA, seqera: 'seqera-test' }, { ...SEQERA, id: 't', seqera: 'seqera-default' }),
    options: { connections: ['seqera-test'] },
  },
  'function-syntax': [
    {
      wrong: onTab({ id: 'a', type: 'function', func: 'const a = 1;\nreturn msg +;\n', wires: [] }),
      at: ';\\n",',
      right: onTab({ id: 'a', type: 'function', func: 'const a = await env.get("A") ?? 1;\nreturn msg;', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'function', func: 'if (msg) {\n  return msg;', wires: [] }),
      at: ';",',
      right: onTab({ id: 'a', type: 'function', func: 'return msg; // said', wires: [] }),
    },
    {
      // Node-RED closes the bracket right behind this code.
      wrong: onTab({ id: 'a', type: 'function', func: '', initialize: 'node.warn(1) // said', wires: [] }),
      at: 'node.warn(1) // said",',
      right: onTab({ id: 'a', type: 'function', func: '', initialize: 'node.warn(1) // said\n0', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'function', func: 'let node = 1;', wires: [] }),
      at: 'node = 1;",',
      right: onTab({ id: 'a', type: 'function', func: 'let other = 1;', wires: [] }),
    },
  ],
  'jsonata-syntax': [
    {
      wrong: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'payload +', tot: 'jsonata' }],
        wires: [],
      }),
      at: '+",',
      right: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'payload +', tot: 'str' }],
        wires: [],
      }),
    },
    {
      wrong: onTab({ id: 'a', type: 'debug', complete: '(', targetType: 'jsonata', wires: [] }),
      at: '(",',
      right: onTab({ id: 'a', type: 'debug', complete: '(1)', targetType: 'jsonata', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'join', mode: 'reduce', reduceExp: '$A+', wires: [] }),
      at: '+",',
      right: onTab({ id: 'a', type: 'join', mode: 'auto', reduceExp: '$A+', wires: [] }),
    },
  ],
  'json-value': [
    {
      wrong: onTab({
        id: 'a',
        type: 'inject',
        props: [{ p: 'payload' }],
        payload: '{"a": 1,}',
        payloadType: 'json',
        wires: [],
      }),
      at: '}",',
      right: onTab({
        id: 'a',
        type: 'inject',
        props: [{ p: 'topic' }],
        payload: '{"a": 1,}',
        payloadType: 'json',
        wires: [],
      }),
    },
    {
      // Without a type, the default of the property counts.
      wrong: onTab({ id: 'a', type: 'seqera-workflow-launch', paramsKey: '{outdir}', wires: [] }),
      at: 'outdir}",',
      right: onTab({
        id: 'a',
        type: 'seqera-workflow-launch',
        paramsKey: '{"a": b}',
        paramsKeyType: 'jsonata',
        wires: [],
      }),
    },
    {
      wrong: [{ id: 'tab', type: 'tab', env: [{ name: 'A', value: '{', type: 'json' }] }],
      at: '",',
      right: [{ id: 'tab', type: 'tab', env: [{ name: 'A', value: '{}', type: 'json' }] }],
    },
  ],
  'regex-invalid': [
    {
      wrong: onTab({ id: 'a', type: 'switch', rules: [{ t: 'regex', v: '(', vt: 'str' }], wires: [] }),
      at: '"(",',
      right: onTab({
        id: 'a',
        type: 'switch',
        rules: [
          { t: 'regex', v: '(', vt: 'msg' },
          { t: 'eq', v: '(', vt: 'str' },
        ],
        wires: [],
      }),
    },
    {
      wrong: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'change', p: 'payload', from: '[', fromt: 're', to: '', tot: 'str' }],
        wires: [],
      }),
      at: '"[",',
      right: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'change', p: 'payload', from: '[', fromt: 'str', to: '', tot: 'str' }],
        wires: [],
      }),
    },
    {
      wrong: onTab({ id: 'a', type: 'seqera-datalink-list', dataLinkName: 'd', pattern: '*', wires: [] }),
      at: '"*",',
      right: onTab({ id: 'a', type: 'seqera-datalink-list', dataLinkName: 'd', pattern: '(?i)\\.bam$', wires: [] }),
    },
  ],
  'cron-invalid': [
    {
      wrong: onTab({ id: 'a', type: 'inject', crontab: '61 * * * *', wires: [] }),
      at: '"61 * * * *",',
      right: onTab({ id: 'a', type: 'inject', crontab: '*/15 6-18 * * 1-5', repeat: '', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'inject', crontab: '', repeat: '3000000', wires: [] }),
      at: '"3000000",',
      right: onTab({ id: 'a', type: 'inject', crontab: '', repeat: filled('EVERY'), wires: [] }),
      options: { variables: ['EVERY'] },
    },
  ],
  'field-required': [
    {
      wrong: onTab({ id: 'a', type: 'seqera-dataset-add', datasetName: ' ', wires: [] }),
      at: '" ",',
      right: onTab({ id: 'a', type: 'seqera-dataset-add', datasetName: 'd', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'seqera-datalink-list', wires: [] }),
      at: '{',
      right: onTab({ id: 'a', type: 'seqera-workflow-monitor', wires: [] }),
    },
  ],
  'endpoint-duplicate': {
    wrong: onTab(
      { id: 'a', type: 'http in', method: 'get', url: '/runs/:id', wires: [] },
      { id: 'b', type: 'http in', method: 'get', url: 'Runs/:name/', wires: [] },
    ),
    at: '"Runs/:name/",',
    right: onTab(
      { id: 'a', type: 'http in', method: 'get', url: '/runs/:id', wires: [] },
      { id: 'b', type: 'http in', method: 'post', url: 'runs/:name', wires: [] },
    ),
  },
  'endpoint-shadowed': {
    wrong: onTab(
      { id: 'a', type: 'http in', method: 'get', url: '/runs/:id', wires: [] },
      { id: 'b', type: 'http in', method: 'get', url: '/runs/latest', wires: [] },
    ),
    at: '"/runs/:id",',
    right: onTab(
      { id: 'a', type: 'http in', method: 'get', url: '/runs/:id', wires: [] },
      { id: 'b', type: 'http in', method: 'get', url: '/latest', d: true, wires: [] },
    ),
  },
  'endpoint-open': {
    wrong: onTab({ id: 'a', type: 'http in', method: 'get', url: '/runs', wires: [] }),
    at: '"/runs",',
    right: onTab({ id: 'a', type: 'http in', method: 'get', url: '/runs', d: true, wires: [] }),
    options: { httpAuth: 'none' },
  },
  'env-unset': [
    {
      wrong: onTab({ id: 'a', type: 'function', func: "\nreturn env.get('FLOW_BUCKET');", wires: [] }),
      at: "env.get('FLOW_BUCKET');\",",
      right: [
        { id: 'tab', type: 'tab', env: [{ name: 'FLOW_BUCKET', value: 's3', type: 'str' }] },
        {
          id: 'a',
          type: 'function',
          z: 'tab',
          func: "\nreturn env.get('FLOW_BUCKET') + env.get('NR_FLOW_ID') + (env.get('X') ?? 1);",
          wires: [],
        },
      ],
    },
    {
      wrong: onTab({ id: 'a', type: 'http request', url: filled('FLOW_HOST'), wires: [] }),
      at: 'FLOW_HOST}",',
      right: onTab(
        { id: 'a', type: 'http request', url: filled('FLOW_HOST'), g: 'g', wires: [] },
        { id: 'g', type: 'group', nodes: ['a'], env: [{ name: 'FLOW_HOST', value: 'x', type: 'str' }] },
      ),
    },
    {
      wrong: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'set', p: 'payload', to: '$env("FLOW_A")', tot: 'jsonata' }],
        wires: [],
      }),
      at: '$env(\\"FLOW_A\\")",',
      right: onTab({
        id: 'a',
        type: 'change',
        rules: [{ t: 'set', p: 'payload', to: '$env("FLOW_B")', tot: 'jsonata' }],
        wires: [],
      }),
      options: { variables: ['FLOW_B'] },
    },
    {
      wrong: [
        { id: 'sub', type: 'subflow', name: 'S', in: [], out: [] },
        { id: 'a', type: 'switch', z: 'sub', property: 'FLOW_A', propertyType: 'env', wires: [] },
      ],
      at: 'FLOW_A",',
      right: [
        { id: 'sub', type: 'subflow', name: 'S', in: [], out: [] },
        { id: 'a', type: 'switch', z: 'sub', property: 'FLOW_A', propertyType: 'env', wires: [] },
        ...onTab({ id: 'b', type: 'subflow:sub', env: [{ name: 'FLOW_A', value: '1', type: 'str' }], wires: [] }),
      ],
    },
  ],
  'env-hidden': {
    wrong: onTab({ id: 'a', type: 'template', template: '{{env.TOWER_ACCESS_TOKEN}}', wires: [] }),
    at: '{{env.TOWER_ACCESS_TOKEN}}",',
    right: onTab({ id: 'a', type: 'template', template: '{{payload.env.TOWER_ACCESS_TOKEN}}', wires: [] }),
  },
};

/** Told in tests of their own. */
const ELSEWHERE: RuleId[] = [
  'json-invalid',
  'merge-conflict',
  'flows-missing',
  'file-unreadable',
  'folder-empty',
  'secret-in-clear',
  'configuration',
  'names-invalid',
  'name-missing',
];

describe('each rule', () => {
  it('has a case', () => {
    expect([...Object.keys(CASES), ...ELSEWHERE].sort()).toEqual([...RULE_IDS].sort());
  });

  const cases = Object.entries(CASES).flatMap(([rule, some]) =>
    [some].flat().map((one, index) => [`${rule} ${index}`, rule, one] as const),
  );
  it.each(cases)('%s: is told at its place, and not without the mistake', (_, rule, { wrong, at, right, options }) => {
    const found = checkFiles({ 'f.json': wrong }, options);
    const lines = JSON.stringify(wrong, null, 2).split('\n');
    const [{ line, column } = { line: 0, column: 0 }] = found;
    const there = lines[(line ?? 0) - 1]?.slice((column ?? 0) - 1);
    expect([...found.map((one) => `${one.rule} ${one.file}`), there]).toEqual([`${rule} f.json`, at]);
    expect(checkFiles({ 'f.json': right }, options)).toEqual([]);
  });
});

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
