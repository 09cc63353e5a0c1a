import { describe, expect, it } from 'vitest';
import { RULE_IDS, type RuleId } from './rule-catalogue.ts';
import { type CheckTestOptions, checkFiles, onTab } from './testing/check-nodes.ts';

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
      wrong: onTab({ id: 'a', type: 'watch', wires: [] }),
      at: '"watch",',
      right: onTab({ id: 'a', type: 'exec', wires: [] }),
      options: { allow: ['exec'] },
    },
  ],
  'file-outside': [
    {
      wrong: onTab({ id: 'a', type: 'file in', filename: '/etc/passwd', filenameType: 'str', wires: [] }),
      at: '"/etc/passwd",',
      right: onTab({ id: 'a', type: 'file in', filename: 'in/passwd', filenameType: 'str', wires: [] }),
    },
    {
      wrong: onTab({ id: 'a', type: 'file', filename: 'in/../../x', wires: [] }),
      at: '"in/../../x",',
      right: onTab({ id: 'a', type: 'file', filename: 'in/../x', wires: [] }),
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
