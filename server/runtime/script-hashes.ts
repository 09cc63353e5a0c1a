import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NodeRed } from './node-red.ts';

// The editor inserts each node's definition as an inline script, and this file likewise (jQuery fetches and evaluates it).
const INSERTED_FILES = ['public/vendor/mermaid/mermaid.min.js'];

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script>/gi;
const JAVASCRIPT = /\btype\s*=\s*["']?(?:text|application)\/javascript/i;

/**
 * Hashes, as a Content-Security-Policy names them, of every inline script that the editor runs: with these no other
 * inline script needs to be allowed. They follow the loaded node sets; take them again when one is switched on or off.
 */
export async function scriptHashes(red: NodeRed): Promise<string[]> {
  const lang = 'en-US';
  const definitions = [
    await red.runtime.nodes.getNodeConfigs({ lang }),
    await red.runtime.plugins.getPluginConfigs({ lang }),
  ];
  const scripts = definitions.flatMap(inlineScripts);
  const client = dirname(
    createRequire(createRequire(import.meta.url).resolve('node-red')).resolve('@node-red/editor-client'),
  );
  const files = await Promise.all(INSERTED_FILES.map((name) => readFile(join(client, name)).catch(() => null)));
  return [...new Set([...scripts, ...files.filter((file) => file !== null)].map(hashOf))];
}

/** The JavaScript that stands in `<script>` elements of the text: no templates, nothing with a source of its own. */
export function inlineScripts(html: string): string[] {
  return [...html.matchAll(SCRIPT)]
    .filter(
      ([, attributes = '']) =>
        !/\bsrc\s*=/i.test(attributes) && (JAVASCRIPT.test(attributes) || !/\btype\s*=/i.test(attributes)),
    )
    .map(([, , body = '']) => body);
}

function hashOf(script: string | Buffer): string {
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
