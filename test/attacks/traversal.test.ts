import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { node, tab, wire } from '../support/flows.ts';
import { suiteFolder } from '../support/folder.ts';

// Paths out of the folders, by somebody who may do everything in the editor: reading and writing other files is not
// among it. Spellings by the unauthenticated are in http.test.ts.
const SECRET = 'of-a-file-that-is-nobodys-business';

describe('paths', () => {
  const folder = suiteFolder();
  let appliance: Appliance;
  let editor: EditorSession;

  beforeAll(async () => {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'mine'), 'a secret of the folder');
    writeFileSync(join(folder, 'outside.json'), JSON.stringify([{ id: 'x', type: 'tab', label: SECRET }]));
    writeFileSync(join(folder, 'outside'), SECRET);
    symlinkSync(join(folder, 'outside'), join(folder, 'secrets', 'link'));
    appliance = await Appliance.start({
      folder,
      flows: { 'main.json': tab([node('comment')]) },
      env: {
        ...withEditor,
        REDSTART_SIMULATOR: 'true',
        REDSTART_HTTP_AUTH: 'none',
        REDSTART_SECRETS_DIR: join(folder, 'secrets'),
      },
    });
    editor = await EditorSession.signIn(appliance);
  });
  afterAll(() => appliance?.[Symbol.asyncDispose]());

  /** Not fetch: it would tidy the path up. */
  const raw = (method: string, path: string, body = ''): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(appliance.url);
      const headers = {
        authorization: editor.authorization,
        'content-type': 'application/json',
        ...(body && { 'content-length': String(Buffer.byteLength(body)) }),
      };
      const req = request({ hostname, port, method, path: `/editor${path}`, headers, agent: false }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
      });
      req.on('error', reject);
      req.end(body);
    });

  const files = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const outsideOfData = (): string[] => files().filter((file) => !file.startsWith('data/'));

  const UPS = [
    '../'.repeat(6),
    '..%2f'.repeat(6),
    '%2e%2e/'.repeat(6),
    '%2e%2e%2f'.repeat(6),
    '..%5c'.repeat(6),
    '....//'.repeat(6),
    '..%c0%af'.repeat(6),
    '%252e%252e%252f'.repeat(6),
  ];

  it('read no file of the machine', async () => {
    const places = [
      '/library/local/flows/',
      '/library/local/functions/',
      '/library/_examples_/flows/@redstart/node-red-seqera/',
      '/icons/node-red/',
      '/icons/@redstart/node-red-seqera/',
      '/resources/@redstart/node-red-seqera/',
      '/resources/',
      '/locales/',
      '/red/',
      '/vendor/',
      '/types/',
      '/theme/',
      '/debug/view/',
      '/nodes/',
      '/plugins/',
      '/credentials/seqera-config/',
      '/context/global/',
      '/flow/',
    ];
    const wrong: string[] = [];
    for (const place of places)
      for (const up of UPS)
        for (const target of [
          `${up}etc/passwd`,
          `${up}..${folder}/outside`,
          `${up}package.json`,
          `${up}etc/passwd%00.png`,
        ]) {
          const { status, text } = await raw('GET', place + target);
          const refused =
            !text.includes('root:') && !text.includes(SECRET) && !/"dependencies"/.test(text) && status !== 500;
          if (!isRefused('path traversal', refused))
            wrong.push(`${place}${target} answers ${status} ${text.slice(0, 100)}`);
        }
    expect(wrong).toEqual([]);
  });

  it('write no file but entries of the library', async () => {
    const before = outsideOfData();
    const wrong: string[] = [];
    for (const type of ['flows', 'functions', '..', '%2e%2e', '.hidden'])
      for (const up of [...UPS, '/', '.', '']) {
        for (const name of [`${up}planted.json`, `${up}flows/planted.json`, `a/${up}planted`, `${up}.planted`]) {
          const { status } = await raw('POST', `/library/local/${type}/${name}`, JSON.stringify({ text: 'x' }));
          // What is a name like any other becomes an entry: where, is looked at below.
          if (!isRefused('path traversal', status !== 500)) wrong.push(`${type}/${name} answers ${status}`);
        }
      }
    expect(wrong).toEqual([]);
    expect(outsideOfData()).toEqual(before);
    const planted = files().filter((file) => file.includes('planted'));
    expect(planted.filter((file) => !file.startsWith('data/library/'))).toEqual([]);
    expect(planted.filter((file) => file.split('/').some((part) => part.startsWith('.')))).toEqual([]);
  });

  it('are no names of flows: a file is named after its flow, and stays in the folder', async () => {
    const labels = [
      '../../escaped',
      '..',
      '/etc/cron.d/escaped',
      'C:\\escaped',
      'a/b/../../../escaped',
      'nul\0escaped',
      '.git/hooks/escaped',
      '-rf escaped',
      'escaped\n.json',
      '%2e%2e%2fescaped',
      '$(touch escaped)',
      `${'long'.repeat(200)}-escaped`,
      '__proto__',
      'con',
    ];
    const flows = [...(await editor.flows()), ...labels.flatMap((label, index) => tab([], `esc${index}`, label))];
    expect((await editor.call('POST', '/flows', flows)).status).toBe(204);
    const made = files().filter((file) => !file.startsWith('data/'));
    for (const _ of labels)
      isRefused(
        'path traversal',
        made.every((file) => /^(?:flows\/|secrets\/|outside)/.test(file)),
      );
    expect(made.filter((file) => !/^(?:flows\/[\w.-]+|secrets\/(?:mine|link)|outside(?:\.json)?)$/.test(file))).toEqual(
      [],
    );
    expect(made.filter((file) => /\/[.-]/.test(file) && !/\.json$/.test(file))).toEqual([]);
  });

  it('are no names of secrets', async () => {
    const names = [
      '../outside',
      '..%2foutside',
      'link/../../outside',
      '/etc/passwd',
      'mine/../../outside',
      '.',
      '',
      'mine\0',
      '__proto__',
    ];
    const answer = node('http response');
    const nodes = names.flatMap((name, index) => {
      const tell = wire(
        node('function', {
          // The credential of the other node, as a flow that wants to know it would send it to itself.
          func: 'msg.payload = msg.payload; return msg;',
          outputs: 1,
        }),
        [answer],
      );
      const ask = wire(
        node('http request', {
          method: 'GET',
          url: `${appliance.url}/api/said`,
          authType: 'basic',
          ret: 'txt',
          credentials: { user: 'x', password: `secret:${name}` },
        }),
        [tell],
      );
      return [wire(node('http in', { url: `/secret${index}`, method: 'get' }), [ask]), ask, tell];
    });
    const said = wire(
      node('function', { func: 'msg.payload = msg.req.headers.authorization || "none"; return msg;', outputs: 1 }),
      [answer],
    );
    const flow = tab(
      [...nodes, wire(node('http in', { url: '/said', method: 'get' }), [said]), said, answer],
      'secrets',
      'Secrets',
    );
    const starts = () => appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const before = starts();
    expect((await editor.call('POST', '/flows', [...(await editor.flows()), ...flow])).status).toBe(204);
    await appliance.until(() => starts() > before, 'the flows of the deploy');
    const wrong: string[] = [];
    for (const [index, name] of names.entries()) {
      // A node without its secret does not run: nobody answers.
      const signal = AbortSignal.timeout(400);
      const text = await appliance.fetch(`/api/secret${index}`, { signal }).then(
        (reply) => reply.text(),
        () => '',
      );
      const heard = text + Buffer.from(text.replace('Basic ', ''), 'base64').toString();
      if (!isRefused('path traversal', !heard.includes(SECRET) && !heard.includes('root:')))
        wrong.push(`${name}: ${text}`);
    }
    expect(wrong).toEqual([]);
  });

  it('of file nodes lead out of their folder neither by what a message says nor by a link in it', async () => {
    const starts = () => appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const answer = node('http response');
    const tell = wire(node('function', { func: 'msg.payload = msg.error.code; return msg;', outputs: 1 }), [answer]);
    const name = { filename: 'req.query.name', filenameType: 'msg', sendError: false };
    const routes = [
      node('file in', { ...name, format: 'utf8' }),
      ...['true', 'false', 'delete'].map((overwriteFile) => node('file', { ...name, overwriteFile, createDir: true })),
    ].flatMap((each, index) => [
      wire(node('http in', { url: `/file${index}`, method: 'get' }), [each]),
      wire(each, [answer]),
    ]);
    const flow = tab(
      [...routes, wire(node('catch', { scope: null }), [tell]), tell, answer],
      'filenodes',
      'File nodes',
    );
    const before = starts();
    expect((await editor.call('POST', '/flows', [...(await editor.flows()), ...flow])).status).toBe(204);
    await appliance.until(() => starts() > before, 'the flows of the deploy');
    symlinkSync(folder, join(folder, 'data', 'files', 'way'));
    symlinkSync(join(folder, 'outside'), join(folder, 'data', 'files', 'link'));
    const all = files();
    const outside = join(folder, 'outside');
    const names = [
      ...['../../outside', outside, `./${'../'.repeat(20)}${outside}`, 'x/../../../outside', `//${outside}`],
      ...['way/outside', 'way/new/file', 'way/flows/../outside', 'link', 'way/data/state.db', '../state.db', '..', '.'],
      ...['/proc/self/environ', '/dev/null', '/data/../../etc/passwd', '\0', '../../outside\0.txt'],
    ];
    // Only odd: of files within the folder, if any.
    const odd = ['..\\..\\outside', '%2e%2e/%2e%2e/outside', '..%00/outside', '．．/outside', `file://${outside}`];
    const wrong: string[] = [];
    for (const each of [...names, ...odd]) {
      for (const index of [0, 1, 2, 3]) {
        const text = await (await appliance.fetch(`/api/file${index}?name=${encodeURIComponent(each)}`)).text();
        const refused = odd.includes(each) ? !text.includes(SECRET) : /^FILE_(?:OUTSIDE|NOT_PLAIN)$/.test(text);
        if (!isRefused('path traversal', refused)) wrong.push(`${each} by /file${index}: ${text}`);
      }
    }
    expect(wrong).toEqual([]);
    const own = (file: string): boolean => file.startsWith(join('data', 'files'));
    expect(files().filter((file) => !own(file))).toEqual(all.filter((file) => !own(file)));
    expect(readFileSync(outside, 'utf8')).toBe(SECRET);
  });
});
