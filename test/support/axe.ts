import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The dialog of a node, in the editor. */
export const DIALOG = '.red-ui-tray-body #dialog-form';
/** Node-RED's own in it, against browsers that fill in passwords. */
export const TRAPS = '[id^="red-ui-trap"]';

interface Result {
  violations: { id: string; help: string; nodes: { target: string[]; html: string; failureSummary?: string }[] }[];
}

/**
 * What axe-core finds wrong in a part of the page: WCAG 2.2 at levels A and AA, and best practices.
 * @param except what in it is somebody else's
 */
export async function faultsIn(page: Page, within: string, except?: string): Promise<string[]> {
  // By the debugger's protocol, not as a script of the page: its content security policy stays as it is.
  if (!(await page.evaluate('typeof globalThis.axe === "object"'))) await page.evaluate(source);
  const { violations } = await page.evaluate<Result, [string, string | undefined]>(
    async ([part, other]) => {
      const { axe } = globalThis as unknown as { axe: { run(context: object, options: object): Promise<Result> } };
      return axe.run(
        { include: [part], ...(other === undefined ? {} : { exclude: [other] }) },
        {
          resultTypes: ['violations'],
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        },
      );
    },
    [within, except],
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 5).map(({ target, html, failureSummary = '' }) => {
      const detail = failureSummary.split('\n').slice(1).join(' ').replace(/\s+/g, ' ').trim();
      return `${id} (${help}) at ${target.join(' ')}: ${html.slice(0, 160)} – ${detail.slice(0, 240)}`;
    }),
  );
}
