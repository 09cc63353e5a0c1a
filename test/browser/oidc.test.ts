import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { ADMIN, withEditor } from '../support/editor.ts';
import { node, tab } from '../support/flows.ts';
import { OIDC_ENV, type RunningProvider, startProvider } from '../support/oidc-provider.ts';

const EDITOR_READY = '#red-ui-palette .red-ui-palette-node';

describe('single sign-on in the browser', () => {
  let browser: Browser;
  let provider: RunningProvider;
  beforeAll(async () => {
    browser = await launchBrowser();
    provider = await startProvider();
  });
  afterAll(async () => {
    await browser.close();
    await provider.close();
  });

  it('leads into the editor and out again, says why somebody has no access, and goes in no circle', async () => {
    const debug = node('debug', { id: 'debug000000001', name: 'end', complete: 'payload', x: 300, y: 120 });
    await using appliance = await Appliance.start({
      flows: { 'browser.json': tab([debug], 'tab1', 'Browser') },
      env: { ...withEditor, ...OIDC_ENV(provider.issuer) },
    });
    const editor = `${appliance.url}/editor/`;
    const { page, complaints } = await openPage(browser);
    const button = page.locator('#node-dialog-login-fields a', { hasText: 'Sign in' });
    const toProvider = async (account: string): Promise<void> => {
      await page.fill('input[name=account]', account);
      await page.click('button');
    };

    // Nobody who has a role: a page that says so, and a way to be somebody else.
    await page.goto(editor);
    await button.click();
    await page.click('text=Single sign-on');
    await toProvider('nobody');
    await page.waitForSelector('text=none of your groups has a role here');
    expect(page.url()).toMatch(/\/editor\/auth\/callback\?/);
    await page.click('text=Sign in as somebody else');

    // A viewer: reads, and the deploy button stays as it is.
    await toProvider('vito');
    await page.waitForSelector(EDITOR_READY, { timeout: 30_000 });
    expect(page.url()).not.toContain('code=');
    expect(await page.locator('.red-ui-deploy-button-group.readOnly').count()).toBe(1);
    expect(await page.locator('#red-ui-header-button-deploy').getAttribute('class')).toContain('disabled');

    // Out, at the provider too, and back at the dialog.
    await page.click('#red-ui-header-button-user');
    expect(await page.locator('#usermenu-item-username').textContent()).toContain('vito');
    await page.click('#usermenu-item-logout');
    await page.waitForURL(`${provider.issuer}/**`);
    await page.click('button');
    await page.waitForURL(`${editor}**`);
    await button.waitFor();

    // An administrator: the provider asks again, as the log-out was there too.
    await button.click();
    await page.click('text=Single sign-on');
    await toProvider('anna');
    await page.waitForSelector(EDITOR_READY, { timeout: 30_000 });
    expect(await page.locator('.red-ui-deploy-button-group.readOnly').count()).toBe(0);

    // With a password, on the same page, in a browser of its own.
    const other = await openPage(browser);
    await other.page.goto(`${editor}auth/sign-in`);
    await other.page.fill('input[name=username]', ADMIN.user);
    await other.page.fill('input[name=password]', 'not the password');
    await other.page.click('button');
    await other.page.waitForSelector('[role=alert]');
    await other.page.fill('input[name=username]', ADMIN.user);
    await other.page.fill('input[name=password]', ADMIN.password);
    await other.page.click('button');
    await other.page.waitForSelector(EDITOR_READY, { timeout: 30_000 });
    // 403: the page that refuses is one. What the provider's pages have to complain of is its own affair.
    const unexpected = [...complaints, ...other.complaints].filter(
      (text) => !/status of 403/.test(text) && !text.includes(provider.issuer),
    );
    expect(unexpected).toEqual([]);
  });
});
