import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openPage, signIn } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab, trigger, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform, post } from '../support/platform.ts';

/** Pictures are left here, when it is set. */
const SHOTS = process.env.REDSTART_SHOTS;

/** Launches so many runs and follows them. */
function launching() {
  const start = trigger('/launch', []);
  const fan = node('function', {
    name: 'Each',
    func: "for (let i = 0; i < msg.payload.runs; i += 1) node.send({ runName: msg.payload.name + '-' + i }); return null;",
  });
  const launch = node('seqera-workflow-launch', {
    name: 'Launch it',
    seqera: '',
    launchpadName: 'hello',
    runName: 'runName',
    runNameType: 'msg',
  });
  const monitor = node('seqera-workflow-monitor', { name: 'Follow it', seqera: '', poll: 1, pollUnits: 'seconds' });
  const poll = node('seqera-workflow-poll', { name: 'New runs', seqera: '', pollFrequency: 5, pollUnits: 'seconds' });
  const wrong = node('function', { name: 'Faulty', func: "node.error('the sample sheet has no header', msg);" });
  wire(start[0]!, [fan, start[1]!]);
  wire(fan, [launch]);
  wire(launch, [monitor]);
  wire(monitor, [], [], [wrong]);
  return tab([...start, fan, launch, monitor, poll, wrong], 'tab1', 'Nightly');
}

describe('the status page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  it('shows what goes on to who is signed in, as it happens', async () => {
    const simulator = await platform({
      scenario: { runs: [{ match: { runName: 'bad' }, end: 'FAILED', errorMessage: 'Process `ALIGN` ran out of memory' }] },
    });
    const folder = temporaryFolder();
    await using appliance = await Appliance.start({
      folder,
      flows: { 'nightly.json': launching(), 'off.json': [{ id: 'tab2', type: 'tab', label: 'Resting', disabled: true }] },
      env: { ...connectionTo(simulator, folder), ...withEditor },
    });
    const { page, complaints } = await openPage(browser);
    await page.goto(`${appliance.url}/status`);
    await page.getByLabel('User name').fill(ADMIN.user);
    await page.getByLabel('Password').fill(ADMIN.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await appliance.fetch('/api/launch', post({ runs: 3, name: 'bad' }));
    await appliance.fetch('/api/launch', post({ runs: 4, name: 'good' }));
    await page.getByRole('button', { name: 'good-3' }).waitFor();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, 'live.png'), fullPage: true });
    await expect.poll(() => page.locator('.row').count(), { timeout: 30_000 }).toBe(0);
    await page.getByLabel('Show', { exact: true }).selectOption('ended');
    await page.getByRole('button', { name: 'bad-1' }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, 'detail.png'), fullPage: false });
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 360, height: 800 });
    if (SHOTS) await page.screenshot({ path: join(SHOTS, 'narrow.png'), fullPage: true });
    expect(complaints).toEqual([]);
    await simulator.close();
  });
});
