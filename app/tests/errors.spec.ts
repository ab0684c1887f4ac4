import { expect, test } from '@playwright/test';
import { declines, ended, node, offline, refused, server, unable, unreachable, withstands } from './failures';
import { addExample, allow, approve, arrive, arriveAsDoctor, patientOf } from './people';

/** Nothing here loads a document a second time: what is held in it would be gone. */
test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    const loads = Number(window.name) || 0;
    window.name = String(loads + 1);
  });
});

test('signing in and setting up go on after every failure', async ({ page }) => {
  await page.goto('/sign-in');
  const signIn = () => page.getByRole('button', { name: 'Try it' }).click();
  await withstands(page, [server, unreachable, offline], signIn);
  await signIn();
  await expect(page.getByRole('heading', { name: 'Set up your records' })).toBeVisible();

  const setUp = () => page.getByRole('button', { name: 'Set up my records' }).click();
  await withstands(page, [server, unreachable, offline, ended(), node], setUp);
  await declines(page, setUp);
  await withstands(page, [refused], async () => {
    await setUp();
    await approve(page);
  });

  // Made on chain and not stored: it goes on with the same vault as soon as it can.
  let [refusals, vaults] = [0, 0];
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/relay') && request.method() === 'POST') vaults++;
  });
  await page.route('**/v1/keyrings', async (route) => {
    if (route.request().method() !== 'POST' || refusals++ >= 2) return route.fallback();
    await route.fulfill({ status: 503, body: 'away' });
  });
  await setUp();
  await approve(page);
  await expect(page.getByRole('heading', { name: 'Write down your recovery code' })).toBeVisible();
  expect([refusals >= 3, vaults]).toEqual([true, 1]);
  expect(await page.evaluate(() => window.name)).toBe('1');
});

test('a wallet of another network is told to change, and nothing is sent', async ({ page }) => {
  await page.route('**/v1/app', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), network: 'solana:mainnet' } });
  });
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await expect(page.getByText('Switch your wallet to mainnet, then try again. Nothing was sent.')).toBeVisible();
});

test('adding, allowing, stopping and checking go on after every failure', async ({ page }) => {
  await arrive(page);
  await page.getByRole('link', { name: 'Add a record' }).click();
  await page.getByRole('button', { name: 'Paste text' }).click();
  await page.getByRole('textbox', { name: 'Paste text' }).fill('No known allergies.');
  await page.getByLabel('Title').fill('Note of my own');
  const add = () => page.getByRole('button', { name: 'Lock and add' }).click();
  await withstands(page, [node, server, unreachable, offline, ended()], add);
  await declines(page, add);
  await withstands(page, [refused], async () => {
    await add();
    await approve(page);
  });
  await expect(page.getByLabel('Title')).toHaveValue('Note of my own');
  await expect(page.getByRole('textbox', { name: 'Paste text' })).toHaveValue('No known allergies.');
  await add();
  await approve(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Note of my own' })).toBeVisible();

  await page.getByRole('link', { name: 'Who can see', exact: true }).first().click();
  await page.getByRole('link', { name: 'Allow someone' }).click();
  await page.getByLabel('Address or QR code').fill(process.env.AEGLE_DOCTOR ?? '');
  await expect(page.getByText('Found')).toBeVisible();
  for (let step = 0; step < 3; step++) await page.getByRole('button', { name: 'Next' }).click();
  const grant = () => page.getByRole('button', { name: 'Allow', exact: true }).click();
  await expect(page.getByText(/will see one record/)).toBeVisible();
  await withstands(page, [node, server, unreachable, offline, ended()], grant);
  await declines(page, grant);
  await withstands(page, [refused], async () => {
    await grant();
    await approve(page);
  });
  // The permission is on chain while the keys cannot be stored yet.
  let refusals = 0;
  await page.route('**/v1/wraps', async (route) => {
    if (refusals++ >= 2) return route.fallback();
    await route.fulfill({ status: 503, body: 'away' });
  });
  await grant();
  await approve(page);
  await expect(page.getByRole('heading', { name: /can now see/ })).toBeVisible();
  expect(refusals).toBeGreaterThan(2);

  await page.getByRole('main').getByRole('link', { name: 'Who can see' }).click();
  await page.getByRole('button', { name: 'Stop allowing' }).click();
  const stop = () => page.getByRole('dialog').getByRole('button', { name: 'Stop allowing' }).click();
  await withstands(page, [node, offline], stop);
  await declines(page, stop);
  await withstands(page, [server], async () => {
    await stop();
    await approve(page);
  });
  // An answer that is lost after signing is asked for again.
  await unreachable.begin(page);
  await stop();
  const lost = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/v1/relay'));
  await approve(page);
  await lost;
  await unreachable.end(page);
  await expect(page.getByText('Stopped. From now on every attempt is refused.')).toBeVisible();
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('link', { name: 'Who looked', exact: true }).first().click();
  const check = page.getByRole('button', { name: 'Check that nothing is missing' });
  // What is checked comes from the server alone, and the list above asks it by itself.
  await withstands(page, [unable('**/v1/log'), unreachable, offline, ended()], () => check.click());
  await expect(page.getByText(/Whole: \d+ entries/)).toBeVisible();
  await page.getByRole('radio', { name: 'Everything' }).check();
  const exported = () => page.getByRole('button', { name: 'Export CSV' }).click();
  await withstands(page, [unable('**/v1/disclosures/accounting?*')], exported);
  const saved = page.waitForEvent('download');
  await exported();
  await saved;
  expect(await page.evaluate(() => window.name)).toBe('1');
});

test('a doctor reads on after every failure, and a page whose code does not come asks again', async ({
  page,
  browser,
}) => {
  const patient = await (await browser.newContext()).newPage();
  const vault = await arrive(patient);
  await addExample(patient);
  await allow(patient, process.env.AEGLE_DOCTOR ?? '');

  await arriveAsDoctor(page);
  const mine = patientOf(page, vault);
  await withstands(page, [server], () => mine.click());
  await page.getByRole('button', { name: 'Try again' }).click();
  const record = page.getByRole('link', { name: /Laboratory results/ });
  await expect(record).toBeVisible();
  // The key, then the content: each is asked for again.
  const again = page.getByRole('button', { name: 'Try again' });
  await withstands(page, [node], () => record.click());
  await withstands(page, [unreachable], () => again.click());
  await again.click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();

  await page.route('**/assets/access-*.js', (route) => route.abort());
  await page.getByRole('link', { name: 'Access and receipts' }).click();
  await expect(page.getByText('There is a newer version of Aegle.')).toBeVisible();
  await page.unroute('**/assets/access-*.js');
  const main = page.getByRole('main');
  await main.getByRole('link', { name: 'Patients', exact: true }).click();
  await main.getByRole('link', { name: 'Access and receipts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Access and receipts' })).toBeVisible();
  expect(await page.evaluate(() => window.name)).toBe('1');
});
