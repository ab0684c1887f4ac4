import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { declines, declinesText, node, server, unable, withstands } from './failures';
import { addExample, allow, approve, arrive, arriveAsDoctor } from './people';

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
  const mark = () => dialog.getByRole('button', { name: 'Mark as wrong' }).click();
  await withstands(dialog, [node], mark);
  await declines(dialog, mark);
  await withstands(dialog, [server], async () => {
    await mark();
    await approve(page);
  });
  await mark();
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
  await replayed(page, text, 'permitted, as the owner');
});

test('results that were sent are taken in by one approval, and who reads one saves a receipt that holds', async ({
  browser,
}) => {
  const [patient, doctor] = await Promise.all([0, 1].map(async () => (await browser.newContext()).newPage()));
  if (!patient || !doctor) throw new Error('two pages');
  const vault = await arrive(patient);
  await arriveAsDoctor(doctor);
  await doctor.getByRole('link', { name: 'Send a result' }).click();
  await doctor.getByLabel("Patient's address").fill(vault);
  const send = () => doctor.getByRole('button', { name: 'Sign and send' }).click();
  for (const title of ['Letter', 'Second letter', 'Third letter']) {
    await doctor.getByLabel('or write a text').fill(`${title}: all is well.`);
    await doctor.getByLabel('Title').fill(title);
    if (title === 'Letter') {
      await withstands(doctor, [node, server], send);
      await declinesText(doctor, send);
    }
    await send();
    await expect(doctor.getByText("Sent. It waits in the patient's mailbox.")).toBeVisible();
  }

  await patient.getByRole('link', { name: 'Inbox', exact: true }).click();
  await expect(patient.getByRole('button', { name: 'Add all 3 to my records' })).toBeVisible();
  await patient.getByRole('button', { name: 'Discard' }).first().click();
  const dialog = patient.getByRole('dialog', { name: 'Discard this result?' });
  await expect(dialog).toBeVisible();
  expect(await violations(patient)).toEqual([]);
  const discard = () => dialog.getByRole('button', { name: 'Discard' }).click();
  await withstands(dialog, [unable('**/v1/mailbox/**', 'DELETE')], discard);
  await discard();
  await expect(patient.getByText('Discarded.')).toBeVisible();
  const takeAll = patient.getByRole('button', { name: 'Add all 2 to my records' });
  const mailbox = patient.locator('section').filter({ has: patient.getByRole('heading', { name: 'Sent to you' }) });
  await withstands(mailbox, [node], () => takeAll.click());
  await declines(mailbox, () => takeAll.click());
  await withstands(mailbox, [server], async () => {
    await takeAll.click();
    await approve(patient);
  });
  // On chain, while the server cannot take them in yet.
  let refusals = 0;
  await patient.route('**/v1/mailbox/*/*/accept', async (route) => {
    if (refusals++ >= 2) return route.fallback();
    await route.fulfill({ status: 503, body: 'away' });
  });
  await takeAll.click();
  await approve(patient);
  await expect(patient.getByRole('button', { name: 'Add to my records' })).toHaveCount(0);
  expect(refusals).toBe(4);
  await patient.getByRole('link', { name: 'Records', exact: true }).click();
  await expect(patient.getByText('2 records. Only you')).toBeVisible();

  await allow(patient, process.env.AEGLE_DOCTOR ?? '');
  // As a link would: the list of patients is asked for once a minute.
  await doctor.evaluate((path) => history.pushState(null, '', path), `/care/${vault}?purpose=TREAT`);
  await doctor
    .getByRole('link', { name: /Letters and summaries/ })
    .first()
    .click();
  await expect(doctor.getByText('all is well.')).toBeVisible();
  const saved = doctor.waitForEvent('download');
  await doctor.getByRole('button', { name: 'Save the receipt' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  const { consents, records } = JSON.parse(text);
  expect([consents.length, records.length]).toEqual([1, 1]);
  await replayed(doctor, text, 'permitted');
});

/** Has the page of proofs decide again, from the chain and from what the file opens. */
async function replayed(page: Page, receipt: string, how: string): Promise<void> {
  await page.goto('/verify');
  await page.locator('input[type=file]').setInputFiles({ name: 'r.json', mimeType: '', buffer: Buffer.from(receipt) });
  const checks = page.getByRole('list', { name: 'What was checked' }).getByRole('listitem');
  await expect(checks.filter({ hasText: 'Decided again' })).toHaveText(new RegExp(`^Holds:.*${how}`));
  await expect(checks.filter({ hasText: 'records went out' })).toHaveText(/^Holds:/);
  await expect(checks.filter({ hasText: 'Does not hold' })).toHaveCount(0);
}
