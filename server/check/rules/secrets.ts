import { isObject } from '../../flows/flow-node.ts';
import type { JsonPath } from '../json-place.ts';
import { type NodeText, spotIn, textsIn, wholeVariable } from '../node-values.ts';
import type { RuleCheck } from '../rule-context.ts';
import { nameOf } from './values.ts';

const PRIVATE_KEY = 'a private key';
/** Forms that say of themselves what they are. The first group, where there is one, is the secret itself. */
const SHAPES: readonly (readonly [what: string, form: RegExp])[] = [
  [PRIVATE_KEY, /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z ]+-----)?/g],
  ['a token of Seqera Platform', /\beyJ0aWQiO[\w+/=-]*\.[0-9a-f]{16,}/g],
  ['a JSON web token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g],
  ['an access key of AWS', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,})/g],
  ['a token of GitLab', /\bglpat-[\w-]{20,}/g],
  ['a token of Slack', /\bxox[abeprs]-[A-Za-z0-9-]{10,}/g],
  [
    'the address of a Slack webhook, which is its password',
    /\bhooks\.slack\.com\/services\/T\w{6,}\/B\w{6,}\/\w{16,}/g,
  ],
  ['the address of a Teams webhook, which is its password', /\bwebhook\.office\.com\/webhookb2\/[\w@-]{30,}\/\S{30,}/g],
  ['a key of Google', /\bAIza[\w-]{35}/g],
  ['a key of Stripe', /\b[rs]k_live_[A-Za-z0-9]{20,}/g],
  ['a token of npm', /\bnpm_[A-Za-z0-9]{36}\b/g],
  ['a key of an AI service', /\bsk-(?:[a-z]+-)*[\w-]{32,}/g],
  ['a key of SendGrid', /\bSG\.[\w-]{22}\.[\w-]{43}/g],
  ['a password in an address', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"`]*:([^\s/@'"`]{3,})@/gi],
  ['the credentials of a request', /\b(?:Bearer|Basic)\s+([\w.~+/-]{16,}=*)/g],
];

const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization)$/i;
/** `token: '…'`, `"apiKey": "…"`, `password = "…"` in code and texts. */
const ASSIGNED =
  /(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["'`]?\]?\s*[:=]\s*(["'`])([^"'`\s]{8,})\1/gi;
/** Where a pair of name and value has its name. */
const NAME_KEYS = ['name', 'p', 'keyValue', 'key', 'h'];
/** Types of a typed input that are no fixed value. */
const ELSEWHERE = new Set(['msg', 'flow', 'global', 'env', 'jsonata', 'cred', 'date', 'num', 'bool', 'elem', 're']);
const PLACEHOLDER = /^[<[({$%*.x-]|your|^my[-_]|example|placeholder|change|dummy|sample|todo|redacted|[x*]{4}|\.{3}/i;

/** A run of characters such as tokens are made of. */
const RUN = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
/** Longer than any token: an image, a certificate, data. */
const LONGEST_TOKEN = 200;
const BITS = 4.4;

/** Where in a text a secret stands, and what it looks like. */
export interface FoundSecret {
  what: string;
  start: number;
  end: number;
}

export const checkSecrets: RuleCheck = ({ graph, world, report }) => {
  for (const placed of graph.nodes) {
    const { node } = placed;
    const type = world.types.get(node.type);
    for (const value of textsIn(node, type)) {
      const [found] = secretsIn(value, node, type?.credentials ?? []);
      if (!found) continue;
      report('secret-in-clear', placed, `${nameOf(value.path)} holds ${found.what}.`, {
        path: value.path,
        within: spotIn(value.text, found.start),
      });
    }
  }
};

/** All secrets of a text of a node. */
export function secretsIn(value: NodeText, node: object, credentials: readonly string[]): FoundSecret[] {
  const { text, path, type } = value;
  // A reference to a file of secrets is what should be here.
  if (text === '' || /^secret:[\w.-]+$/.test(text)) return [];
  const whole = (what: string): FoundSecret[] => [{ what, start: 0, end: text.length }];
  // Whatever its value: with anything but references the start stops.
  if (path[0] === 'credentials') return whole('a credential of the node, which may only be a reference `secret:NAME`');
  if (text.length < 4 || wholeVariable(text) !== null) return [];
  if (path.length === 1 && credentials.includes(String(path[0])) && isSecretName(path))
    return whole('a credential of the node');
  if (text.length < 8) return [];
  const found: FoundSecret[] = [];
  const add = (what: string, match: RegExpExecArray, secret: string): void => {
    const start = match.index + match[0].lastIndexOf(secret);
    found.push({ what, start, end: start + secret.length });
  };
  for (const [what, form] of SHAPES) {
    for (const match of text.matchAll(form)) {
      const secret = match[1] ?? match[0];
      if (what === PRIVATE_KEY || !PLACEHOLDER.test(secret)) add(what, match, secret);
    }
  }
  if (type !== null && ELSEWHERE.has(type) && type !== 'jsonata') return found;
  const name = nameBeside(node, path);
  if (name !== null && looksRandom(text)) return whole(`what looks like a secret, named "${name}"`);
  for (const match of text.matchAll(ASSIGNED)) {
    if (looksRandom(match[2] ?? '')) add('what looks like a secret, by its name', match, match[2] ?? '');
  }
  for (const match of text.matchAll(RUN)) {
    if (isToken(match[0], text, match.index))
      add('what looks like a key or token, by how random it is', match, match[0]);
  }
  return found.sort((a, b) => a.start - b.start);
}

function isSecretName(path: JsonPath): boolean {
  return SECRET_NAME.test(String(path.at(-1)));
}

/** The name under which a value is kept, if it is one of a secret: of the property, or of the pair that it is the value of. */
function nameBeside(node: object, path: JsonPath): string | null {
  if (isSecretName(path)) return String(path.at(-1));
  if (path.length < 2) return null;
  const holder = path.slice(0, -1).reduce<unknown>((value, step) => (value as Record<string, unknown>)?.[step], node);
  if (!isObject(holder)) return null;
  const name = NAME_KEYS.filter((key) => key !== path.at(-1))
    .map((key) => holder[key])
    .find((one) => typeof one === 'string' && SECRET_NAME.test(one));
  return typeof name === 'string' ? name : null;
}

/** No word, no name, no placeholder: letters with digits or signs, and of many kinds. */
function looksRandom(text: string): boolean {
  if (/\s/.test(text) || text.length < 8 || PLACEHOLDER.test(text)) return false;
  // `msg.payload.token`, `access_token`, `TOKEN_2`: names, not values.
  if (/^[a-z_][\w-]*(?:[.[][\w.\]]*)*$/i.test(text) && !/\d.*[a-z].*\d/i.test(text)) return false;
  return /[a-z]/i.test(text) && /[\d\W_]/.test(text) && bitsPerCharacter(text) >= 2.75;
}

function isToken(run: string, text: string, offset: number): boolean {
  if (run.length > LONGEST_TOKEN || !/[a-z]/.test(run) || !/[A-Z]/.test(run) || (run.match(/\d/g)?.length ?? 0) < 3)
    return false;
  // Data in an address, and paths of addresses and files: words with slashes.
  if (/[;,]base64,$|[\w.]\/$|:\/\/\S*$/.test(text.slice(Math.max(0, offset - 200), offset))) return false;
  if (run.split(/[/_-]/).filter((part) => /^(?:[a-z]+|[A-Z]?[a-z]+|\d+|)$/.test(part)).length > 2) return false;
  return bitsPerCharacter(run) >= BITS;
}

/** Shannon's entropy of the characters. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
