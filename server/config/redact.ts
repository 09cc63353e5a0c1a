import { inspect } from 'node:util';

/**
 * Secrets shorter than this are not looked for: taking "dev" out of every line would wreck the logs and tell the secret
 * by what is missing. Every secret that the configuration accepts is at least this long, so nothing falls through.
 */
export const MIN_REDACTED_LENGTH = 8;

export const REDACTED = '[redacted]';

// Never emptied: a line may still carry the token that was replaced a minute ago.
const forms = new Set<string>();
let pattern: RegExp | null = null;

/** Makes `redact` strip this text, in each form in which it is likely to turn up. `Secret` calls it for itself. */
export function registerSecret(value: string): void {
  if (value.length < MIN_REDACTED_LENGTH || forms.has(value)) return;
  for (const form of formsOf(value)) if (form.length >= MIN_REDACTED_LENGTH) forms.add(form);
  pattern = null;
}

/** The text without any registered secret: plain, escaped in JSON, as `inspect` shows it, URL-encoded, in hexadecimal, or anywhere inside something base64. */
export function redact(text: string): string {
  if (forms.size === 0) return text;
  pattern ??= compile();
  return text.replace(pattern, REDACTED);
}

/** What comes before a cut, without its end where that is the beginning of a secret that went on behind it. For `redact`. */
export function withoutBegunSecret(text: string): string {
  let most = 0;
  for (const form of forms) {
    for (let length = Math.min(form.length, text.length); length > most; length--) {
      if (form[length - 1] === text.at(-1) && text.endsWith(form.slice(0, length))) most = length;
    }
  }
  return text.slice(0, text.length - most);
}

function compile(): RegExp {
  // Longest first: of two secrets where one begins the other, the longer must go as a whole.
  const literals = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(literals.join('|'), 'g');
}

function formsOf(value: string): string[] {
  const url = encodeURIComponent(value.toWellFormed());
  const list = [value, url, url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()), url.replaceAll('%20', '+')];
  // Log lines are JSON: a quote or backslash in a password is escaped there, once, or twice when JSON is quoted in JSON.
  const json = JSON.stringify(value).slice(1, -1);
  list.push(json, JSON.stringify(json).slice(1, -1));
  // How `inspect` shows it, by the quotes that it takes.
  const shown = value
    .split(/(['"`])/)
    .map((part, at) => (at % 2 === 1 ? part : inspect(part).slice(1, -1)))
    .join('');
  list.push(shown, shown.replaceAll("'", "\\'"));
  // How a buffer is shown.
  const hex = Buffer.from(value).toString('hex');
  list.push(hex, hex.toUpperCase());
  for (let offset = 0; offset < 3; offset++) {
    const base64 = base64At(value, offset);
    list.push(base64, base64.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return list;
}

/**
 * What of the secret's base64 does not depend on its neighbours, when it begins `offset` bytes into a group of three:
 * `Basic dXNlcjpwYXNz…` holds the password behind "user:", at any of the three alignments.
 */
function base64At(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}
