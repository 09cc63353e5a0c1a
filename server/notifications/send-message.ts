import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config, NotificationsConfig } from '../config/index.ts';
import { type Delivered, deliver } from './delivery.ts';
import { genericMessage, signature } from './formats/generic.ts';
import { slackMessage } from './formats/slack.ts';
import { teamsMessage } from './formats/teams.ts';
import type { Message, Notice } from './notice.ts';
import { titleOf } from './words.ts';

const FORMATS: Record<NotificationsConfig['format'], (message: Message) => object> = {
  slack: slackMessage,
  teams: teamsMessage,
  generic: genericMessage,
};

export interface SendOptions {
  config: Pick<NotificationsConfig, 'url' | 'format' | 'secret'>;
  fetch: typeof fetch;
  /** Which of several appliances tells. */
  appliance: string;
  statusPage: string | null;
  now(): number;
}

/** One try to send one message, in the format that the receiver wants, signed where it is to be. */
export function sendMessage(o: SendOptions, notices: readonly Notice[], signal: AbortSignal): Promise<Delivered> {
  const { config, appliance, statusPage, fetch, now } = o;
  const at = now();
  const message: Message = { id: randomUUID(), at, title: titleOf(notices), appliance, link: statusPage, notices };
  const body = JSON.stringify(FORMATS[config.format](message));
  const signed = config.secret === null ? {} : signature(config.secret.reveal(), body, at);
  return deliver({ url: () => config.url.reveal(), fetch, now }, body, signed, signal);
}

/** What a message says of where it comes from. */
export function applianceName({ server, environment }: Pick<Config, 'server' | 'environment'>): string {
  const host = server.publicUrl === null ? hostname() : new URL(server.publicUrl).host;
  return environment === null ? host : `${host} (${environment})`;
}
