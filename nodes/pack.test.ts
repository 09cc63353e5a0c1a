import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from './lib/errors.ts';
import { NODE_ROLES } from './lib/node-roles.ts';
import { APART } from './testing/all-nodes.ts';

const pack = __dirname;
const read = (...path: string[]) => readFileSync(join(pack, ...path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { name: string; 'node-red': { nodes: Record<string, string> } };
const types = Object.keys(manifest['node-red'].nodes);
const SECTIONS = ['Inputs', 'Outputs', 'Errors', 'Role', 'Example'];
/** A connection has neither inputs nor outputs, and ends no message. */
const OF_A_CONNECTION = ['Properties', 'Role', 'Example'];
/** A node that has nothing to do with the Platform. */
const OF_ONE_APART = ['Outputs', 'Details', 'Refusals', 'Example'];

const examples = readdirSync(join(pack, 'examples'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    name: file.replace(/\.json$/, ''),
    flow: JSON.parse(read('examples', file)) as { id: string; type: string; z?: string; wires?: string[][] }[],
  }));

describe('the package', () => {
  it('has a folder for each node type and no other', () => {
    const folders = readdirSync(pack).filter((name) => /^(?:seqera|redstart)-/.test(name));
    expect(folders.sort()).toEqual([...types].sort());
    for (const type of types) expect(manifest['node-red'].nodes[type]).toBe(`dist/${type}/${type}.js`);
  });

  it('knows the role that each node needs', () => {
    expect(Object.keys(NODE_ROLES).sort()).toEqual(
      types.filter((type) => type !== 'seqera-config' && !APART.includes(type)).sort(),
    );
  });
});

describe.each(types)('%s', (type) => {
  const html = read(type, `${type}.html`);
  const texts = JSON.parse(read(type, 'locales', 'en-US', `${type}.json`)) as Record<string, unknown>;
  const help = read(type, 'locales', 'en-US', `${type}.html`);
  const config = type === 'seqera-config';
  const apart = APART.includes(type);

  it('has a dialog whose script exists and whose fields and texts have words', () => {
    expect(html).toContain(`data-template-name="${type}"`);
    expect(html).toContain(`resources/${manifest.name}/${type}.js`);
    const editor = read('editor', `${type}.ts`);
    const shared = JSON.parse(read('seqera-config', 'locales', 'en-US', 'seqera-config.json')) as { shared: object };
    const has = (key: string) =>
      [texts, shared.shared].some((catalogue) => {
        let value: unknown = catalogue;
        for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
        return typeof value === 'string';
      });
    const inDialog = [...html.matchAll(/id="node-input-([A-Za-z]+)"/g)].map(([, name]) => name ?? '');
    for (const [, property = ''] of editor.matchAll(/property: '(\w+)'/g)) {
      expect(inDialog, `the dialog of ${type}`).toContain(property);
      expect(has(`fields.${property}.label`), `a label of ${property}`).toBe(true);
    }
    for (const [, key = ''] of html.matchAll(/data-seqera-text="([\w.]+)"/g)) expect(has(key), key).toBe(true);
    if (!config) expect(texts.paletteLabel).toEqual(expect.any(String));
    const outputs = Number(/outputs: (\d)/.exec(editor)?.[1] ?? 0);
    expect(Object.keys((texts.outputs as object | undefined) ?? {}).length).toBeGreaterThanOrEqual(outputs);
  });

  it('has help with all that one needs to know', () => {
    expect(help).toContain(`data-help-name="${type}"`);
    const sections = [...help.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title);
    expect(sections).toEqual(expect.arrayContaining(config ? OF_A_CONNECTION : apart ? OF_ONE_APART : SECTIONS));
    const codes = [...help.matchAll(/SEQERA_[A-Z_]+/g)].map(([code]) => code);
    for (const code of codes) expect(Object.keys(ERROR_CATALOGUE)).toContain(code);
    if (config || apart) return;
    expect(codes).toEqual(expect.arrayContaining(['SEQERA_NO_CONNECTION', 'SEQERA_INVALID_INPUT']));
    const role = (NODE_ROLES[type] ?? '').replace(/^./, (letter) => letter.toUpperCase());
    expect(help.slice(help.indexOf('<h3>Role</h3>'))).toContain(`<i>${role}</i>`);
  });

  it('has an icon of its own', () => {
    if (config) return expect(existsSync(join(pack, type))).toBe(true);
    const icon = read(type, 'icons', `${type}.svg`);
    expect(icon).toMatch(/^<svg [^>]*viewBox="0 0 40 60"/);
    const others = types.filter((other) => other !== type && existsSync(join(pack, other, 'icons')));
    for (const other of others) expect(read(other, 'icons', `${other}.svg`)).not.toBe(icon);
    return undefined;
  });

  it('is in an example, which its help names', () => {
    const [, named = ''] = /Examples → <i>([\w-]+)<\/i>/.exec(help) ?? [];
    const example = examples.find(({ name }) => name === named);
    expect(example, `the example ${named}`).toBeDefined();
    if (!config) expect(example?.flow.map((node) => node.type)).toContain(type);
  });
});

describe.each(examples)('the example $name', ({ flow }) => {
  it('uses the default connection, ids of its own, and wires that lead somewhere', () => {
    const ids = new Set(flow.map(({ id }) => id));
    expect(ids.size).toBe(flow.length);
    for (const node of flow) {
      if (node.type.startsWith('seqera-')) expect(node).toMatchObject({ seqera: '' });
      for (const target of node.wires?.flat() ?? []) expect(ids).toContain(target);
      if (node.type !== 'tab') expect(ids).toContain(node.z);
    }
    const [tab, ...more] = flow.filter(({ type }) => type === 'tab') as { info?: string }[];
    expect(more).toEqual([]);
    expect(tab?.info).toMatch(/\w/);
  });

  it('shares no id with another example, so that all of them can be imported', () => {
    const ids = new Set(flow.map(({ id }) => id));
    for (const other of examples) {
      if (other.flow === flow) continue;
      expect(other.flow.filter(({ id }) => ids.has(id)).map(({ id }) => id)).toEqual([]);
    }
  });
});
