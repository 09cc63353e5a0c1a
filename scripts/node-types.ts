// What `redstart check` knows of node types without starting Node-RED: taken from the definitions that the editor is given.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import type { NodeType } from '../server/check/node-type.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CORE = join(root, 'node_modules/@node-red/nodes/core');

interface PropertyDefinition {
  value?: unknown;
  type?: string;
  required?: boolean;
  validate?: (value: unknown, options: unknown) => unknown;
}

export interface Definition {
  category?: string;
  inputs?: number;
  outputs?: number;
  defaults?: Record<string, PropertyDefinition>;
  credentials?: Record<string, unknown>;
}

/** Stands for whatever an editor script touches while it registers a type: callable, and each of its properties as well. */
function anything(): unknown {
  const target = () => undefined;
  return new Proxy(target, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : key === 'then' ? undefined : anything()),
    set: () => true,
    apply: () => anything(),
    construct: () => anything() as object,
  });
}

function editor(register: (type: string, definition: Definition) => void): Record<string, unknown> {
  const nodes = new Proxy(
    { registerType: register },
    { get: (own, key) => (key === 'registerType' ? own.registerType : anything()) },
  );
  // `RED._(key)` must give a text: a validator answers with it.
  const own: Record<string, unknown> = { nodes, _: (key: string) => key };
  return new Proxy(own, { get: (_, key) => own[String(key)] ?? anything() }) as Record<string, unknown>;
}

function coreTypes(): Map<string, NodeType> {
  const found = new Map<string, NodeType>();
  for (const file of globSync('*/*.html', { cwd: CORE }).sort()) {
    const RED = editor((type, definition) => found.set(type, describe(definition)));
    for (const [, script = ''] of readFileSync(join(CORE, file), 'utf8').matchAll(
      /<script type="text\/javascript">([\s\S]*?)<\/script>/g,
    )) {
      const page = anything();
      vm.runInNewContext(script, { RED, $: page, jQuery: page, document: page, window: page, console });
    }
    // What the runtime knows and the editor draws itself has no definition there.
    const code = readFileSync(join(CORE, file.replace(/html$/, 'js')), 'utf8');
    for (const [, type = ''] of code.matchAll(/registerType\(\s*["']([^"']+)["']/g)) {
      if (!found.has(type)) found.set(type, { inputs: 1 });
    }
  }
  return found;
}

/** What each node of the pack tells the editor, and what of it `redstart check` knows, by type. */
export async function packDefinitions(): Promise<ReadonlyMap<string, { definition: Definition; known: NodeType }>> {
  packed ??= readPack();
  return packed;
}

/** The editor's scripts register their type once, when they are loaded first. */
let packed: ReturnType<typeof readPack> | undefined;

async function readPack(): Promise<Map<string, { definition: Definition; known: NodeType }>> {
  const found = new Map<string, { definition: Definition; known: NodeType }>();
  const page = globalThis as unknown as Record<string, unknown>;
  const before = { RED: page.RED, $: page.$, document: page.document };
  page.RED = editor((type, definition) => found.set(type, { definition, known: describe(definition) }));
  page.$ = anything();
  page.document = anything();
  try {
    for (const file of globSync('nodes/editor/*.ts', { cwd: root }).sort()) {
      const name = basename(file, '.ts');
      // Each node has a folder of the name of its editor script.
      if (globSync(`nodes/${name}/${name}.html`, { cwd: root }).length === 1) await import(join(root, file));
    }
  } finally {
    Object.assign(page, before);
  }
  return found;
}

function describe(definition: Definition): NodeType {
  const properties = Object.entries(definition.defaults ?? {});
  const refs = properties
    .filter(([, { type = '' }]) => type !== '' && !type.endsWith('[]') && type !== 'map')
    .map(([name, { type, required }]) => [name, `${type}${required === true ? '!' : ''}`] as const);
  const typed = properties
    .filter(([name, { value }]) => name.endsWith('Type') && typeof value === 'string')
    .map(([name, { value }]) => [name.slice(0, -'Type'.length), String(value)] as const)
    .filter(([name]) => definition.defaults?.[name]);
  const required = properties
    .filter(([name, property]) => property.type === undefined && refusesEmpty(definition, name, property))
    .map(([name, { value }]) => [name, value === '' ? 'always' : 'when set'] as const);
  return {
    ...(definition.category === 'config' ? { config: true as const } : {}),
    inputs: definition.category === 'config' ? 0 : (definition.inputs ?? 0),
    ...(refs.length > 0 && { refs: Object.fromEntries(refs) }),
    ...(typed.length > 0 && { typed: Object.fromEntries(typed) }),
    ...(required.length > 0 && { required: Object.fromEntries(required) }),
    ...(definition.credentials && { credentials: Object.keys(definition.credentials) }),
  };
}

/** Whether the dialog of a Seqera node refuses one that is as it comes from the palette but for this property, empty. */
function refusesEmpty(definition: Definition, name: string, { validate }: PropertyDefinition): boolean {
  // Core nodes mark what is filled in by the dialog anyway, and their validators ask the dialog.
  if (!validate || !String(validate).includes('problemOf')) return false;
  const defaults = Object.entries(definition.defaults ?? {}).map(([key, { value }]) => [key, value]);
  const node = { ...Object.fromEntries(defaults), [name]: '', _: (key: string) => key };
  return typeof validate.call(node, '', {}) === 'string';
}

/** The source of server/check/known-types.ts. */
export async function renderKnownTypes(): Promise<string> {
  const pack = [...(await packDefinitions())].map(([type, { known }]) => [type, known] as const);
  const groups = { CORE_TYPES: coreTypes(), PACK_TYPES: new Map(pack) };
  const constants = Object.entries(groups).map(([name, types]) => {
    const lines = [...types]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, description]) => `  ${JSON.stringify(type)}: ${JSON.stringify(description)},`);
    return `// biome-ignore format: one line a type is how it is read and compared\nexport const ${name}: Readonly<Record<string, NodeType>> = {\n${lines.join('\n')}\n};\n`;
  });
  return [
    '// Written by `node scripts/docs.mjs` from the definitions that the nodes give the editor; a test compares.\n' +
      "import type { NodeType } from './node-type.ts';\n",
    ...constants,
  ].join('\n');
}
