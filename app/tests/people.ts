import { expect, type Locator, type Page } from '@playwright/test';

/** Answers what the development wallet asks. */
export async function approve(page: Page): Promise<void> {
  await page.getByRole('dialog', { name: 'Development wallet' }).getByRole('button', { name: 'Approve' }).click();
}

export async function reject(page: Page): Promise<void> {
  await page.getByRole('dialog', { name: 'Development wallet' }).getByRole('button', { name: 'Reject' }).click();
}

/** A new patient with an empty wallet, set up, in front of the own records. Gives the vault's address. */
export async function arrive(page: Page): Promise<string> {
  const asks = (url: string) => new URL(url).searchParams.get('patient') ?? '';
  const asked = page.waitForRequest((request) => asks(request.url()) !== '', { timeout: 0 });
  await page.goto('/');
  await page.getByRole('link', { name: 'Start' }).click();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await approve(page);
  await page.getByText('I have written it down or printed it').click();
  await page.getByRole('button', { name: 'Go to my records' }).click();
  await expect(page.getByRole('heading', { name: 'Your records' })).toBeVisible();
  return asks((await asked).url());
}

/** One of the patients whom a doctor sees: others come and go meanwhile. */
export function patientOf(doctor: Page, vault: string): Locator {
  return doctor.locator(`main a[href*="${vault}"]`);
}

/** Adds the example record. */
export async function addExample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add an example record' }).click();
  await approve(page);
  await expect(page.getByRole('link', { name: 'Blood count (example)' })).toBeVisible();
}

/** Allows the practice that is played to see everything for a month. */
export async function allowPractice(page: Page): Promise<void> {
  await allow(page, async () => page.getByRole('button', { name: 'The practice doctor' }).click());
}

/** Allows somebody, by address or by a way to name them, to see everything for a month. */
export async function allow(page: Page, who: string | (() => Promise<void>)): Promise<void> {
  await page.getByRole('link', { name: 'Who can see', exact: true }).first().click();
  await page.getByRole('link', { name: 'Allow someone' }).click();
  if (typeof who === 'string') await page.getByLabel('Address or QR code').fill(who);
  else await who();
  await expect(page.getByText('Found')).toBeVisible();
  for (let step = 0; step < 3; step++) await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await approve(page);
  await expect(page.getByRole('heading', { name: /can now see/ })).toBeVisible();
}

/** A doctor whom nobody plays, signed in, with the patients who allow. */
export async function arriveAsDoctor(page: Page): Promise<void> {
  const { AEGLE_DOCTOR_SEED: seed, AEGLE_DOCTOR_KEY_FILE: keyFile } = process.env;
  if (!seed || !keyFile) throw new Error('run by with-stack, which names a doctor');
  await page.addInitScript((seed) => localStorage.setItem('aegle-development-wallet', seed), seed);
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Patients' })).toBeVisible();
}

/** Opens the code on the patient's page and gives the address that is in it. */
export async function showCode(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Who can see', exact: true }).first().click();
  await page.getByRole('link', { name: 'Show my code' }).click();
  await expect(page.getByRole('img', { name: 'A code that a camera reads' })).toBeVisible();
  return (await page.locator('main code').textContent()) ?? '';
}

/** A patient as doctors see them. */
export function named(vault: string): string {
  return `Patient ${vault.slice(0, 4)}…${vault.slice(-4)}`;
}
