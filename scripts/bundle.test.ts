import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const bundle = join(import.meta.dirname, '..', 'dist', 'server', 'bundle');
const chunks = readdirSync(bundle).filter((file) => file.endsWith('.js'));
const text = (file: string): string => readFileSync(join(bundle, file), 'utf8');

describe('the bundle', () => {
  it('is what the program runs', () => {
    expect(readFileSync(join(bundle, '..', 'run.js'), 'utf8')).toContain("'./bundle/run.js'");
    expect(chunks).toContain('run.js');
  });

  it('looks for files where the compiler put them', () => {
    const places = chunks.flatMap((file) =>
      [...text(file).matchAll(/new URL\("(\.\.[^"]*)", import\.meta\.url\)/g)].map(([, place = '']) => place),
    );
    expect(places.length).toBeGreaterThan(10);
    expect([...new Set(places)].filter((place) => !existsSync(join(bundle, place)))).toEqual([]);
  });

  it('has no second copy of what Node-RED has too', () => {
    const imported = chunks.flatMap((file) => [...text(file).matchAll(/from "([^"]+)"/g)].map(([, name]) => name));
    expect(imported).toContain('express');
    expect(chunks.filter((file) => /region node_modules\/(?:express|node-red|@node-red)\//.test(text(file)))).toEqual(
      [],
    );
  });
});
