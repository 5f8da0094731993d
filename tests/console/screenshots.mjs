// Pictures of every view, on a desktop and on a phone, light and dark, into the folder that the
// first argument names. For looking at; nothing is compared.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { plant } from './sample.mjs';
import { DESKTOP, Ensemble, PHONE, openPage, signIn, startBrowser, work } from './support.mjs';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });

const VIEWS = [
  ['ensemble', '#/ensemble'],
  ['tree-data', '#/tree/services/flags'],
  ['tree-acl', '#/tree/secrets/token?tab=acl'],
  ['tree-queue', '#/tree/locks/nightly-report?tab=holders'],
  ['tree-history', '#/tree/services/flags?tab=history'],
  ['sessions', '#/sessions'],
  ['activity', '#/activity'],
];

const ensemble = await Ensemble.start();
const browser = await startBrowser();
const { url, connectString } = ensemble.members[0];
const shells = await plant(connectString);
const over = work(connectString, '/bench', 60);
try {
  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await openPage(browser, url, { viewport, colorScheme });
      await signIn(page, 'ada', 'lovelace');
      for (const [name, hash] of VIEWS) {
        await page.goto(`${url}${hash}`);
        await page.waitForTimeout(name === 'activity' ? 2500 : 900); // for the eye: charts have points then
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
      }
      const session = page.locator('table.sessions tbody a').first();
      await page.goto(`${url}#/sessions`);
      await session.click();
      await page.waitForTimeout(800);
      await page.screenshot({ path: join(folder, `session-${size}-${colorScheme}.png`) });
      await page.goto(`${url}#/tree/services`);
      await page.getByRole('button', { name: 'New child' }).click();
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `create-${size}-${colorScheme}.png`) });
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(folder, `delete-${size}-${colorScheme}.png`) });
      await page.keyboard.press('Escape');
      if (size === 'phone') {
        await page.getByRole('button', { name: 'Tree', exact: true }).click();
        await page.waitForTimeout(300);
        await page.screenshot({ path: join(folder, `tree-list-${size}-${colorScheme}.png`) });
      }
      for (const complaint of page.complaints) console.log(complaint);
      await page.context().close();
    }
  }
  console.log(`screenshots are in ${folder}`);
} finally {
  await browser.close();
  await over;
  for (const shell of shells) await shell.close();
  await ensemble.close();
}
