// Renders docs/nodes/: a page for each node, from what the editor shows of it. `scripts/docs.mjs` writes them, a test compares.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { escapeText, helpSections } from './help-markdown.ts';
import { type Definition, packDefinitions } from './node-types.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pack = join(root, 'nodes');
const LANGUAGE = 'en-US';

interface Catalogue {
  paletteLabel?: string;
  label?: string;
  fields: Record<string, { label?: string; hint?: string } | undefined>;
  shared?: Catalogue;
  [key: string]: unknown;
}

interface Example {
  name: string;
  label: string;
  what: string;
  types: ReadonlySet<string>;
}

/** The pages by their file name in docs/nodes/. */
export async function renderNodePages(): Promise<ReadonlyMap<string, string>> {
  const definitions = await packDefinitions();
  const shared = catalogueOf('seqera-config').shared;
  const all = examples();
  const manifest = JSON.parse(readFileSync(join(pack, 'package.json'), 'utf8')) as {
    'node-red': { nodes: Record<string, string> };
  };
  const nodes = Object.keys(manifest['node-red'].nodes).map((type) => {
    const definition = definitions.get(type)?.definition;
    if (!definition || !shared) throw new Error(`nodes/editor/${type}.ts registers no ${type}`);
    const page = new NodePage(type, definition, shared, all);
    return { type, title: page.title, summary: page.summary, text: page.render() };
  });
  const rows = nodes.map(({ type, title, summary }) => `| [${title}](${type}.md) | \`${type}\` | ${summary} |`);
  const index = `${[
    '# The nodes',
    GENERATED,
    ['| in the palette | type | |', '| --- | --- | --- |', ...rows].join('\n'),
    COMMON,
  ].join('\n\n')}\n`;
  return new Map([['index.md', index], ...nodes.map(({ type, text }) => [`${type}.md`, text] as const)]);
}

const GENERATED =
  'This page is generated from the help and the dialogs of the nodes: change it there, then run `node scripts/docs.mjs`.';

const COMMON = `What all of them have in common, how exactly one run is launched, what a monitor sends when: [the pack as a whole](../../nodes/README.md).
Each error code with what mends it: [Errors](../errors.md#seqera-nodes). A node of your own: [Add a node](../add-a-node.md).

Each example below is in the editor under Menu → Import → Examples, and comes with a rehearsal: [Rehearsing flows](../rehearsals.md).`;

class NodePage {
  readonly type: string;
  readonly title: string;
  readonly summary: string;
  readonly #definition: Definition;
  readonly #own: Catalogue;
  readonly #shared: Catalogue;
  readonly #help: ReadonlyMap<string, string>;
  readonly #examples: readonly Example[];

