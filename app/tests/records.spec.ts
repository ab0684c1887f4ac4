import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { addExample, approve, arrive, reject } from './people';

test('a record is corrected by a new version, which hides the one before and can be marked as wrong', async ({
  page,
}) => {
  await arrive(page);
  await addExample(page);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await page.getByRole('link', { name: 'Correct it' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Correct a record' })).toBeVisible();
  await page.getByRole('button', { name: 'Paste text' }).click();
  await page.getByRole('textbox', { name: 'Paste text' }).fill('Hemoglobin was 13.4 g/dL.');
  await expect(page.getByLabel('Title')).toHaveValue('Blood count (example)');
  expect.soft(await violations(page), 'to correct').toEqual([]);
  await page.getByRole('button', { name: 'Lock and replace' }).click();
  await approve(page);
  await expect(page.getByText('Hemoglobin was 13.4 g/dL.')).toBeVisible();
  await expect(page.getByText('you are looking at it')).toBeVisible();

  await page.getByRole('link', { name: 'Version 1' }).click();
  await expect(page.getByText('A newer version replaces this one.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Correct it' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Open the newest version' }).click();
  await expect(page.getByText('Hemoglobin was 13.4 g/dL.')).toBeVisible();

  await page.getByRole('link', { name: 'Records', exact: true }).click();
  await expect(page.getByText('one earlier version')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Blood count (example)' })).toHaveCount(1);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();

  await page.getByRole('button', { name: 'Mark as wrong' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mark this record as wrong?' });
  expect.soft(await violations(page), 'marking as wrong').toEqual([]);
  await dialog.getByRole('button', { name: 'Mark as wrong' }).click();
  await reject(page);
  await expect(dialog.getByText('You said no in your wallet. Nothing was changed.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Mark as wrong' }).click();
  await approve(page);
  await expect(page.getByText('Marked as wrong. Whoever may see it sees that too.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Mark as wrong' })).toHaveCount(0);
  expect.soft(await violations(page), 'marked as wrong').toEqual([]);
});

test('the receipt of an own look is saved with what opens it, and holds against the chain', async ({ page }) => {
  await arrive(page);
  await addExample(page);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the receipt' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  expect(JSON.parse(text).records).toHaveLength(1);
  await page.goto('/verify');
  await page.locator('input[type=file]').setInputFiles({ name: 'r.json', mimeType: '', buffer: Buffer.from(text) });
  const checks = page.getByRole('list', { name: 'What was checked' }).getByRole('listitem');
  // Made again from the chain and from what the file opens, the labels of the record among it.
  await expect(checks.filter({ hasText: 'Decided again' })).toHaveText(/^Holds:.*permitted, as the owner/);
  await expect(checks.filter({ hasText: 'records went out' })).toHaveText(/^Holds:/);
  await expect(checks.filter({ hasText: 'Does not hold' })).toHaveCount(0);
});
