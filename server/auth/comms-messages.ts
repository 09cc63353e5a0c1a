/** What a browser may say on /comms; Node-RED itself takes any JSON and crashes on some. */
export type CommsMessage =
  | { readonly kind: 'auth'; readonly text: string; readonly token: string }
  | { readonly kind: 'subscribe'; readonly text: string }
  | { readonly kind: 'topic'; readonly text: string };

/**
 * Node-RED makes a regular expression of a subscription: only what stays linear and compiles. A `+` or `#` is a whole segment.
 */
const SUBSCRIPTION = /^(?:\+|[\w\-.:@]{1,128})(?:\/(?:\+|[\w\-.:@]{1,128})){0,9}(?:\/#)?$/;
const TOPIC = /^[\w\-./:@]{1,256}$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** Keys with which a handler that trusts its data is turned against itself: pollution, or a throwing conversion to text. */
const HOSTILE = new Set(['__proto__', 'constructor', 'prototype', 'toString', 'valueOf']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The message, written anew with only the fields that it may have; null when it is none. */
export function commsMessage(text: string): CommsMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text, (key, inner: unknown) => {
      if (HOSTILE.has(key)) throw new Error('hostile key');
      return inner;
    });
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  if ('auth' in value) {
    const { auth } = value;
    return typeof auth === 'string' && TOKEN.test(auth)
      ? { kind: 'auth', text: JSON.stringify({ auth }), token: auth }
      : null;
  }
  if ('subscribe' in value) {
    const { subscribe } = value;
    return typeof subscribe === 'string' && SUBSCRIPTION.test(subscribe)
      ? { kind: 'subscribe', text: JSON.stringify({ subscribe }) }
      : null;
  }
  const { topic, data } = value;
  if (typeof topic !== 'string' || !TOPIC.test(topic) || !isObject(data)) return null;
  return { kind: 'topic', text: JSON.stringify({ topic, data }) };
}
