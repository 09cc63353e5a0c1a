import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Where pictures of the documentation are left, when it is set: `node scripts/pictures.mjs` sets it to docs/images. */
const FOLDER = process.env.REDSTART_PICTURES;
/** Wide enough for the editor's three columns, narrow enough for a page of text. */
const SIZE = { width: 1200, height: 640 };

/** Takes a picture for the documentation, where somebody asked for pictures; else it does nothing. */
export async function picture(
  page: Page,
  name: string,
  options: { fullPage?: boolean; size?: typeof SIZE } = {},
): Promise<void> {
  if (!FOLDER) return;
  const before = page.viewportSize();
  await page.setViewportSize(options.size ?? SIZE);
  // The editor lays its columns out anew when the window has another size.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({
    path: join(FOLDER, `${name}.png`),
    fullPage: options.fullPage ?? false,
    animations: 'disabled',
  });
  if (before) await page.setViewportSize(before);
}
