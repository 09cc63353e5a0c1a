/**
 * The query names an access token. Node-RED takes one from there; URLs end up in histories, logs of proxies and Referer
 * headers, and a link with someone else's token signs a user in as another. Decoded as the query parser does it.
 */
export function namesToken(query: string): boolean {
  if (query === '') return false;
  let decoded: string;
  try {
    decoded = decodeURIComponent(query.replaceAll('+', ' '));
  } catch {
    decoded = query.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return /access_token/i.test(decoded);
}
