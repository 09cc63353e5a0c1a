import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from './lib/errors.ts';

// What the dialogs and the help say, in each language that there is a folder of. A language is added by adding files
// (docs/languages.md); these tests tell what is missing.

const pack = __dirname;
const read = (...path: string[]) => readFileSync(join(pack, ...path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { 'node-red': { nodes: Record<string, string> } };
const types = Object.keys(manifest['node-red'].nodes);
const ENGLISH = 'en-US';
const SHARED = 'seqera-config';
const languages = [...new Set(types.flatMap((type) => readdirSync(join(pack, type, 'locales'))))];
const others = languages.filter((language) => language !== ENGLISH);

/** `fields.name.label` → text. */
function flat(tree: object, before = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(before + key, value);
    else for (const [inner, text] of flat(value as object, `${before}${key}.`)) all.set(inner, text);
  }
  return all;
}

const catalogue = (type: string, language: string) =>
  flat(JSON.parse(read(type, 'locales', language, `${type}.json`)) as object);
const help = (type: string, language: string) => read(type, 'locales', language, `${type}.html`);
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);
/** What is filled in by the dialog, and what a user types as it stands. */
const placeholders = (text: string) => [...all(text, /__(\w+?)__/g), ...all(text, /(\{\w+\})/g)].sort();

/** A text that one would have translated: three words or more. */
const isProse = (text: string) =>
  text
    .replace(/__\w+?__|<[^>]*>/g, ' ')
    .split(/\s+/)
    .filter((word) => /^\p{L}{2,}[.,:;]?$/u.test(word)).length > 2;

const scripts = new Map(
  readdirSync(join(pack, 'editor'))
    .filter((file) => /^[\w-]+\.ts$/.test(file))
    .map((file) => [file.slice(0, -3), withoutComments(read('editor', file))]),
);

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1');
}

