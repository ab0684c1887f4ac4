import { expect, test } from '@playwright/test';
import { addExample, allowPractice, approve, arrive } from './people';

test('a newcomer sets up, adds a record, allows the practice, sees it look, stops it and sees it refused', async ({
  page,
}) => {
  await arrive(page);
  await addExample(page);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();
  await expect(page.getByText('Only you.')).toBeVisible();

  await allowPractice(page);
  await page.getByRole('link', { name: 'Who looked', exact: true }).click();
  // By itself: the page is not loaded again.
  await expect(page.getByText('opened a record').first()).toBeVisible();
  await page.getByRole('link', { name: 'Blood count (example)' }).first().click();
  await expect(page.getByRole('listitem').filter({ hasText: 'for treatment, until' })).toBeVisible();
  await page.getByRole('link', { name: 'Who looked', exact: true }).first().click();
  await page.getByRole('button', { name: 'Check that nothing is missing' }).click();
  await expect(page.getByText(/Whole: \d+ entries/)).toBeVisible();

  await page.getByRole('link', { name: 'Who can see', exact: true }).click();
  await page.getByRole('button', { name: 'Stop allowing' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop allowing' }).click();
  await approve(page);
  await expect(page.getByText('Stopped. From now on every attempt is refused.')).toBeVisible();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Only you')).toBeVisible();
  await page.getByRole('link', { name: 'Who looked', exact: true }).click();
  await expect(page.getByText('was refused')).toBeVisible();
});
