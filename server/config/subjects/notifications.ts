import type { Config, NotificationFormat, NotificationTopic } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { registerSecret } from '../redact.ts';
import { choice, list, refuse, secretText, wholeNumber } from '../text-types.ts';

const field = fieldsOf('Notifications');

const FORMATS: readonly NotificationFormat[] = ['slack', 'teams', 'generic'];
const TOPICS: readonly NotificationTopic[] = ['flows', 'connections', 'git', 'appliance', 'failed-runs', 'runs'];
const USUAL: readonly NotificationTopic[] = ['flows', 'connections', 'git', 'appliance'];

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
/** Hosts that a format can be told from. */
const HOSTS: readonly [host: RegExp, format: NotificationFormat][] = [
  [/^hooks\.slack(?:-gov)?\.com$/, 'slack'],
  [/\.(?:webhook\.office\.com|logic\.azure\.(?:com|us)|api\.powerplatform\.(?:com|us))$/, 'teams'],
];

export const notificationFields = {
  url: field('REDSTART_NOTIFY_URL', {
    type: secretText('an https:// address (http:// on this machine), without user and fragment', (text) => {
      const url = URL.parse(text);
      if (!url || /\s/.test(text)) return refuse('is not a URL');
      if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('is neither https:// nor http://');
      if (url.username !== '' || url.password !== '') refuse('has a user or password in it');
      if (text.includes('#')) refuse('has a fragment in it');
    }),
    fallback: null,
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
    does: 'A webhook that is told when a flow or a connection fails, and when it works again: of Slack, of Teams (Workflows), or of your own. docs/notifications.md says what is a failure and what a recovery.',
    change: 'Somebody is to hear of a failure without looking.',
    beware:
      'Messages hold names of flows and nodes and texts of errors. Known secrets are stripped from them; data of your flows is not.',
  }),
  format: field('REDSTART_NOTIFY_FORMAT', {
    type: choice(FORMATS),
    fallback: null,
    fallbackText: 'by the host of the address; `generic` when it tells nothing',
    example: 'teams',
    does: 'What is sent: a message of Slack, an Adaptive Card for a workflow of Teams, or JSON that programs read.',
    change: 'Your webhook takes one of these at another host.',
  }),
  on: field('REDSTART_NOTIFY_ON', {
    type: list(
      `a comma list of ${TOPICS.join(', ')}`,
      { test: (part) => TOPICS.some((topic) => topic === part) },
      'has an entry that is none of the accepted values',
    ),
    fallback: USUAL,
    fallbackText: USUAL.join(', '),
    example: 'flows,connections,failed-runs',
    does: 'What is told. appliance: it does not start, is not ready, or ended without being stopped. failed-runs: runs that end badly and launches that fail. runs: every run that ends, and launches that fail.',
    change: 'You want to hear of runs as well, or of less.',
  }),
  interval: field('REDSTART_NOTIFY_INTERVAL', {
    type: wholeNumber(1, 86_400, 'of seconds'),
    fallback: 900,
    example: '3600',
    does: 'The shortest time between two messages that the same thing fails. It doubles with each of them, up to a day.',
    change: 'Reminders come too often, or too late.',
  }),
  recovery: field('REDSTART_NOTIFY_RECOVERY', {
    type: wholeNumber(1, 86_400, 'of seconds'),
    fallback: 600,
    example: '60',
    does: 'How long a flow must run without an error to count as recovered.',
    change: 'Your flows run more seldom or more often than that.',
  }),
  secret: field('REDSTART_NOTIFY_SECRET', {
    type: secretText('at least 16 characters, hard to guess', (text) => {
      if (text.length < 16) refuse('is too short');
    }),
    fallback: null,
    example: '"$(openssl rand -hex 32)"',
    does: 'What messages of the format generic are signed with (HMAC-SHA-256), so that the receiver knows who sent them.',
    change: 'The receiver can verify signatures, as a webhook in node of another appliance can.',
  }),
};

export function readNotifications(reader: Reader): Pick<Config, 'notifications'> {
  const own = notificationFields;
  const url = reader.get(own.url);
  const settings = {
    format: reader.get(own.format),
    on: reader.get(own.on) as readonly NotificationTopic[],
    intervalMs: reader.get(own.interval) * 1000,
    recoveryMs: reader.get(own.recovery) * 1000,
    secret: reader.get(own.secret),
  };
  if (url === null) {
    for (const other of Object.values(own))
      if (other !== own.url && reader.has(other) && !reader.has(own.url))
        reader.problem(other, 'is set without REDSTART_NOTIFY_URL', 'both or neither');
    return { notifications: null };
  }
  const address = new URL(url.reveal());
  // The token of it, when somebody tells the path alone.
  registerSecret(address.pathname + address.search);
  registerSecret(address.pathname);
  const guessed = HOSTS.find(([host]) => host.test(address.hostname))?.[1] ?? 'generic';
  const format = settings.format ?? guessed;
  if (address.protocol === 'http:' && !LOOPBACK.test(address.hostname)) {
    if (format === 'generic')
      reader.warn(`${reader.nameOf(own.url)} is http://: whoever is in between reads what is told, and the address`);
    else reader.problem(own.url, 'is not https://', own.url.type.expected);
  }
  if (settings.secret !== null && format !== 'generic')
    reader.problem(own.secret, `is set, and the format is ${format}, which has no signature`, 'unset, or generic');
  return { notifications: { ...settings, url, format } };
}