/** What a dialog asks its own catalogue for: what it must have, and what it may have. */
function askedFor(type: string): { needed: string[]; optional: string[] } {
  const script = scripts.get(type) ?? '';
  const html = read(type, `${type}.html`);
  const properties = all(html, /<(?!input type="hidden")[^>]* id="node-(?:config-)?input-(\w+)"/g);
  const needed = [
    ...all(html, /data-seqera-text="([\w.]+)"/g),
    ...all(script, /\bown\(\w+, '([\w.]+)'/g),
    ...all(script, /\[\s*'(check\.\w+)',/g),
    ...properties.map((property) => `fields.${property}.label`),
  ];
  const optional = [
    ...(type === SHARED ? ['label'] : ['paletteLabel']),
    ...all(script, /\b_\('([\w.]+)'\)/g),
    ...properties.flatMap((property) => [`fields.${property}.hint`, `fields.${property}.placeholder`]),
    ...Array.from({ length: Number(/outputs: (\d)/.exec(script)?.[1] ?? 0) }, (_, index) => `outputs.${index}`),
    ...all(/outputsOf[\s\S]*?\];/.exec(script)?.[0] ?? '', /'(\w+)'/g).map((name) => `outputs.${name}`),
  ];
  return { needed, optional };
}

const ofAll = [...scripts.values()].join('\n');
const validation = scripts.get('validate') ?? '';
const admin = readdirSync(join(pack, 'lib', 'admin'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => read('lib', 'admin', file))
  .join('\n');
const labels = types.flatMap((type) => all(read(type, `${type}.html`), /id="node-(?:config-)?input-(\w+)"/g));

/** What is asked of the texts that all dialogs share. */
const askedOfShared = [
  ...all(ofAll, /\b(?:shared|label)\('([\w.]+)'/g),
  ...all(ofAll, /\? '([a-z]+\.\w+)' : '[a-z]+\.\w+'/g),
  ...all(ofAll, /\? '[a-z]+\.\w+' : '([a-z]+\.\w+)'/g),
  ...all(validation, /\bkey: '(\w+)'/g).map((key) => `problems.${key}`),
  ...all(admin, /new Refusal\('\w+', '(\w+)'/g).map((reason) => `refusals.${reason}`),
  ...Object.keys(ERROR_CATALOGUE).map((code) => `errors.${code}`),
];

it('there is more than one language, and every node has all of them', () => {
  expect(languages).toEqual(expect.arrayContaining([ENGLISH, 'de']));
  for (const type of types) {
    expect(readdirSync(join(pack, type, 'locales')).sort(), type).toEqual([...languages].sort());
    for (const language of languages)
      expect(readdirSync(join(pack, type, 'locales', language)).sort(), `${type} ${language}`).toEqual([
        `${type}.html`,
        `${type}.json`,
      ]);
  }
});

describe.each(types)('%s in English', (type) => {
  const own = catalogue(type, ENGLISH);
  const shared = catalogue(SHARED, ENGLISH);
  const { needed, optional } = askedFor(type);

  it('has each text that its dialog asks for', () => {
    expect(needed.filter((key) => !own.has(key) && !shared.has(`shared.${key}`))).toEqual([]);
  });

  it('has no text that nothing asks for', () => {
    const asked = new Set([...needed, ...optional]);
    expect([...own.keys()].filter((key) => !key.startsWith('shared.') && !asked.has(key))).toEqual([]);
  });
});

describe('the texts that all dialogs share', () => {
  const shared = [...catalogue(SHARED, ENGLISH).keys()].flatMap((key) => all(key, /^shared\.(.*)$/g));

  it('are all there', () => {
    expect(askedOfShared.length).toBeGreaterThan(50);
    expect(askedOfShared.filter((key) => !shared.includes(key))).toEqual([]);
  });

  it('are all asked for', () => {
    const asked = new Set([
      ...askedOfShared,
      ...labels.flatMap((property) => [`fields.${property}.label`, `fields.${property}.hint`]),
      ...types.flatMap((type) => all(read(type, `${type}.html`), /data-seqera-text="([\w.]+)"/g)),
    ]);
    expect(shared.filter((key) => !asked.has(key))).toEqual([]);
  });
});

describe.each(others)('the language %s', (language) => {
  it.each(types)(
    'has the texts of %s: the same, with the same to fill in, none empty, none left in English',
    (type) => {
      const english = catalogue(type, ENGLISH);
      const texts = catalogue(type, language);
      expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
      for (const [key, text] of texts) {
        const original = english.get(key) ?? '';
        expect(text.trim(), key).not.toBe('');
        expect(placeholders(text), key).toEqual(placeholders(original));
        if (isProse(original)) expect(text, key).not.toBe(original);
      }
    },
  );

  it.each(types)('has the help of %s: the same parts and names, none left in English', (type) => {
    const parts = (text: string) =>
      [...text.matchAll(/<(p|dt|dd|li|h3)\b[^>]*>([\s\S]*?)(?=<\/?(?:p|dt|dd|li|h3|dl|ol)\b)/g)].map(
        ([, tag, content = '']) => ({ tag, content: content.replace(/\s+/g, ' ').trim() }),
      );
    const english = parts(help(type, ENGLISH));
    const translated = parts(help(type, language));
    expect(translated.map(({ tag }) => tag)).toEqual(english.map(({ tag }) => tag));
    expect(help(type, language)).toContain(`<script type="text/html" data-help-name="${type}">`);
    for (const [index, { tag, content }] of english.entries()) {
      const other = translated[index]?.content ?? '';
      expect(other, content).not.toBe('');
      for (const verbatim of [/<code>(.*?)<\/code>/g, /(SEQERA_\w+)/g, /Examples → <i>|Beispiele → <i>([\w-]+)/g])
        expect(all(other, verbatim).filter(Boolean).sort(), content).toEqual(
          expect.arrayContaining(all(content, verbatim).filter(Boolean)),
        );
      if (tag !== 'dt' && isProse(content)) expect(other).not.toBe(content);
    }
    expect(all(help(type, language), /→ <i>([\w-]+)<\/i>\./g)).toEqual(
      all(help(type, ENGLISH), /→ <i>([\w-]+)<\/i>\./g),
    );
  });

  it.each(types)('the help of %s names fields and nodes as the dialogs do', (type) => {
    const named = (text: string) => all(text, /<[bi]>(.*?)<\/[bi]>/g);
    const translations = new Map<string, Set<string>>();
    for (const each of [type, SHARED, ...types]) {
      const texts = catalogue(each, language);
      for (const [key, text] of catalogue(each, ENGLISH)) {
        // Of other nodes only their names.
        if (each !== type && each !== SHARED && key !== 'paletteLabel') continue;
        translations.set(text, (translations.get(text) ?? new Set()).add(texts.get(key) ?? ''));
      }
    }
    const said = named(help(type, language));
    for (const name of named(help(type, ENGLISH))) {
      const expected = translations.get(name);
      if (expected)
        expect(
          said.some((each) => expected.has(each)),
          `${name} → ${[...expected].join()}`,
        ).toBe(true);
    }
  });
});

/** Text in a template that comes from no catalogue. What an option is called in a protocol is not translated. */
function textsOf(html: string): string[] {
  const plain = html
    .replace(/<script[^>]*src=[^>]*><\/script>/g, '')
    .replace(/<option value="(\w+)">(?:HMAC-)?(\w+)<\/option>/gi, (option, value: string, text: string) =>
      value.toLowerCase() === text.toLowerCase() ? '' : option,
    );
  return [
    ...all(plain, />([^<]*\p{L}[^<]*)</gu).map((text) => text.trim()),
    ...all(plain, /\b(?:title|placeholder|alt|aria-label|value)="([^"]* [^"]*)"/g),
  ];
}

/** Strings of a script that read like sentences: two words, and neither markup nor names of classes or of icons. */
function sentencesOf(script: string): string[] {
  const strings = all(script, /('(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)/g).map((text) => text.slice(1, -1));
  return strings.filter(
    (text) =>
      /\p{L}+[,.:]? \p{L}{2,}/u.test(text.replace(/\$\{[^}]*\}/g, ' ').trim()) &&
      !/^\s*[<.#[]|\b(?:red-ui|seqera|fa|node-input)-|^(?:input change|registry:|no-)/.test(text),
  );
}

describe('text that is in no catalogue', () => {
  it.each(types)('is not in the template of %s', (type) => {
    expect(textsOf(read(type, `${type}.html`))).toEqual([]);
  });

  it.each([...scripts.keys()].filter((name) => name !== 'style' && name !== 'red.d'))('is not in %s.ts', (name) => {
    expect(sentencesOf(scripts.get(name) ?? '')).toEqual([]);
  });

  it('would be found', () => {
    expect(
      textsOf('<div><label>Run name</label><input title="the name"><option value="get">GET</option></div>'),
    ).toEqual(['Run name', 'the name']);
    expect(textsOf('<option value="x">All of them</option>')).toEqual(['All of them']);
    expect(sentencesOf("hint.text('Choose a run.'); row.addClass('red-ui-button seqera-open');")).toEqual([
      'Choose a run.',
    ]);
    expect(sentencesOf('say(`There is no such run`)')).toHaveLength(1);
  });
});
