import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, type Page, test } from '@playwright/test';
import { addExample, arrive } from './people';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 AA, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`pages for everybody have no violations in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    for (const path of ['/', '/sign-in', '/settings', '/nowhere']) {
      await page.goto(path);
      await expect(page.locator('main')).not.toBeEmpty();
      expect.soft(await violations(page), path).toEqual([]);
    }
  });

  test(`the patient's pages and dialogs have no violations in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await arrive(page);
    await addExample(page);
    expect.soft(await violations(page), 'records').toEqual([]);
    await page.getByRole('link', { name: 'Blood count (example)' }).click();
    await expect(page.getByText('Hemoglobin')).toBeVisible();
    expect.soft(await violations(page), 'a record').toEqual([]);
    await page.getByRole('button', { name: 'Erase' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect.soft(await violations(page), 'erasing').toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    for (const name of ['Who can see', 'Who looked', 'Inbox']) {
      await page.getByRole('link', { name, exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
      expect.soft(await violations(page), name).toEqual([]);
    }
  });
}
