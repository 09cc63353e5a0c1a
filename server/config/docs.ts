// Renders docs/environment.md and .env.example from the schema. `scripts/docs.mjs` writes them, a test compares them.
import type { Field } from './field.ts';
import { MIN_REDACTED_LENGTH } from './redact.ts';
import { schema } from './schema.ts';

const INTRODUCTION = `# Environment

Redstart is configured by environment variables alone. Every one has a safe default.
This page is generated from the schema in \`server/config\`: change it there, then run \`node scripts/docs.mjs\`.

- **A wrong value stops the start**, with exit code 78 and every problem at once: which variable, what was expected, an example, never a secret.
- **An unknown \`REDSTART_…\` variable is refused** with the nearest name that exists, so that a misspelt protection is not silently missing. (What Kubernetes sets by itself for a Service called \`redstart\` is let through.)
- **An empty variable counts as unset.** Spaces around a value are dropped, except around secrets.
- **Secrets** (marked 🔒) can be given as a file: \`NAME_FILE\` holds its path, one line break at its end is dropped, 64 KiB is the limit. Setting both is an error. A file is the better way: a variable of the start stays readable in \`/proc\` for root and for the same user. After the start no secret is left in the environment that flows see.
- **Secrets are stripped from logs and errors**, in plain, base64 and URL-encoded form. Each is at least ${MIN_REDACTED_LENGTH} characters long, as anything shorter could not be told from ordinary text.
- **A \`.env\` file** in the working directory is read; the real environment wins. What it sets besides secrets is there for flows too.
- **Aliases** set the same thing; with different values both are refused.
- \`redstart config\` shows every value in effect and where it came from.
`;

export function renderEnvironmentPage(): string {
  const available = schema.filter((field) => !field.later);
  const later = schema.filter((field) => field.later);
  const sections = [...new Set(available.map((field) => field.subject))].map((subject) =>
    [
      `## ${subject}`,
      '',
      '| variable | default | what it does, when to change it, what to mind |',
      '| --- | --- | --- |',
      ...available.filter((field) => field.subject === subject).map(tableRow),
    ].join('\n'),
  );
  const coming = [
    '## Not available yet',
    '',
    'These names are reserved. Setting one stops the start, so that nobody believes it to be in force.',
    '',
    '| variable | what it will do |',
    '| --- | --- |',
    ...later.map((field) => `| \`${field.variable}\`${field.secret ? ' 🔒' : ''} | ${cell(field.does)} |`),
  ].join('\n');
  return `${[INTRODUCTION.trimEnd(), ...sections, coming].join('\n\n')}\n`;
}

function tableRow(field: Field): string {
  const name = [`\`${field.variable}\`${field.secret ? ' 🔒' : ''}`];
  if (field.aliases.length > 0) name.push(`alias ${field.aliases.map((alias) => `\`${alias}\``).join(', ')}`);
  const text = [field.does, `*Expected:* ${field.type.expected}.`, `*Change it when:* ${field.change}`];
  if (field.beware) text.push(`*Mind:* ${field.beware}`);
  return `| ${name.join('<br>')} | ${cell(field.fallbackText)} | ${text.map(cell).join('<br>')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<NAME>', '&lt;NAME&gt;').replaceAll('<name>', '&lt;name&gt;');
}

export function renderEnvExample(): string {
  const lines = [
    '# Copy this file to .env, take the # from the lines that you need, and run: chmod 600 .env',
    '# The real environment wins over it. docs/environment.md says more about each variable.',
    '# Generated from the schema in server/config by: node scripts/docs.mjs',
  ];
  let subject = '';
  for (const field of schema.filter(({ later }) => !later)) {
    // Node.js reads this one before it reads any file.
    if (field.variable === 'NODE_EXTRA_CA_CERTS') continue;
    if (field.subject !== subject) lines.push('', `## ${field.subject}`);
    subject = field.subject;
    lines.push(
      '',
      ...wrap(`${field.does} Default: ${field.fallbackText.replaceAll('`', '')}.`),
      `#${field.variable.replace('<NAME>', 'PROD')}=${exampleValue(field)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function exampleValue(field: Field): string {
  return field.secret ? '' : field.example;
}

/** Comment lines of at most 100 characters. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.replaceAll('`', '').split(' ')) {
    if (line.length + word.length >= 100) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
