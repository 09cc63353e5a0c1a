import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMap, isSeq, parseDocument } from 'yaml';
import { hashToken, makeToken } from '../auth/token-hash.ts';
import { readTokenUses, TOKEN_USE_FILE } from '../auth/token-use.ts';
import { type ApiTokenConfig, evaluateProcess, ROLES, type Role } from '../config/index.ts';
import { parseText } from '../config/text-types.ts';
import { parseTokensFile, tokenName } from '../config/tokens-file.ts';
import { RedstartError } from '../errors.ts';
import { replaceFile } from '../flows/write-files.ts';

export interface TokenPorts {
  /** Where the token or the list goes. */
  readonly output: (text: string) => void;
  /** What is said beside it. */
  readonly note: (text: string) => void;
  readonly now: () => number;
}

export const PORTS: TokenPorts = {
  output: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  now: Date.now,
};

const DAY_MS = 24 * 60 * 60_000;

export interface CreateOptions {
  readonly role: string;
  readonly days: number;
  /** Written to; without it the line to add is printed. */
  readonly file?: string | undefined;
}

/** Makes a token: it is shown now and never again. */
export async function createToken(
  name: string,
  options: CreateOptions,
  { output, note, now }: TokenPorts = PORTS,
): Promise<void> {
  const role = ROLES.find((one) => one === options.role);
  if (role === undefined)
    throw refused(`there is no role ${JSON.stringify(options.role)}`, `Take one of ${ROLES.join(', ')}.`);
  const parsed = parseText(tokenName, name);
  if (!('value' in parsed)) throw refused(`the name ${parsed.problem}`, `It is ${tokenName.expected}.`);
  const token = makeToken();
  const entry = {
    name,
    sha256: hashToken(token),
    role,
    expires: new Date(Math.floor(now() / 1000) * 1000 + options.days * DAY_MS).toISOString().replace('.000Z', 'Z'),
  };
  if (options.file === undefined) {
    note(`This line goes into the file of REDSTART_TOKENS_FILE:\n\n${lineOf(entry)}\nThe token, shown this once:\n\n`);
  } else {
    await add(resolve(options.file), entry);
    note(`Added to ${options.file}. The token, shown this once:\n\n`);
  }
  output(`${token}\n`);
}

export async function listTokens(
  given: string | undefined,
  { output, now }: TokenPorts = PORTS,
  places: Places = placesOf(given),
): Promise<void> {
  const { file, dataDir } = places;
  const tokens = parsed(file, await read(file));
  const uses = await readTokenUses(join(dataDir, TOKEN_USE_FILE));
  const rows = tokens.map(({ name, role, expires }) => {
    const use = Object.hasOwn(uses, name) ? uses[name] : undefined;
    const end = expires === null ? 'never' : new Date(expires).toISOString().slice(0, 16).replace('T', ' ');
    return [
      name,
      role,
      expires !== null && expires <= now() ? `${end} (expired)` : end,
      use ? `${use.at.slice(0, 16).replace('T', ' ')} from ${use.address}` : 'never',
    ];
  });
  output(table([['NAME', 'ROLE', 'EXPIRES (UTC)', 'LAST USED (UTC)'], ...rows]));
}

export async function revokeToken(
  name: string,
  given: string | undefined,
  { note }: TokenPorts = PORTS,
  { file }: Places = placesOf(given),
): Promise<void> {
  const text = await read(file);
  if (!parsed(file, text).some((token) => token.name === name))
    throw refused(`${file} has no token ${JSON.stringify(name)}`, '`redstart token list` shows those that there are.');
  await write(file, without(name, text));
  note(`Revoked ${name}: a running Redstart that uses this file refuses it within 5 s.\n`);
}

/** The text without one entry. Its own lines go and nothing else does, where each entry has lines of its own. */
function without(name: string, text: string): string {
  const document = parseDocument(text);
  const list = document.contents;
  if (!isSeq(list)) return text;
  const entry = list.items.find((item) => isMap(item) && String(item.get('name')) === name);
  const [start, , end] = (isMap(entry) ? entry.range : null) ?? [0, 0, 0];
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const lineEnd = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1 || text.length;
  const cut = text.slice(0, lineStart) + text.slice(lineEnd);
  const rest = isEmpty(cut) ? `${cut}[]\n` : cut;
  const { tokens, faults } = parseTokensFile(rest);
  if (faults.length === 0 && tokens.length === list.items.length - 1) return rest;
  list.items = list.items.filter((item) => item !== entry);
  return String(document);
}

const isEmpty = (text: string): boolean => parseDocument(text).contents === null;

export interface Places {
  readonly file: string;
  readonly dataDir: string;
}

/** From the environment, which may otherwise be wrong: this must work where only the files are mounted. */
function placesOf(file: string | undefined): Places {
  const { settings } = evaluateProcess({ local: false });
  const path = (variable: string): string | null => {
    const setting = settings.find((one) => one.variable === variable);
    return setting === undefined || setting.value === 'none' ? null : resolve(setting.value);
  };
  const tokensFile = file === undefined ? path('REDSTART_TOKENS_FILE') : resolve(file);
  if (tokensFile === null)
    throw refused('there is no tokens file', 'Name it with --file, or set REDSTART_TOKENS_FILE.');
  return { file: tokensFile, dataDir: path('REDSTART_DATA_DIR') ?? resolve('data') };
}

interface Entry {
  readonly name: string;
  readonly sha256: string;
  readonly role: Role;
  readonly expires: string;
}

const lineOf = ({ name, sha256, role, expires }: Entry): string =>
  `- {name: ${name}, sha256: ${sha256}, role: ${role}, expires: ${expires}}\n`;

async function add(file: string, entry: Entry): Promise<void> {
  const text = await read(file).catch((error: unknown) => {
    if (error instanceof RedstartError && (error.cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const before = isEmpty(text) ? [] : parsed(file, text);
  if (before.some(({ name }) => name === entry.name))
    throw refused(
      `${file} has a token ${JSON.stringify(entry.name)} already`,
      'Take another name, or revoke that one first.',
    );
  // As text, so that comments and the order stay: a list goes on with the next line.
  const kept = before.length === 0 ? text.replace(/^\s*\[\s*\]\s*$/m, '') : text;
  const joined = `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}${lineOf(entry)}`;
  const { tokens, faults } = parseTokensFile(joined);
  // A list that is written in another way, as `[{…}]`, does not go on with a line.
  if (faults.length === 0 && tokens.length === before.length + 1) return write(file, joined);
  const document = parseDocument(text);
  document.add(document.createNode(entry));
  await write(file, String(document));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw refused(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'Give the path of the tokens file with --file or in REDSTART_TOKENS_FILE, and the right to read it.',
      error,
    );
  }
}

function parsed(file: string, text: string): ApiTokenConfig[] {
  const { tokens, faults } = parseTokensFile(text);
  if (faults.length === 0) return tokens;
  const lines = faults.map(({ line, problem }) => `\n  line ${line}: ${problem}`).join('');
  throw refused(`${file} has mistakes:${lines}`, 'Correct them first.');
}

/** In one step, readable for its owner alone. */
async function write(file: string, text: string): Promise<void> {
  try {
    const owner = await stat(file).catch(() => null);
    if (owner) await access(file, constants.W_OK);
    await replaceFile(file, text, 0o600);
  } catch (error) {
    throw refused(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      'Run it where the file may be changed, or create the token without --file and add the line yourself.',
      error,
    );
  }
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const refused = (message: string, mend: string, cause?: unknown): RedstartError =>
  new RedstartError({ code: 'TOKEN_REFUSED', message, mend, ...(cause !== undefined && { cause }) });
