import { expect, type Page } from '@playwright/test';

/** Answers what the development wallet asks. */
export async function approve(page: Page): Promise<void> {
  await page.getByRole('dialog', { name: 'Development wallet' }).getByRole('button', { name: 'Approve' }).click();
}

export async function reject(page: Page): Promise<void> {
  await page.getByRole('dialog', { name: 'Development wallet' }).getByRole('button', { name: 'Reject' }).click();
}

/** A new patient with an empty wallet, set up, in front of the own records. */
export async function arrive(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: 'Start' }).click();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await approve(page);
  await page.getByText('I have written it down or printed it').click();
  await page.getByRole('button', { name: 'Go to my records' }).click();
  await expect(page.getByRole('heading', { name: 'Your records' })).toBeVisible();
}

/** Adds the example record. */
export async function addExample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add an example record' }).click();
  await approve(page);
  await expect(page.getByRole('link', { name: 'Blood count (example)' })).toBeVisible();
}

/** Allows the practice to see everything for a month. */
export async function allowPractice(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Who can see', exact: true }).click();
  await page.getByRole('link', { name: 'Allow someone' }).click();
  await page.getByRole('button', { name: 'The practice doctor' }).click();
  await expect(page.getByText('Found')).toBeVisible();
  for (let step = 0; step < 3; step++) await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await approve(page);
  await expect(page.getByRole('heading', { name: /can now see/ })).toBeVisible();
}
