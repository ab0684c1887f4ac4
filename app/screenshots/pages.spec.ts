import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { allowPractice, arrive } from '../tests/people';
import { arriveBoth, pagesOf, visit } from '../tests/walk';

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

/** The pages of a map of routes, named as the routes are. */
async function shootAll(page: Page, paths: Map<string, string>): Promise<void> {
  for (const [route, path] of paths) {
    await visit(page, path);
    await shoot(page, route.slice(1).replaceAll('/', '-').replaceAll('$', '') || 'welcome');
  }
}

test('pages for everybody', async ({ page }) => {
  await page.goto('/');
  await shootAll(page, new Map([...pagesOf('everybody'), ['/not-found', '/nowhere']]));
});

test("a newcomer's pages", async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByRole('heading', { name: 'Set up your records' })).toBeVisible();
  await shootAll(page, pagesOf('newcomer'));
});

test('before there is a record', async ({ page }) => {
  await arrive(page);
  await shoot(page, 'records-empty');
});

test("the patient's and the doctor's pages", async ({ browser }) => {
  const { patient, doctor, at } = await arriveBoth(browser);
  await shootAll(doctor, pagesOf('doctor', at));
  await allowPractice(patient);
  await visit(patient, '/activity');
  await expect(patient.getByText('opened a record').first()).toBeVisible();
  await shootAll(patient, pagesOf('patient', at));
});