  constructor(type: string, definition: Definition, shared: Catalogue, all: readonly Example[]) {
    this.type = type;
    this.#definition = definition;
    this.#own = catalogueOf(type);
    this.#shared = shared;
    this.#help = helpSections(readFileSync(join(pack, type, 'locales', LANGUAGE, `${type}.html`), 'utf8'));
    this.title = escapeText(this.#own.paletteLabel ?? this.#own.label ?? type);
    this.summary = (this.#help.get('') ?? '').split('\n\n')[0] ?? '';
    // The one that the help names stands first.
    const named = this.#help.get('Example') ?? '';
    this.#examples = all
      .filter(({ types }) => types.has(type))
      .sort((a, b) => Number(named.includes(b.name)) - Number(named.includes(a.name)));
  }

  render(): string {
    const help = new Map(this.#help);
    const introduction = help.get('') ?? '';
    const properties = [help.get('Properties'), this.#table()].filter((part) => part !== undefined).join('\n\n');
    for (const name of ['', 'Properties', 'Example']) help.delete(name);
    const sections = [...help].map(([name, text]) => `## ${name}\n\n${name === 'Errors' ? linked(text) : text}`);
    // As the dialog comes before the small print.
    const place = [...help.keys()].findIndex((name) => name === 'Details' || name === 'Errors');
    sections.splice(place < 0 ? sections.length : place, 0, `## Properties\n\n${properties}`);
    return `${[`# ${this.title}`, `\`${this.type}\``, introduction, ...sections, this.#example(), FOOT].join('\n\n')}\n`;
  }

  #table(): string {
    const defaults = this.#definition.defaults ?? {};
    // How many outputs there are follows from the others: the editor keeps it.
    const properties = Object.keys(defaults).filter(
      (name) => name !== 'outputs' && !(name.endsWith('Type') && name.slice(0, -4) in defaults),
    );
    const credentials = Object.keys(this.#definition.credentials ?? {});
    const rows = [...properties, ...credentials].map((name) => {
      const { label, hint } = this.#text(name);
      const typed = defaults[`${name}Type`] !== undefined;
      const value = credentials.includes(name)
        ? 'a credential'
        : shown(defaults[name]?.value, defaults[`${name}Type`]?.value);
      const says = [hint, this.#choices(name)].filter((part) => part !== '').join(' ');
      return `| ${label} | \`${name}\`${typed ? ' *' : ''} | ${value} | ${says} |`;
    });
    const note = rows.some((row) => row.includes('` *'))
      ? '\n\n\\* A typed input: a fixed value, or one of the message, the context, the environment or an expression. Which of them is in the property with `Type` after its name.'
      : '';
    return `${['| field | property | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')}${note}`;
  }

  #text(property: string): { label: string; hint: string } {
    // The list beside a number has no label of its own in the dialog.
    const [, of] = /^(.+)Units$/.exec(property) ?? [];
    const number = of === undefined ? undefined : (this.#own.fields[of] ?? this.#own.fields[`${of}Frequency`]);
    const own = number ? { label: `${number.label} (unit)`, hint: '' } : this.#own.fields[property];
    const common = this.#shared.fields[property];
    return {
      label: escapeText(own?.label ?? common?.label ?? ''),
      hint: escapeText(own?.hint ?? common?.hint ?? ''),
    };
  }

  /** What a list of the dialog offers. */
  #choices(property: string): string {
    const template = readFileSync(join(pack, this.type, `${this.type}.html`), 'utf8');
    const [, list = ''] =
      new RegExp(`<select id="node-(?:config-)?input-${property}"[^>]*>([\\s\\S]*?)</select>`).exec(template) ?? [];
    const options = [...list.matchAll(/<option value="([^"]+)"(?: data-seqera-text="([^"]+)")?[^>]*>([^<]*)/g)];
    return options
      .map(([, value = '', key, text = '']) => {
        const says = key ? (lookUp(this.#own, key) ?? lookUp(this.#shared, key) ?? '') : text;
        return says === value || says === '' ? `\`${value}\`` : `\`${value}\`: ${escapeText(says)}`;
      })
      .join('; ');
  }

  #example(): string {
    const lines = this.#examples.map(
      ({ name, label, what }) =>
        `- **${label}** ([flow](../../nodes/examples/${name}.json), [rehearsal](../../nodes/examples/${name}.flowtest.yaml)): ${what}`,
    );
    if (lines.length > 0) return `## Examples\n\n${lines.join('\n')}`;
    return `## Examples\n\nEvery [example of the other nodes](index.md) works with one.`;
  }
}

const FOOT = '[All nodes](index.md)';

/** As it stands in a flow file. */
function shown(value: unknown, type: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (type === 'msg') return `\`msg.${String(value)}\``;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const linked = (text: string): string =>
  text.replace(/`(SEQERA_\w+)`/g, (code, name: string) => `[${code}](../errors.md#${name.toLowerCase()})`);

function lookUp(catalogue: Catalogue, key: string): string | undefined {
  let value: unknown = catalogue;
  for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return typeof value === 'string' ? value : undefined;
}

function catalogueOf(type: string): Catalogue {
  return JSON.parse(readFileSync(join(pack, type, 'locales', LANGUAGE, `${type}.json`), 'utf8')) as Catalogue;
}

function examples(): readonly Example[] {
  return globSync('*.json', { cwd: join(pack, 'examples') })
    .sort()
    .map((file) => {
      const nodes = JSON.parse(readFileSync(join(pack, 'examples', file), 'utf8')) as Record<string, string>[];
      const tab = nodes.find(({ type }) => type === 'tab');
      return {
        name: basename(file, '.json'),
        label: escapeText(tab?.label ?? file),
        what: (tab?.info ?? '').split('\n')[0] ?? '',
        types: new Set(nodes.map(({ type = '' }) => type)),
      };
    });
}
