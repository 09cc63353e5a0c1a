import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openDialog, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { temporaryFolder } from '../support/folder.ts';
import { picture } from '../support/picture.ts';
import { connectionTo, launches, platform } from '../support/platform.ts';

// docs/first-flow.md, step by step, as its reader does it. With REDSTART_PICTURES it takes the pictures of that page.

const root = join(import.meta.dirname, '../..');
const EXAMPLE = join(root, 'nodes/examples/resume-on-failure');
const MAIN = join(root, 'dist/server/main.js');
const IN_TIME = { timeout: 30_000 };

/** What a node of the workspace says below itself. */
const statusOf = (node: Locator): Promise<string | null> =>
  node.locator('.red-ui-flow-node-status-label').textContent();
const idOf = async (node: Locator): Promise<string> => `[id="${await node.getAttribute('id')}"]`;

/** From the palette to a place of the workspace. */
async function place(page: Page, type: string, x: number, y: number): Promise<void> {
  const before = await page.locator('.red-ui-flow-node-group').count();
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox();
  const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await entry.scrollIntoViewIfNeeded();
  await entry.hover();
  await page.mouse.down();
  await page.mouse.move((chart?.x ?? 0) + x - 20, (chart?.y ?? 0) + y, { steps: 8 });
  await page.mouse.move((chart?.x ?? 0) + x, (chart?.y ?? 0) + y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => page.locator('.red-ui-flow-node-group').count(), IN_TIME).toBe(before + 1);
}

/** From an output to an input. */
async function wireUp(page: Page, from: Locator, output: number, to: Locator): Promise<void> {
  const before = await page.locator('.red-ui-flow-link').count();
  await from.locator('.red-ui-flow-port-output .red-ui-flow-port').nth(output).hover();
  await page.mouse.down();
  const box = await to.locator('.red-ui-flow-port-input .red-ui-flow-port').boundingBox();
  await page.mouse.move((box?.x ?? 0) - 20, (box?.y ?? 0) + 5, { steps: 8 });
  await page.mouse.move((box?.x ?? 0) + 5, (box?.y ?? 0) + 5, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => page.locator('.red-ui-flow-link').count(), IN_TIME).toBe(before + 1);
}

async function deploy(page: Page): Promise<void> {
  await page.click('#red-ui-header-button-deploy');
  const told = page.locator('.red-ui-notification', { hasText: 'Successfully deployed' }).first();
  await told.waitFor(IN_TIME);
  // Nobody is warned of the connection of the environment, which no node names.
  expect(await told.textContent()).not.toContain('unused');
  await told.waitFor({ state: 'detached', ...IN_TIME });
  await page.evaluate(() => document.querySelector('#red-ui-workspace-chart')?.scrollTo(0, 0));
}

describe('the first flow', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('is drawn, runs, deals with a failure, is shown, and stands in files with a rehearsal', async () => {
    const simulator = await platform({
      scenario: { runs: [{ times: 1 }, { end: 'FAILED', errorMessage: 'No space left on device', times: 1 }] },
    });
    const folder = temporaryFolder();
    await using appliance = await Appliance.start({
      folder,
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    await page.setViewportSize({ width: 1200, height: 640 });
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);

    // Draw it.
    await place(page, 'inject', 110, 80);
    await place(page, 'seqera-workflow-launch', 270, 80);
    await place(page, 'seqera-workflow-monitor', 440, 150);
    await place(page, 'debug', 620, 150);
    const nodes = page.locator('.red-ui-flow-node-group');
    const [inject, launch, monitor, debug] = [0, 1, 2, 3].map((index) => nodes.nth(index));
    await wireUp(page, inject!, 0, launch!);
    await wireUp(page, launch!, 0, monitor!);
    await wireUp(page, monitor!, 1, debug!);
    await openDialog(page, await idOf(launch!));
    const launchpad = page.getByRole('combobox', { name: 'Launchpad' });
    await launchpad.click();
    await launchpad.pressSequentially('hel', { delay: 40 });
    const suggestion = page.locator('.seqera-popup [role=option]', { hasText: 'hello' }).first();
    await suggestion.waitFor(IN_TIME);
    await picture(page, 'first-flow-draw');
    await suggestion.click();
    await page.click('#node-dialog-ok');
    await page.waitForSelector('.red-ui-tray-body #dialog-form', { state: 'detached' });

    // Run it.
    await deploy(page);
    await inject!.locator('.red-ui-flow-node-button-button').click();
    await expect.poll(() => statusOf(monitor!), IN_TIME).toMatch(/running/i);
    await picture(page, 'first-flow-run');
    await expect.poll(() => statusOf(monitor!), IN_TIME).toMatch(/succeeded/i);

    // Act on failure: the finished flow, from the examples.
    await page.click('#red-ui-header-button-sidemenu');
    await page.click('#menu-item-import');
    const dialog = page.locator('#red-ui-clipboard-dialog');
    await dialog.locator('#red-ui-clipboard-dialog-import-tabs').getByText('Examples').click();
    const entry = (name: string) => dialog.locator('.red-ui-treeList-label', { hasText: name }).first();
    await entry('@redstart/node-red-seqera').click();
    await entry('resume-on-failure').click();
    await picture(page, 'first-flow-import');
    await page.click('#red-ui-clipboard-dialog-ok');
    await page.locator('#red-ui-workspace-tabs .red-ui-tab', { hasText: 'Resume on failure' }).waitFor();
    await deploy(page);
    await page.locator('#red-ui-workspace-tabs .red-ui-tab', { hasText: 'Resume on failure' }).click();
    // The example's ids are kept, as nothing here has them yet.
    const node = (end: string): Locator => page.locator(`[id="8c0f5a21000000${end}"]`);
    await node('02').locator('.red-ui-flow-node-button-button').click();
    await expect.poll(() => statusOf(node('07')), IN_TIME).toMatch(/launched/);
    await expect.poll(() => statusOf(node('04')), IN_TIME).toMatch(/running/);
    await picture(page, 'first-flow-failure', { size: { width: 1440, height: 520 } });
    await expect.poll(() => statusOf(node('04')), IN_TIME).toMatch(/succeeded/);
    expect(launches(simulator)).toHaveLength(3);

    // See it.
    await page.goto(`${appliance.url}/status`);
    await page.getByText('No space left on device').waitFor(IN_TIME);
    await picture(page, 'first-flow-status', { size: { width: 1000, height: 760 } });

    // Keep it: what the deploy wrote, with a rehearsal beside it.
    const flows = join(folder, 'flows');
    expect(readdirSync(flows).sort()).toEqual(['flow-1.json', 'resume-on-failure', 'resume-on-failure.json']);
    expect(readdirSync(join(flows, 'resume-on-failure'))).toEqual(['tries-left.js']);
    copyFileSync(`${EXAMPLE}.flowtest.yaml`, join(flows, 'resume-on-failure.flowtest.yaml'));
    for (const command of [['test'], ['check', '--no-environment', '--strict']]) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [MAIN, command[0] ?? '', flows, ...command.slice(1)],
        {
          cwd: folder,
          env: { PATH: process.env.PATH, HOME: folder },
          encoding: 'utf8',
        },
      );
      expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
    }
    expect(complaints).toEqual([]);
    expect(await appliance.stop()).toBe(0);
    await simulator.close();
  });
});
