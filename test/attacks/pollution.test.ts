import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { type FlowNode, node, tab, wire } from '../support/flows.ts';

// Names that mean something to JavaScript, in bodies and messages; and values that are made to break what walks them.
const CHECK = `
const host = util.inspect.constructor('return Object.prototype')();
const names = [...Object.getOwnPropertyNames(host), ...Object.getOwnPropertyNames(Object.prototype)].filter((name) => /^polluted/.test(name));
const odd = [({}).polluted, [].polluted, (() => 0).polluted, ''.polluted, util.inspect.constructor('return ({}).polluted')()].filter((value) => value !== undefined);
msg.payload = { names, odd: odd.length };
msg.headers = {};
msg.statusCode = 200;
return msg;`;

describe('names of JavaScript', () => {
  let appliance: Appliance;
  let editor: EditorSession;
  const answer = node('http response', { statusCode: '' });
  const check = wire(node('function', { func: CHECK, outputs: 1 }), [answer]);
  /** A flow that does with a message what flows do, with names that the caller chose. */
  const way = (path: string, ...steps: FlowNode[]): FlowNode[] => {
    const nodes = [wire(node('http in', { url: path, method: 'post', upload: true }), [steps[0] ?? check]), ...steps];
    steps.forEach((step, index) => {
      wire(step, [steps[index + 1] ?? check]);
    });
    return nodes;
  };
  const func = (text: string): FlowNode => node('function', { func: `${text}\nreturn msg;`, outputs: 1 });
  const change = (rule: object): FlowNode => node('change', { rules: [rule] });
  const VALUE = { to: 'yes', tot: 'str' };

  beforeAll(async () => {
    const caught = wire(node('catch', { scope: null }), [check]);
    const flow = tab([
      check,
      answer,
      caught,
      ...way('/clone', func('node.send([[RED.util.cloneMessage(msg), RED.util.cloneMessage(msg)]]);')),
      ...way('/set', change({ t: 'set', p: 'payload[msg.payload.a][msg.payload.b]', pt: 'msg', ...VALUE })),
      ...way('/set-flat', change({ t: 'set', p: 'payload.__proto__.polluted', pt: 'msg', ...VALUE })),
      ...way(
        '/set-constructor',
        change({ t: 'set', p: 'payload.constructor.prototype.polluted', pt: 'msg', ...VALUE }),
      ),
      ...way('/move', change({ t: 'move', p: 'payload', pt: 'msg', to: '__proto__.polluted', tot: 'msg' })),
      ...way('/util', func("RED.util.setMessageProperty(msg, msg.payload.path || 'x', 'yes', true);")),
      ...way('/object', func("RED.util.setObjectProperty({}, msg.payload.path || 'x', 'yes', true);")),
      ...way(
        '/context',
        func(
          "flow.set(msg.payload.path || 'x', 'yes'); global.set(msg.payload.path || 'x', 'yes'); context.set(msg.payload.path || 'x', 'yes');",
        ),
      ),
      ...way('/context-set', change({ t: 'set', p: '__proto__.polluted', pt: 'flow', ...VALUE })),
      ...way('/context-global', change({ t: 'set', p: 'constructor.prototype.polluted', pt: 'global', ...VALUE })),
      ...way(
        '/join',
        node('split', {}),
        node('join', {
          mode: 'custom',
          build: 'merged',
          property: 'payload',
          propertyType: 'msg',
          key: 'topic',
          count: '1',
        }),
      ),
      ...way(
        '/jsonata',
        change({
          t: 'set',
          p: 'payload',
          pt: 'msg',
          to: '$merge([payload, {"a": $eval("$merge([{}])")}])',
          tot: 'jsonata',
        }),
      ),
      ...way(
        '/jsonata-lookup',
        change({
          t: 'set',
          p: 'payload',
          pt: 'msg',
          to: 'payload ~> |$|{"__proto__": {"polluted": 1}}|',
          tot: 'jsonata',
        }),
      ),
      ...way(
        '/template',
        node('template', {
          field: 'payload.__proto__.polluted',
          fieldType: 'msg',
          format: 'handlebars',
          syntax: 'mustache',
          template: '{{payload.constructor.name}}',
        }),
      ),
      ...way('/yaml', node('yaml', { property: 'payload' })),
      ...way('/xml', node('xml', { property: 'payload' })),
      ...way('/csv', node('csv', { hdrin: true, multi: 'mult' })),
      ...way('/json', node('json', { property: 'payload' })),
      ...way('/plain'),
      ...way('/proof', func('Object.getPrototypeOf(msg.payload).polluted = 1;')),
    ]);
    appliance = await Appliance.start({
      flows: { 'main.json': flow },
      env: { ...withEditor, REDSTART_SIMULATOR: 'true', REDSTART_HTTP_AUTH: 'none' },
    });
    editor = await EditorSession.signIn(appliance);
  });
  afterAll(() => appliance?.[Symbol.asyncDispose]());

  const clean = async (): Promise<boolean> => {
    const reply = await appliance.fetch('/api/plain', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    return (await reply.text()) === '{"names":[],"odd":0}';
  };
  const send = (path: string, body: string, type = 'application/json'): Promise<unknown> =>
    appliance
      .fetch(`/api${path}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
        signal: AbortSignal.timeout(1000),
      })
      .then((reply) => reply.text())
      .catch(() => null);

  const BODIES = [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '[{"__proto__":{"polluted":1}}]',
    '{"a":"__proto__","b":"polluted"}',
    '{"a":"constructor","b":"prototype","path":"constructor.prototype.polluted"}',
    '{"path":"__proto__.polluted"}',
    '{"path":"a.__proto__.polluted"}',
    '{"path":"[\\"__proto__\\"].polluted"}',
    '{"path":"__proto__[\\"polluted\\"]"}',
    '{"hasOwnProperty":1,"toString":1,"valueOf":1,"toJSON":1,"then":1,"length":-1}',
  ];
  const OTHER: [string, string, string][] = [
    [
      '/plain',
      '__proto__[polluted]=1&constructor[prototype][polluted]=1&a[__proto__][polluted]=1',
      'application/x-www-form-urlencoded',
    ],
    ['/plain?__proto__[polluted]=1&constructor[prototype][polluted]=1', '{}', 'application/json'],
    [
      '/plain',
      '--x\r\nContent-Disposition: form-data; name="__proto__[polluted]"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n',
      'multipart/form-data; boundary=x',
    ],
    ['/yaml', '__proto__:\n  polluted: 1\n<<: {__proto__: {polluted: 1}}\n', 'text/plain'],
    ['/yaml', '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}', 'text/plain'],
    ['/xml', '<__proto__><polluted>1</polluted></__proto__>', 'text/plain'],
    [
      '/xml',
      '<a><__proto__ polluted="1"/><constructor><prototype><polluted>1</polluted></prototype></constructor></a>',
      'text/plain',
    ],
    ['/csv', '__proto__,constructor\npolluted,polluted\n', 'text/plain'],
    ['/json', '{"__proto__":{"polluted":1}}', 'text/plain'],
  ];

  it('in a body or an address reach no prototype, whatever the flow does with them', async () => {
    expect(await clean()).toBe(true);
    const paths = [
      'clone',
      'set',
      'set-flat',
      'set-constructor',
      'move',
      'util',
      'object',
      'context',
      'context-set',
      'context-global',
      'join',
      'jsonata',
      'jsonata-lookup',
      'template',
      'plain',
    ];
    const wrong: string[] = [];
    const tries = [
      ...paths.flatMap((path) => BODIES.map((body) => [`/${path}`, body, 'application/json'] as const)),
      ...OTHER,
    ];
    for (const [path, body, type] of tries) {
      await send(path, body, type);
      const good = await clean();
      if (!isRefused('prototype pollution', good)) {
        wrong.push(`${path} ${body}`);
        break;
      }
    }
    expect(wrong).toEqual([]);
  });

  it('in what the editor sends reach none either', async () => {
    const evil = '{"polluted":1}';
    const flows = await editor.flows();
    const tries: [string, string, string][] = [
      ['POST', '/settings/user', `{"__proto__":${evil},"constructor":{"prototype":${evil}}}`],
      ['POST', '/settings/user', `{"editor":{"__proto__":${evil}}}`],
      ['POST', '/library/local/functions/__proto__', `{"__proto__":${evil},"text":"x"}`],
      ['POST', '/library/local/__proto__/polluted', `{"text":"x"}`],
      ['POST', '/inject/__proto__', `{"__user_inject_props__":[{"p":"__proto__.polluted","v":"1","vt":"str"}]}`],
      ['POST', '/seqera/identity', `{"connection":{"__proto__":${evil}}}`],
      ['GET', '/context/global/__proto__/polluted', ''],
      ['DELETE', '/context/global/__proto__', ''],
      ['GET', '/credentials/__proto__/polluted', ''],
      ['GET', '/flow/__proto__', ''],
      ['PUT', '/flow/__proto__', `{"id":"__proto__","label":"polluted","nodes":[]}`],
      [
        'POST',
        '/flow',
        `{"id":"constructor","label":"polluted","nodes":[{"id":"__proto__","type":"comment"}],"__proto__":${evil}}`,
      ],
      [
        'POST',
        '/flows',
        JSON.stringify([...flows, { id: 'pol1', type: 'tab', label: 'P' }]).replace(
          /\]$/,
          `,{"id":"__proto__","type":"comment","z":"pol1","wires":[]},{"id":"pol2","type":"comment","z":"pol1","wires":[],"__proto__":${evil},"credentials":{"__proto__":${evil},"constructor":{"prototype":${evil}}}},{"id":"pol3","type":"constructor","z":"pol1","wires":[]}]`,
        ),
      ],
    ];
    const wrong: string[] = [];
    for (const [method, path, body] of tries) {
      const reply = await appliance.fetch(`/editor${path}`, {
        method,
        headers: { authorization: editor.authorization, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body }),
      });
      await reply.text();
      const good = appliance.exitCode === null && (await clean());
      if (!isRefused('prototype pollution', good))
        wrong.push(`${method} ${path} ${body.slice(0, 80)} (${reply.status})`);
    }
    expect(wrong).toEqual([]);
  });

  it('values that are deep, wide or long bring nothing down', async () => {
    const deep = (open: string, close: string, n: number): string => open.repeat(n) + close.repeat(n);
    const bodies: [string, string, string][] = [
      ['/clone', deep('[', ']', 2_000_000), 'application/json'],
      ['/clone', deep('{"a":', '}', 500_000).replace('{"a":}', '{}'), 'application/json'],
      ['/plain', deep('[', ']', 100_000), 'application/json'],
      ['/json', deep('[', ']', 1_000_000), 'text/plain'],
      ['/yaml', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'text/plain'],
      [
        '/yaml',
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
          .split('')
          .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`)
          .join('\n')}\n`,
        'text/plain',
      ],
      [
        '/xml',
        `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${'bcdefgh'
          .split('')
          .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefg'[i]};`.repeat(10)}">`)
          .join('')}]><x>&h;</x>`,
        'text/plain',
      ],
      ['/xml', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>', 'text/plain'],
      ['/xml', `${'<a>'.repeat(50_000)}`, 'text/plain'],
      ['/plain', `a${'[a]'.repeat(100_000)}=1`, 'application/x-www-form-urlencoded'],
      ['/plain', Array.from({ length: 200_000 }, (_, i) => `a${i}=`).join('&'), 'application/x-www-form-urlencoded'],
      ['/plain', `a[999999999]=1&${'a[]=1&'.repeat(100_000)}`, 'application/x-www-form-urlencoded'],
      [
        '/plain',
        `--x\r\n${'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n'.repeat(50_000)}`,
        'multipart/form-data; boundary=x',
      ],
      [
        '/plain',
        `--x\r\nContent-Disposition: form-data; name="f"; filename="../../../escaped"\r\n\r\n${'x'.repeat(100_000)}\r\n--x--\r\n`,
        'multipart/form-data; boundary=x',
      ],
      ['/plain', '--x', `multipart/form-data; boundary=${'x'.repeat(10_000)}`],
      ['/csv', `a,b\n${'"'.repeat(1_000_001)}\n`, 'text/plain'],
      ['/plain', `{"n":${'9'.repeat(1_000_000)}}`, 'application/json'],
      ['/plain', `{"a":"${'\\u0000'.repeat(500_000)}"}`, 'application/json'],
    ];
    const wrong: string[] = [];
    for (const [path, body, type] of bodies) {
      await send(path, body, type);
      // Some keep it busy for a second, on a busy machine for several; none for good.
      const since = performance.now();
      const good = await clean().catch(() => false);
      const ms = Math.round(performance.now() - since);
      if (!isRefused('bodies that are made to break', good && appliance.exitCode === null && ms < 30_000))
        wrong.push(
          `${path} ${body.slice(0, 40)}… ${type.slice(0, 40)}: alive ${appliance.exitCode === null}, ${ms} ms\n${appliance.output.slice(-2000)}`,
        );
      if (appliance.exitCode !== null) break;
    }
    expect(wrong).toEqual([]);
    expect(appliance.output).not.toContain('root:x');
  });

  it('would have been noticed, and the program runs on', async () => {
    expect((await appliance.fetch('/readyz')).status).toBe(200);
    expect((await editor.call('GET', '/flows')).status).toBe(200);
    await send('/proof', '{}');
    // Node.js itself hardly lives with that.
    expect(await clean().catch(() => false)).toBe(false);
  });
});
