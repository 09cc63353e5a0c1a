import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** Headless Chromium that talks to nobody but the page under test. */
export async function launchBrowser(): Promise<Browser> {
  if (!EXECUTABLE) throw new Error('These tests need Chromium: install the Debian package chromium.');
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Watched {
  page: Page;
  /** Violations of the content security policy and errors of the console, as they came. */
  complaints: string[];
}

/**
 * A page of a context of its own. A self-signed certificate is accepted: the appliance made it a moment ago.
 * @param locale what the browser says that its user reads
 */
export async function openPage(browser: Browser, locale = 'en-US'): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1500, height: 900 }, ignoreHTTPSErrors: true, locale });
  const complaints: string[] = [];
  // Of the context, not of the page: the editor opens windows of its own.
  context.on('console', (message) => {
    // The editor asks who is signed in before anybody is: that 401 is how it learns to show the sign-in dialog.
    if (message.type() === 'error' && !/status of 401/.test(message.text()))
      complaints.push(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => complaints.push(error.error().stack || JSON.stringify(error.error())));
  await context.exposeFunction('redstartViolation', (text: string) => complaints.push(text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { effectiveDirective, blockedURI, sample, sourceFile, lineNumber } = event;
      const report = (window as unknown as { redstartViolation(text: string): void }).redstartViolation;
      report(`policy: ${effectiveDirective} ${blockedURI} ${sample} at ${sourceFile}:${lineNumber}`);
    });
  });
  return { page: await context.newPage(), complaints };
}

export async function signIn(page: Page, url: string, user: string, password: string): Promise<void> {
  await page.goto(url);
  await page.fill('#node-dialog-login-username', user);
  await page.fill('#node-dialog-login-password', password);
  await page.click('#node-dialog-login-submit');
  await page.waitForSelector('#red-ui-palette .red-ui-palette-node', { timeout: 30_000 });
  // Where there are no nodes yet, the tab that the editor adds tells that flows have been loaded.
  await page.waitForSelector('.red-ui-flow-node, #red-ui-workspace-tabs .red-ui-tab', { state: 'attached' });
}

/**
 * Opens a node's dialog. While a dialog before it slides out, and on a machine that is slow to tell two clicks from a
 * double one, the editor takes no notice: so again, as a person would.
 */
export async function openDialog(page: Page, node: string): Promise<void> {
  const form = page.locator('.red-ui-tray-body #dialog-form');
  const deadline = Date.now() + 30_000;
  for (;;) {
    await page
      .locator(node)
      .first()
      .dblclick({ timeout: 5000 })
      .catch(() => {});
    const open = await form.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false,
    );
    if (open) return;
    if (Date.now() > deadline) throw new Error(`the dialog of ${node} does not open`);
  }
}
