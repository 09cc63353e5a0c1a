import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashToken, makeToken } from '../auth/token-hash.ts';
import { parseHttpTokens, pathPrefix } from '../config/http-callers.ts';
import { parseText } from '../config/text-types.ts';
import { tokenName } from '../config/tokens-file.ts';
import { RedstartError } from '../errors.ts';
import { replaceFile } from '../flows/write-files.ts';
import type { TokenPorts } from './token.ts';

export interface CreateHttpOptions {
  /** Beginnings of paths that the token may call. */
  readonly paths: readonly string[];
  readonly days: number;
  /** Written to; without it the line to add is printed. */
  readonly file?: string | undefined;
}

const DAY_MS = 24 * 60 * 60_000;

/** Makes a token for the flows' endpoints: it is shown now and never again. */
export async function createHttpToken(name: string, options: CreateHttpOptions, ports: TokenPorts): Promise<void> {
  const parsedName = parseText(tokenName, name);
  if (!('value' in parsedName)) throw refused(`the name ${parsedName.problem}`, `It is ${tokenName.expected}.`);
  if (options.paths.length === 0)
    throw refused('no path is given', 'Say with --path what it may call, such as --path /samples; --path / is all.');
  for (const path of options.paths) {
    const parsed = parseText(pathPrefix, path);
    if (!('value' in parsed)) throw refused(`the path ${path} ${parsed.problem}`, `It is ${pathPrefix.expected}.`);
  }
  const token = makeToken();
  const end = new Date(Math.floor(ports.now() / 1000) * 1000 + options.days * DAY_MS);
  const expires = end.toISOString().replace('.000Z', 'Z');
  const line = `- {name: ${name}, sha256: ${hashToken(token)}, paths: [${options.paths.join(', ')}], expires: ${expires}}\n`;
  if (options.file === undefined) {
    ports.note(
      `This line goes into the file of REDSTART_HTTP_TOKENS_FILE:\n\n${line}\nThe token, shown this once:\n\n`,
    );
  } else {
    await add(resolve(options.file), line);
    ports.note(`Added to ${options.file}. The token, shown this once:\n\n`);
  }
  ports.output(`${token}\n`);
}

/** As text, so that comments and the order stay. */
async function add(file: string, line: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(file, error);
    text = '';
  }
  const kept = text.replace(/^\s*\[\s*\]\s*$/m, '');
  const joined = `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}${line}`;
  const { faults } = parseHttpTokens(joined);
  if (faults.length > 0) {
    const lines = faults.map(({ line: number, problem }) => `\n  line ${number}: ${problem}`).join('');
    throw refused(`with this token ${file} would have mistakes:${lines}`, 'Correct them, or take another name.');
  }
  try {
    await replaceFile(file, joined, 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}

const unwritable = (file: string, cause: unknown): RedstartError =>
  refused(
    `${file} cannot be written (${(cause as NodeJS.ErrnoException).code})`,
    'Run it where the file may be changed, or create the token without --file and add the line yourself.',
    cause,
  );

const refused = (message: string, mend: string, cause?: unknown): RedstartError =>
  new RedstartError({ code: 'TOKEN_REFUSED', message, mend, ...(cause !== undefined && { cause }) });
