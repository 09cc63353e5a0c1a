import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openDialog, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { picture } from '../support/picture.ts';
import { connectionTo, launches, launchRequest, platform } from '../support/platform.ts';

describe('in the browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('signs in, picks a pipeline in the launch dialog, deploys, triggers, and sees the run end', async () => {
    const simulator = await platform({ speed: 2 });
    const folder = temporaryFolder();
    const inject = node('inject', {
      id: 'inject00000001',
      name: 'Go',
      props: [{ p: 'payload' }],
      payloadType: 'date',
      repeat: '',
      crontab: '',
      once: false,
      onceDelay: 0.1,
      topic: '',
      x: 140,
      y: 120,
    });
    const launch = node('seqera-workflow-launch', {
      id: 'launch00000001',
      name: 'Launch it',
      seqera: '',
      launchpadName: '',
      x: 340,
      y: 120,
    });
    const monitor = node('seqera-workflow-monitor', {
      id: 'monitor0000001',
      name: 'Follow it',
      seqera: '',
      poll: 1,
      pollUnits: 'seconds',
      x: 560,
      y: 120,
    });
    const debug = node('debug', { id: 'debug000000001', name: 'end', complete: 'payload', x: 780, y: 120 });
    wire(inject, [launch]);
    wire(launch, [monitor]);
    wire(monitor, [], [debug], []);
    await using appliance = await Appliance.start({
      folder,
      flows: { 'browser.json': tab([inject, launch, monitor, debug], 'tab1', 'Browser') },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);

    // The palette has the nodes, under their labels.
    for (const label of ['Launch wf', 'Monitor wf']) {
      await page.waitForSelector(`.red-ui-palette-node:has-text("${label}")`);
    }

    // The launch node's dialog, and a pipeline from the Platform by its first letters.
    await openDialog(page, '[id="launch00000001"]');
    const input = page.getByRole('combobox', { name: 'Launchpad' });
    await input.click();
    await input.pressSequentially('sar', { delay: 40 });
    const suggestion = page.locator('.seqera-popup [role=option]', { hasText: 'sarek' }).first();
    await suggestion.waitFor({ timeout: 15_000 });
    await picture(page, 'launch-dialog');
    await suggestion.click();
    await page.click('#node-dialog-ok');
    await page.waitForSelector('.red-ui-tray-body #dialog-form', { state: 'detached' });

    await page.click('#red-ui-header-button-deploy');
    await page.waitForSelector('.red-ui-notification-success, .red-ui-notification:has-text("Successfully deployed")');
    expect(launches(simulator)).toHaveLength(0);

    // The inject node's button, and the monitor's status under the node.
    await page.click('[id="inject00000001"] .red-ui-flow-node-button-button');
    const status = page.locator('[id="monitor0000001"] .red-ui-flow-node-status-label');
    await expect.poll(async () => status.textContent(), { timeout: 20_000 }).toMatch(/submitted|running/i);
    await expect.poll(async () => status.textContent(), { timeout: 30_000 }).toMatch(/succeeded/i);
    expect(launches(simulator)).toHaveLength(1);
    expect(launchRequest(simulator).pipeline).toContain('sarek');

    // The connection from the environment is shown as such and cannot be edited.
    expect(complaints).toEqual([]);
    expect(await appliance.stop()).toBe(0);
    await simulator.close();
  });
});
