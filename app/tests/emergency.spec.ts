import { expect, type Locator, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { declines, declinesText, node, server, unable, withstands } from './failures';
import { addExample, approve, arrive, arriveAsDoctor } from './people';

const REASON = 'Found unconscious after a fall, and nobody to ask.';

/** The patient's address, as the page asks the server for it. */
function addressOf(page: Page): () => string {
  let vault = '';
  page.on('request', (request) => {
    vault ||= /\/v1\/chain\/vaults\/(\w+)\/break-glass/.exec(request.url())?.[1] ?? '';
  });
  return () => vault;
}

/** The part of a page that has a button, and says what becomes of pressing it. */
function partWith(page: Page, name: string): Locator {
  return page.locator('section').filter({ has: page.getByRole('button', { name }) });
}

test('a doctor opens records with a reason, the patient sees it at once, and reviews or forbids it', async ({
  browser,
}) => {
  const [patient, doctor] = await Promise.all([0, 1].map(async () => (await browser.newContext()).newPage()));
  if (!patient || !doctor) throw new Error('two pages');
  const vault = addressOf(patient);
  await arrive(patient);
  await addExample(patient);

  // The patient allows it, by two of three key keepers.
  await patient.getByRole('link', { name: 'Settings' }).click();
  await patient.getByRole('link', { name: 'Emergencies' }).click();
  await expect(patient.getByText('Off: nobody can open your records without you.')).toBeVisible();
  const keepers = patient.getByRole('checkbox', { name: /^Key keeper/ });
  await expect(keepers).toHaveCount(3);
  for (const keeper of await keepers.all()) {
    await keeper.locator('xpath=ancestor::label').click();
  }
  await expect(patient.getByLabel('How many have a key together')).toHaveValue('2');
  expect.soft(await violations(patient), 'allowing').toEqual([]);
  const allowing = partWith(patient, 'Allow in emergencies');
  const allow = () => allowing.getByRole('button', { name: 'Allow in emergencies' }).click();
  await withstands(allowing, [node, server], allow);
  await declinesText(allowing, allow);
  await declines(allowing, allow);
  await withstands(allowing, [unable('**/v1/relay', 'POST')], async () => {
    await allow();
    await approve(patient);
  });
  await allow();
  await approve(patient);
  await expect(patient.getByText('2 of these 3 key keepers together give a doctor the key:')).toBeVisible();
  await patient.getByRole('link', { name: 'Records', exact: true }).click();

  // A doctor opens.
  await arriveAsDoctor(doctor);
  await doctor.getByRole('link', { name: 'Emergency' }).click();
  await doctor.getByLabel("The patient's address").fill(vault());
  await doctor.getByLabel('Why?').fill(REASON);
  expect.soft(await violations(doctor), 'opening').toEqual([]);
  const opening = partWith(doctor, 'Sign and open');
  const open = () => opening.getByRole('button', { name: 'Sign and open' }).click();
  await withstands(opening, [node, server], open);
  await declinesText(opening, open);
  // Opened on chain, by the server, before the node is away: it is asked again until it answers.
  await doctor.route('**/v1/emergencies', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    const response = await route.fetch();
    await node.begin(doctor);
    await route.fulfill({ response });
  });
  const lost = doctor.waitForEvent('requestfailed', (request) =>
    request.url().startsWith(process.env.AEGLE_RPC_URL ?? 'no node'),
  );
  await open();
  await lost;
  await node.end(doctor);
  await expect(doctor.getByText(`Your reason: ${REASON}`)).toBeVisible();

  // The patient is told wherever they are, and the doctor reads once the key keepers have answered.
  await expect(patient.getByText('Your records were opened in an emergency')).toBeVisible();
  const record = doctor.getByRole('link', { name: 'Laboratory results' });
  await expect(record).toBeVisible();
  await withstands(doctor, [node], () => record.click());
  const again = doctor.getByRole('button', { name: 'Try again' });
  await withstands(doctor, [server], () => again.click());
  await again.click();
  await expect(doctor.getByText('Hemoglobin')).toBeVisible();
  expect.soft(await violations(doctor), 'reading').toEqual([]);

  // No other is opened until the patient has looked.
  await doctor.getByRole('link', { name: 'All records of this patient' }).click();
  await doctor.getByRole('link', { name: 'Emergency' }).click();
  await expect(doctor.getByText(/has to look at your last opening first/)).toBeVisible();
  await expect(doctor.getByRole('button', { name: 'Sign and open' })).toHaveCount(0);
  await patient.getByRole('link', { name: 'See who and why' }).click();
  await expect(patient.getByText(REASON)).toBeVisible();
  expect.soft(await violations(patient), 'an opening').toEqual([]);
  const looked = patient.getByRole('button', { name: 'I have looked at it' });
  const opened = patient.getByRole('listitem').filter({ has: looked });
  await withstands(opened, [node], () => looked.click());
  await declines(opened, () => looked.click());
  await withstands(opened, [server], async () => {
    await looked.click();
    await approve(patient);
  });
  await looked.click();
  await approve(patient);
  await expect(patient.getByText('You have looked at it')).toBeVisible();
  await expect(patient.getByText('Your records were opened in an emergency')).toHaveCount(0);
  await expect(doctor.getByLabel("The patient's address")).toBeVisible();

  // Forbidden ends what is open, and the doctor is told why nothing opens.
  await doctor.getByRole('link', { name: 'Read', exact: true }).first().click();
  await expect(doctor.getByRole('link', { name: 'Laboratory results' })).toBeVisible();
  await patient.getByRole('button', { name: 'Forbid' }).click();
  const dialog = patient.getByRole('dialog', { name: 'Forbid opening in emergencies?' });
  const forbid = () => dialog.getByRole('button', { name: 'Forbid' }).click();
  await withstands(dialog, [node], forbid);
  await declines(dialog, forbid);
  await withstands(dialog, [server], async () => {
    await forbid();
    await approve(patient);
  });
  await forbid();
  await approve(patient);
  await expect(patient.getByText('Off: nobody can open your records without you.')).toBeVisible();
  await expect(doctor.getByText('The patient has forbidden it')).toBeVisible();
  await doctor.getByRole('link', { name: 'Emergency' }).click();
  await doctor.getByLabel("The patient's address").fill(vault());
  await expect(doctor.getByText('This patient does not allow it')).toBeVisible();
  await expect(doctor.getByRole('button', { name: 'Sign and open' })).toHaveCount(0);
});

test('an emergency card says what the patient typed, and is sent nowhere', async ({ page }) => {
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.url() + (request.postData() ?? '')));
  await arrive(page);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Emergency card' }).click();
  await page.getByLabel('Allergies').fill('penicillin');
  await page.getByLabel('Blood group').selectOption('A+');
  const card = page.getByRole('region', { name: 'Your card' });
  await expect(card.getByText('Allergies: penicillin')).toBeVisible();
  await expect(card.getByText('Not encrypted: whoever holds this card can read it.')).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ media: 'print' });
  await expect(card).toBeVisible();
  await expect(page.getByRole('button', { name: 'Print the card' })).toBeHidden();
  await expect(page.getByRole('banner')).toBeHidden();
  expect(sent.some((text) => text.includes('penicillin'))).toBe(false);
});
