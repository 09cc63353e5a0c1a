import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE as NODE_ERRORS } from '../nodes/lib/errors.ts';
import { isKnown } from './config/schema.ts';
import { ERROR_CATALOGUE } from './error-catalogue.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CATALOGUES = /(?:^|\/)(?:error-catalogue|error-causes)\.ts$|nodes\/lib\/errors\.ts$/;
const sources = globSync('{server,settings,simulator,nodes}/**/*.ts', { cwd: root })
  .map((file) => file.split('\\').join('/'))
  .filter((file) => !/\.test\.ts$|\/(?:testing|dist|node_modules|resources)\//.test(file) && !CATALOGUES.test(file));

/** Words in capitals that are no code of this program. */
const OF_OTHERS = [
  /^(?:REDSTART|TOWER|SEQERA|NODE|OTEL|FLOW|LOG)_.*$/, // variables: those that there are not are caught elsewhere
  /^(?:HTTPS?|NO)_PROXY$/,
  /^(?:UND_ERR|ERR|EAI|E[A-Z]+$)/, // of Node.js and undici
  /^TLS_(?:AES|CHACHA20)_/, // ciphers
  /^(?:COMPUTE_ENV_INVALID|CREDENTIALS_INVALID|CREDITS_RUN_OUT|LIFESPAN_EXPIRED|SPOT_RECLAMATION|NO_STATS_AVAIL)$/, // of the Platform, which the simulator says like it
  /^NOT_ALLOWED$/, // within the editor's dialogs, which say it in words
  /^(?:INVALID_EXPR|SEQUENCER_KEY)$/, // of Node-RED, and of YAML
];

const known = new Set([...Object.keys(ERROR_CATALOGUE), ...Object.keys(NODE_ERRORS)]);
const isOurs = (word: string): boolean => word in ERROR_CATALOGUE || word in NODE_ERRORS;
const isOther = (word: string): boolean =>
  isKnown(word) ||
  (OF_OTHERS.some((pattern) => pattern.test(word)) && !/^SEQERA_(?!ACCESS_TOKEN|API_ENDPOINT|WORKSPACE_ID)/.test(word));

/** Codes in a source: a text in capitals, with an underscore or where a code is given. */
function codesIn(text: string): string[] {
  const words = [...text.matchAll(/(["'])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\1/g)].map(([, , word = '']) => word);
  const given = [...text.matchAll(/\bcode\s*[:=]\s*(["'])([A-Z][A-Z0-9]+)\1/g)].map(([, , word = '']) => word);
  return [...words, ...given];
}

describe('the codes in the sources', () => {
  it('are all in the catalogues', () => {
    expect(sources.length).toBeGreaterThan(300);
    const missing = sources.flatMap((file) =>
      codesIn(readFileSync(`${root}/${file}`, 'utf8')).flatMap((word) =>
        isOurs(word) || isOther(word) ? [] : [`${file}: ${word}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  it('are all that the catalogues have', () => {
    const text = sources.map((file) => readFileSync(`${root}/${file}`, 'utf8')).join('\n');
    expect([...known].filter((code) => !new RegExp(`\\b${code}\\b`).test(text))).toEqual([]);
  });

  it('are found wherever they stand, and told from other words', () => {
    expect(codesIn("x('PORT_TAKEN'); code: 'GONE'; say(\"A_B\"); 'Not_a code' ; 'WORD'")).toEqual([
      'PORT_TAKEN',
      'A_B',
      'GONE',
    ]);
    expect(['PORT', 'HTTPS_PROXY', 'EAI_AGAIN', 'SEQERA_WORKSPACE_ID'].map(isOther)).toEqual([true, true, true, true]);
    expect(['PORT_TAKEN', 'SEQERA_GONE', 'STORE_GONE'].map(isOther)).toEqual([false, false, false]);
  });
});
