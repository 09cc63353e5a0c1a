import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openDialog, openPage, signIn } from '../support/browser.ts';
import { ADMIN, EditorSession, withEditor } from '../support/editor.ts';
import { node, tab, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform } from '../support/platform.ts';

const options = (page: Page) => page.locator('.seqera-popup [role=option]');

async function edit(page: Page, id: string): Promise<void> {
  await openDialog(page, `[id="${id}"]`);
  // It takes the focus once it has slid in.
  await page.waitForFunction(() => document.activeElement?.closest('.red-ui-tray') !== null);
}

async function done(page: Page): Promise<void> {
  await page.click('#node-dialog-ok');
  await page.waitForSelector('.red-ui-tray-body #dialog-form', { state: 'detached' });
}

describe('dialogs of data links and datasets', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('go through folders by keyboard, suggest datasets, and keep the wires of the outputs', async () => {
    const simulator = await platform();
    const folder = temporaryFolder();
    const list = node('seqera-datalink-list', { id: 'list0000000001', name: 'List', x: 240, y: 80 });
    const poll = node('seqera-datalink-poll', { id: 'poll0000000001', name: 'Poll', outputs: 2, x: 240, y: 160 });
    const add = node('seqera-dataset-add', { id: 'add00000000001', name: 'Add', x: 240, y: 280 });
    const gone = node('debug', { id: 'gone0000000001', name: 'gone', x: 640, y: 160 });
    wire(poll, [], [gone]);
    await using appliance = await Appliance.start({
      folder,
      flows: { 'browser.json': tab([list, poll, add, gone], 'tab1', 'Browser') },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    await signIn(page, `${appliance.url}/editor/`, ADMIN.user, ADMIN.password);
    for (const label of ['List files', 'Poll files', 'Add dataset', 'Get dataset'])
      await page.waitForSelector(`.red-ui-palette-node:has-text("${label}")`);

    await edit(page, 'list0000000001');
    const dataLink = page.getByRole('combobox', { name: 'Data link' });
    const path = page.getByRole('combobox', { name: 'Folder' });
    await path.focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('.seqera-note').getByText('Choose the data link first.').waitFor();
    await page.keyboard.press('Escape');
    await dataLink.focus();
    await dataLink.pressSequentially('archive', { delay: 30 });
    await options(page).filter({ hasText: 's3://redstart-reads-archive' }).waitFor();
    await page.keyboard.press('Enter');
    expect(await dataLink.inputValue()).toBe('reads-archive');

    await path.focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => options(page).allTextContents()).toEqual(['runs/', 'samplesheets/']);
    await page.keyboard.press('Enter');
    await expect
      .poll(() => options(page).allTextContents())
      .toEqual(['✓ Use runs', '↑ One folder up', '2026-05-12_A00123/', '2026-05-19_A00124/']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await options(page).filter({ hasText: 'Use runs/2026-05-12_A00123' }).waitFor();
    await page.keyboard.press('Enter');
    expect(await path.inputValue()).toBe('runs/2026-05-12_A00123');
    await options(page).first().waitFor({ state: 'detached' });
    await done(page);

    await edit(page, 'poll0000000001');
    await page.getByRole('combobox', { name: 'Data link' }).fill('reads');
    await page.getByLabel('Each poll').check();
    await page.getByLabel('Changes').check();
    await done(page);

    await edit(page, 'add00000000001');
    const dataset = page.getByRole('combobox', { name: 'Dataset' });
    await dataset.focus();
    await dataset.pressSequentially('samples', { delay: 30 });
    await options(page).filter({ hasText: 'version 2' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('If it exists').selectOption('version');
    await done(page);

    await page.click('#red-ui-header-button-deploy');
    await page.waitForSelector('.red-ui-notification-success, .red-ui-notification:has-text("Successfully deployed")');
    const flows = await (await EditorSession.signIn(appliance)).flows();
    const saved = (id: string) => flows.find((each) => each.id === id);
    expect(saved('list0000000001')).toMatchObject({
      dataLinkName: 'reads-archive',
      dataLinkNameType: 'str',
      basePath: 'runs/2026-05-12_A00123',
      returnType: 'files',
    });
    expect(saved('poll0000000001')).toMatchObject({
      outputs: 4,
      outputAllPolls: true,
      detectChanges: true,
      wires: [[], [], ['gone0000000001'], []],
    });
    expect(saved('add00000000001')).toMatchObject({ datasetName: 'samples', onExists: 'version', fileType: 'csv' });
    expect(complaints).toEqual([]);
    expect(await appliance.stop()).toBe(0);
    await simulator.close();
  });
});
