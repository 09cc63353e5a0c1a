import { createHash } from 'node:crypto';

const INLINE = /<script\b(?![^>]*\ssrc=)(?![^>]*type="application\/)[^>]*>([\s\S]*?)<\/script>/g;

/**
 * The policy of one page, as a meta element: the site is static, and whoever serves it need not know of headers.
 * Scripts written into the page are allowed by their hash. Colours of code and the reading width are `style` attributes,
 * which cannot be.
 */
export function withContentSecurity(html: string): string {
  const hashes = [...html.matchAll(INLINE)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${[...new Set(hashes)].join(' ')}`.trim(),
    "style-src-elem 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  // Before every script and style: what comes earlier would not be ruled.
  return html.replace('<head>', `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`);
}
