import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { addExample, allowPractice, arrive } from '../tests/people';

/** Every page in both themes at three widths: `make screenshots`. */
const WIDTHS = { phone: 390, tablet: 820, desktop: 1280 };
const folder = process.env.AEGLE_SCREENSHOTS ?? join(import.meta.dirname, '../../.aegle/screenshots');

async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [device, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${device}.png`), fullPage: true });
    }
  }
}

test('pages for everybody', async ({ page }) => {
  for (const [name, path] of Object.entries({
    welcome: '/',
    'sign-in': '/sign-in',
    settings: '/settings',
    verify: '/verify',
    about: '/about',
    'about-patients': '/about/patients',
    'about-hospitals': '/about/hospitals',
    'about-lawyers': '/about/lawyers',
    'not-found': '/nowhere',
  })) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await shoot(page, name);
  }
});

test("the patient's pages", async ({ page }) => {
  await arrive(page);
  await shoot(page, 'records-empty');
  await addExample(page);
  await shoot(page, 'records');
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();
  await shoot(page, 'record');
  await page.getByRole('link', { name: 'Records', exact: true }).first().click();
  await page.getByRole('link', { name: 'Add a record' }).click();
  await shoot(page, 'add');
  await allowPractice(page);
  await page.getByRole('main').getByRole('link', { name: 'Who can see' }).click();
  await expect(page.getByText('in effect')).toBeVisible();
  await shoot(page, 'people');
  await page.getByRole('link', { name: 'Who looked', exact: true }).first().click();
  await expect(page.getByText('opened a record').first()).toBeVisible();
  await shoot(page, 'activity');
  await page.getByRole('link', { name: 'Inbox', exact: true }).first().click();
  await shoot(page, 'inbox');
});
