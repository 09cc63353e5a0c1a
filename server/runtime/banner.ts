import type { Config } from '../config/index.ts';
import type { Started } from './appliance.ts';

/** The Platform, or a simulator that was started beside this. Its answers do not tell them apart. */
const HERE = 'on this machine: launches are real, unless it is a simulator';
const isHere = (url: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

/**
 * What a person on a terminal needs to begin. It goes to standard output past the logger, as it may hold the one-time
 * password, which the logger would strip, and which belongs in no collected log.
 */
export function banner(config: Config, { editorUrl, simulatorUrl, flowsUrl }: Started): string {
  const lines = ['Redstart is running.', ''];
  if (editorUrl) lines.push(`  Editor      ${editorUrl}`);
  if (config.auth?.admin && editorUrl) {
    lines.push(`  User        ${config.auth.admin.username}`);
    const password = config.auth.oneTimePassword;
    lines.push(
      password
        ? `  Password    ${password.reveal()}   (for this run only)`
        : '  Password    the one that you configured',
    );
  }
  if (!editorUrl) lines.push('  No editor: no sign-in is configured (REDSTART_ADMIN_PASSWORD).');
  if (editorUrl) lines.push(`  Status      ${new URL('/status', editorUrl)}`);
  lines.push(`  Endpoints   ${flowsUrl}`);
  lines.push(`  Flows       ${config.flows.dir}${config.flows.mode === 'readonly' ? ' (read-only)' : ''}`);
  const real = config.connections.find(({ id }) => id === 'seqera-default');
  if (simulatorUrl)
    lines.push(
      '  Platform    built-in simulator: nothing is launched, nothing costs anything.',
      '              Set TOWER_ACCESS_TOKEN to work with Seqera Platform.',
    );
  else if (real) lines.push(`  Platform    ${real.baseUrl}   (${isHere(real.baseUrl) ? HERE : 'launches are real'})`);
  else lines.push('  Platform    no connection: set TOWER_ACCESS_TOKEN, or REDSTART_SIMULATOR=true.');
  lines.push('', '  Ctrl+C stops it.');
  const width = Math.max(...lines.map((line) => line.length)) + 2;
  const rule = '─'.repeat(width);
  return `\n${rule}\n${lines.map((line) => ` ${line}`).join('\n')}\n${rule}\n\n`;
}
