import { readFileSync } from 'node:fs';
import { type Browser, expect, type Locator, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { addExample, approve, arrive, reject } from './people';

/** People with a browser of their own each. */
async function people(browser: Browser, count: number): Promise<Page[]> {
  return Promise.all(Array.from({ length: count }, async () => (await browser.newContext()).newPage()));
}

async function go(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Signs in with an empty wallet, without records. */
async function signIn(page: Page, to: string): Promise<void> {
  await page.goto(to);
  await page.getByRole('button', { name: 'Try it' }).click();
}

async function shown(text: Locator): Promise<string> {
  return (await text.textContent()) ?? '';
}

/** The card that a page shows, as text. */
async function card(page: Page, kind: string): Promise<string> {
  return shown(page.getByText(new RegExp(`^aegle:${kind}:`)));
}

/** A guardian who has no records: with a key of the wallet. */
async function guardian(page: Page): Promise<string> {
  await signIn(page, '/guardian');
  await page.getByRole('button', { name: 'Make my card' }).click();
  return card(page, 'guardian');
}

/** Fills in the page for naming guardians. */
async function name(page: Page, cards: readonly string[], threshold: string, delay?: string): Promise<void> {
  await go(page, 'Guardians');
  await page.getByRole('button', { name: 'Name guardians' }).click();
  for (const [index, text] of cards.entries()) {
    await page
      .getByLabel('Name', { exact: true })
      .nth(index)
      .fill(`Friend ${index + 1}`);
    await page.getByLabel('Guardian card').nth(index).fill(text);
  }
  await page.getByLabel('How many of them together').selectOption({ label: threshold });
  if (delay) await page.getByLabel('How long you can say no').selectOption({ label: delay });
}

/** Signs, and takes the files. */
async function sign(page: Page, count: number): Promise<string[]> {
  await page.getByRole('button', { name: /^Name (one person|\d+ people)$/ }).click();
  await approve(page);
  await expect(page.getByText('Your guardians are named')).toBeVisible();
  const files: string[] = [];
  for (let index = 0; index < count; index++) {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Save the file for Friend ${index + 1}` }).click();
    files.push(await (await download).path());
  }
  await page.getByRole('button', { name: 'I have all files' }).click();
  return files;
}

async function openFile(page: Page, file: string): Promise<void> {
  await page
    .locator('input[type=file]')
    .last()
    .setInputFiles({
      name: 'aegle-guardian.json',
      mimeType: 'application/json',
      buffer: readFileSync(file),
    });
}

/** A guardian asks for a new wallet, or approves it. */
async function ask(page: Page, newOwner: string): Promise<void> {
  await page.getByLabel("Your friend's card").fill(newOwner);
  await page.getByText('I have spoken to my friend').click();
  await page.getByRole('button', { name: 'Ask for this wallet' }).click();
  await approve(page);
}

test('two guardians give the records of a lost wallet to a new one, which reads them', async ({ browser }) => {
  // Four people, one after the other.
  test.slow();
  const [patient, anna, ben, back] = await people(browser, 4);
  if (!patient || !anna || !ben || !back) throw new Error('four pages');
  const cards = await Promise.all([guardian(anna), guardian(ben)]);
  expect.soft(await violations(anna), 'guardian').toEqual([]);
  await arrive(patient);
  await addExample(patient);
  await name(patient, cards, '2 of 2', '1 second');
  expect.soft(await violations(patient), 'naming guardians').toEqual([]);
  const files = await sign(patient, 2);
  await expect(patient.getByText(/2 guardians\. All of them together/)).toBeVisible();
  // The wallet is lost.
  await patient.close();

  await signIn(back, '/recover');
  await openFile(anna, files[0] ?? '');
  await anna.getByText('Address of their records').click();
  const vault = await shown(anna.locator('details code').first());
  await back.getByLabel('Address of your records, or of your old wallet').fill(vault);
  const kept = back.waitForEvent('download');
  await back.getByRole('button', { name: 'Make my card and save my file' }).click();
  const keptFile = await (await kept).path();
  const newOwner = await card(back, 'new-owner');
  expect.soft(await violations(back), 'recovering').toEqual([]);

  await ask(anna, newOwner);
  await openFile(ben, files[1] ?? '');
  await expect(ben.getByText('1 of the 2 guardians it takes have approved')).toBeVisible();
  await ben.getByText('I have spoken to my friend').click();
  await ben.getByRole('button', { name: 'Approve', exact: true }).click();
  await approve(ben);
  await expect(ben.getByText('You approved.')).toBeVisible();

  await back.getByRole('button', { name: 'Take over my records' }).click();
  await approve(back);
  await expect(back.getByText('The records belong to this wallet now.')).toBeVisible();
  // Whoever leaves comes back with the file.
  await back.getByRole('button', { name: 'Lock' }).click();
  await back.getByRole('button', { name: 'Try it' }).click();
  await expect(back.getByRole('heading', { name: 'Your wallet does not open your records here' })).toBeVisible();
  await openFile(back, keptFile);
  for (const page of [anna, ben]) {
    await page.getByRole('button', { name: 'Hand over my part' }).click();
    await expect(page.getByText('You handed over your part.')).toBeVisible();
  }
  await expect(back.getByText('2 parts are here.')).toBeVisible();
  await back.getByRole('button', { name: 'Open my records' }).click();
  await back.getByText('I have written it down or printed it').click();
  await back.getByRole('button', { name: 'Next' }).click();
  await back.getByRole('button', { name: 'Bring them along' }).click();
  await approve(back);
  await expect(back.getByText('All tokens are with this wallet.')).toBeVisible();
  await back.getByRole('button', { name: 'Go to my records' }).click();
  await back.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(back.getByText('Hemoglobin')).toBeVisible();
});

test('the owner stops guardians who ask for a wallet that is not theirs', async ({ browser }) => {
  const [patient, anna, thief] = await people(browser, 3);
  if (!patient || !anna || !thief) throw new Error('three pages');
  const own = await guardian(anna);
  await arrive(patient);
  await name(patient, [own], '1 of 1');
  await expect(patient.getByText('everything hangs on this one person')).toBeVisible();
  // A signature that is refused loses nothing that was chosen.
  await patient.getByRole('button', { name: 'Name one person' }).click();
  await reject(patient);
  await expect(patient.getByText('You said no in your wallet.')).toBeVisible();
  const [file = ''] = await sign(patient, 1);

  const vault = (JSON.parse(readFileSync(file, 'utf8')) as { vault: string }).vault;
  await signIn(thief, '/recover');
  await thief.getByLabel('Address of your records, or of your old wallet').fill(vault);
  await thief.getByRole('button', { name: 'Make my card and save my file' }).click();
  const newOwner = await card(thief, 'new-owner');
  await openFile(anna, file);
  await ask(anna, newOwner);

  await expect(patient.getByText('Your guardians are about to give your records to another wallet')).toBeVisible();
  await patient.getByRole('link', { name: 'Records', exact: true }).click();
  expect.soft(await violations(patient), 'alarm').toEqual([]);
  await patient.getByRole('button', { name: 'Stop it' }).click();
  await approve(patient);
  await expect(patient.getByText('Stopped. Your records stay with this wallet.')).toBeVisible();
  await expect(anna.getByText('The owner said no.')).toBeVisible();
});

test('a new recovery code opens what the wallet does not, and the old one nothing', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await approve(page);
  const old = await shown(page.getByTestId('recovery-code'));
  await page.getByRole('button', { name: "I don't have a pen now" }).click();
  await addExample(page);
  await go(page, 'A new recovery code');
  expect.soft(await violations(page), 'code').toEqual([]);
  await page.getByRole('button', { name: 'Make a new code' }).click();
  const code = await shown(page.getByTestId('recovery-code'));
  expect(code).not.toEqual(old);

  // As on another site, where the wallet signs another text.
  await page.route('**/v1/keyrings?*', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(
      String.raw`\"domain\":\"127.0.0.1`,
      String.raw`\"domain\":\"other.127.0.0.1`,
    );
    await route.fulfill({ response, body });
  });
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByLabel('Recovery code').fill(old.toLowerCase());
  await page.getByRole('button', { name: 'Open my records' }).click();
  await expect(page.getByText('This code does not open them.')).toBeVisible();
  expect.soft(await violations(page), 'recovery code').toEqual([]);
  await page.getByLabel('Recovery code').fill(code.toLowerCase().replaceAll('-', ' '));
  await page.getByRole('button', { name: 'Open my records' }).click();
  await page.getByRole('button', { name: 'Open with my wallet from now on' }).click();
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();

  await page.unroute('**/v1/keyrings?*');
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();
});

test('somebody may act for the patient, and no more', async ({ page }) => {
  await arrive(page);
  await go(page, 'People who act for you');
  expect.soft(await violations(page), 'delegates').toEqual([]);
  await page.getByLabel('Address of their key').fill(process.env.AEGLE_DOCTOR ?? '');
  await page.getByText('Stop allowing others').click();
  // The network is away for a moment.
  const node = process.env.AEGLE_RPC_URL ?? '';
  await page.route(`${node}/**`, (route) => route.abort());
  await page.getByRole('button', { name: 'Let them act' }).click();
  await expect(page.getByText('That did not work')).toBeVisible();
  await page.unroute(`${node}/**`);
  await page.getByRole('button', { name: 'Let them act' }).click();
  await approve(page);
  await expect(page.getByText(/^May stop allowing, until/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click();
  await approve(page);
  await expect(page.getByText('Nobody acts for you')).toBeVisible();
});
