// Renders docs/errors.md from the catalogues. `scripts/docs.mjs` writes it, a test compares it.
import { type Actor, type CatalogueEntry, ERROR_CATALOGUE, type ErrorCode } from './error-catalogue.ts';
import { ERROR_CAUSES, NODE_ERROR_CAUSES } from './error-causes.ts';
import { NOT_READY } from './http/not-ready.ts';

/** Errors of the nodes have the author of the flow to act on them, and end no program. */
export type NodeCatalogue = Readonly<Record<string, { meaning: string; mend: string }>>;

const ACTORS: Readonly<Record<Actor, string>> = {
  operator: 'deploys and runs Redstart: environment, folders, certificates, the machine',
  'flow author': 'draws the flows, or keeps the flow files',
  'editor user': 'has the editor open',
  caller: 'typed the command',
};

/** What an exit code tells a service manager. Those above 64 are of sysexits.h. */
const EXITS: Readonly<Record<number, string>> = {
  0: 'stopped as it was told to, or the command is done',
  1: 'a fault that nobody foresaw, shown with its stack: a bug, please report it; or a password that was not taken',
  2: 'wrong usage: nothing was done',
  65: 'a file holds what it must not',
  66: 'a file or folder is missing or cannot be read',
  68: 'a name of a host cannot be resolved',
  69: 'something that is needed is taken or not to be had now: another start may succeed',
  70: 'a fault within the program',
  73: 'a file or folder cannot be made or written',
  75: 'in use: another start may succeed once the other process is gone',
  77: 'the user of the process may not do this',
  78: 'the configuration is wrong: another start without a change ends the same',
  79: 'code of a flow blocked the program, which was ended: another start holds that flow back',
  130: 'interrupted (Ctrl-C) at a question, or a second SIGINT while it stopped',
  143: 'a second SIGTERM while it stopped',
};

export function renderErrorsPage(nodes: NodeCatalogue): string {
  const entries = Object.entries<CatalogueEntry>(ERROR_CATALOGUE);
  const areas = [...new Set(entries.map(([, { area }]) => area))];
  return `${[
    INTRODUCTION,
    table(
      ['who acts', ''],
      Object.entries(ACTORS).map(([name, duty]) => [name, duty]),
    ),
    '## Exit codes',
    table(
      ['exit code', 'meaning'],
      Object.entries(EXITS).map(([code, meaning]) => [code, meaning]),
    ),
    ...areas.flatMap((area) => [`## ${area}`, ...entries.filter(([, entry]) => entry.area === area).map(section)]),
    '## Not ready',
    'In `reasons` of what `/readyz` answers with 503. Who acts and on what is in the log, as anyone may ask `/readyz`.',
    table(
      ['code', 'meaning'],
      Object.entries(NOT_READY).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
    '## Seqera nodes',
    'In `msg.error.code` of a *catch* node, and in the log beside the node, its type and its flow. The author of the flow acts.',
    ...Object.entries(nodes).map(([code, { meaning, mend }]) =>
      sectionOf(code, meaning, { 'Usual cause': NODE_ERROR_CAUSES[code] ?? '', Mend: mend }),
    ),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `# Troubleshooting by message

Every error that is foreseen has a code. Look for the code of your message on this page: it says what it means, what usually brings it about,
who has to act, and what mends it. A link can name a code: \`errors.md#port_in_use\`.

A code is never renamed and never used again for something else: scripts and alerts can rely on it.
This page is generated from \`server/error-catalogue.ts\`, \`server/error-causes.ts\` and \`nodes/lib/errors.ts\`: change it there, then run \`node scripts/docs.mjs\`.

What ends the program is written to standard error, with what failed, who must act and what mends it:

    PORT_IN_USE: Port 1880 on 127.0.0.1 is in use by another program
    → Stop that program, or set PORT to a free port (see who has it: ss -ltnp 'sport = :1880').`;

function section([code, { meaning, who, mend, exitCode, status }]: [string, CatalogueEntry]): string {
  const ends = exitCode !== undefined ? `exit code ${exitCode}` : status !== undefined ? `HTTP ${status}` : null;
  return sectionOf(code, meaning, {
    'Usual cause': ERROR_CAUSES[code as ErrorCode],
    [`Mend (${who})`]: mend,
    ...(ends === null ? {} : { 'Ends with': ends }),
  });
}

/** A heading for each code: a link can name it, and a search finds it. */
function sectionOf(code: string, meaning: string, points: Readonly<Record<string, string>>): string {
  const lines = Object.entries(points).map(([name, text]) => `- **${name}:** ${text}`);
  return [`### \`${code}\``, meaning, lines.join('\n')].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
