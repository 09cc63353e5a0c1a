import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { DIALOG, faultsIn, TRAPS } from '../support/axe.ts';
import { launchBrowser, openDialog, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform, TOKEN } from '../support/platform.ts';

const pack = JSON.parse(readFileSync(join(import.meta.dirname, '../../nodes/package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};
const TYPES = Object.keys(pack['node-red'].nodes).filter((type) => type !== 'seqera-config');
const idOf = (type: string): string => type.replaceAll('-', '').padEnd(16, '0').slice(0, 40);

/** What of a dialog takes input, told apart by a number that this puts on each. */
const fieldsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const usable = 'input:not([type=hidden]), select, textarea, button, a[href], [tabindex="0"]';
    const shown = [...document.querySelectorAll<HTMLElement>(`.red-ui-tray-body #dialog-form :is(${usable})`)].filter(
      (each) =>
        // Node-RED's own, which keep a browser from filling in passwords.
        !each.id.startsWith('red-ui-trap') &&
        each.checkVisibility() &&
        !(each as HTMLInputElement).disabled &&
        each.tabIndex >= 0,
    );
    return shown.map((each, index) => {
      each.dataset.field = `${index}`;
      return `${index}`;
    });
  });

const focused = (page: Page): Promise<string | null> =>
  page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.field ?? null);

const namesMissing = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLInputElement>(
        '.red-ui-tray-body #dialog-form :is(input:not([type=hidden]), select)',
      ),
    ]
      .filter((each) => each.checkVisibility() && !each.id.startsWith('red-ui-trap'))
      .filter(
        (each) =>
          !(
            each.labels?.length ||
            each.getAttribute('aria-label') ||
            each.getAttribute('aria-labelledby') ||
            each.title
          ),
      )
      .map((each) => each.outerHTML.slice(0, 120)),
  );

describe('the dialogs by keyboard', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('open, reach every field, name every field, and close, without a mouse', async () => {
    const simulator = await platform();
    const folder = temporaryFolder();
    const nodes = TYPES.map((type, index) => node(type, { id: idOf(type), seqera: '', x: 200, y: 60 + 60 * index }));
    await using appliance = await Appliance.start({
      folder,
      flows: { 'keyboard.json': tab(nodes) },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);

    for (const type of TYPES) {
      await page.evaluate((id) => {
        const { RED } = window as unknown as {
          RED: {
            view: { reveal(id: string): void; select(o: object): void; focus(): void };
            nodes: { node(id: string): object };
          };
        };
        RED.view.select({ nodes: [RED.nodes.node(id)] });
        RED.view.focus();
      }, idOf(type));
      await page.keyboard.press('Enter');
      await page.waitForSelector('.red-ui-tray-body #dialog-form');
      await page.waitForFunction(() => document.activeElement?.closest('.red-ui-tray') !== null);
      // What is folded away opens by keyboard as well.
      for (const folded of await page.locator('.red-ui-tray-body #dialog-form details:not([open]) > summary').all()) {
        await folded.focus();
        await page.keyboard.press('Enter');
      }
      expect(await page.locator('.red-ui-tray-body #dialog-form details:not([open])').count()).toBe(0);
      expect([type, await namesMissing(page)]).toEqual([type, []]);
      expect([type, await faultsIn(page, DIALOG, TRAPS)]).toEqual([type, []]);

      const wanted = new Set(await fieldsOf(page));
      expect(wanted.size).toBeGreaterThan(2);
      await page.locator('[data-field="0"]').focus();
      for (let presses = 0; presses < 200 && wanted.size > 0; presses += 1) {
        const now = await focused(page);
        if (now !== null) wanted.delete(now);
        await page.keyboard.press('Tab');
      }
      const missed = await page.evaluate(
        (left) => left.map((each) => document.querySelector(`[data-field="${each}"]`)?.outerHTML.slice(0, 120)),
        [...wanted],
      );
      expect([type, missed]).toEqual([type, []]);

      await page.locator('[data-field="0"]').focus();
      await page.keyboard.press('Control+Enter');
      await page.waitForSelector('.red-ui-tray-body #dialog-form', { state: 'detached' });
    }
    expect(complaints).toEqual([]);
    await simulator.close();
  });

  it('the connection dialog says who the token is, its role, and which nodes that role allows', async () => {
    const simulator = await platform({
      token: 'an-owner-of-all-0001',
      scenario: { tokens: [{ token: TOKEN, role: 'launch' }] },
    });
    const folder = temporaryFolder();
    const launch = node('seqera-workflow-launch', { id: 'launch00000001', seqera: 'seqera-default', x: 200, y: 60 });
    await using appliance = await Appliance.start({
      folder,
      flows: { 'role.json': tab([launch]) },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page } = await openPage(browser);
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);
    await openDialog(page, '[id="launch00000001"]');
    await page.click('#node-input-btn-seqera-edit');
    await page.locator('#seqera-config-managed').waitFor();
    expect(await page.locator('#node-config-input-baseUrl').isDisabled()).toBe(true);
    await page.locator('#seqera-config-check').focus();
    await page.keyboard.press('Enter');
    const result = page.locator('#seqera-config-check-result');
    await result.getByText('ada').first().waitFor();
    const said = (await result.textContent()) ?? '';
    expect(said).toContain('redstart-labs / showcase');
    expect(said).toMatch(/launch/);
    expect(said).toMatch(/Launch wf/);
    // A studio takes more than the role Launch.
    expect(said).toMatch(/Add studio.*maintain/i);
    expect(await page.content()).not.toContain(TOKEN);
    await simulator.close();
  });
});
