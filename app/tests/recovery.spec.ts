import { readFileSync } from 'node:fs';
import { type Browser, expect, type Locator, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { declines, declinesText, node, server, unable, withstands } from './failures';
import { addExample, approve, arrive, arriveAsDoctor } from './people';

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
async function guardian(page: Page, first = async (_make: () => Promise<void>) => {}): Promise<string> {
  await signIn(page, '/guardian');
  const button = page.getByRole('button', { name: 'Make my card' });
  await expect(button).toBeVisible();
  const make = () => button.click();
  await first(make);
  await make();
  return card(page, 'guardian');
}

/** What stands around a button, and says what becomes of pressing it. */
function around(button: Locator): Locator {
  return button.locator('..');
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

/** Takes the files for guardians who are named. */
async function takeFiles(page: Page, count: number): Promise<string[]> {
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

/** A guardian fills in for which wallet they ask; the button to ask with. */
async function fillIn(page: Page, newOwner: string): Promise<Locator> {
  await page.getByLabel("Your friend's card").fill(newOwner);
  await page.getByText('I have spoken to my friend').click();
  return page.getByRole('button', { name: 'Ask for this wallet' });
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
  await patient.getByRole('button', { name: 'Name 2 people' }).click();
  await approve(patient);
  const files = await takeFiles(patient, 2);
  await expect(patient.getByText(/2 guardians\. All of them together/)).toBeVisible();
  // The wallet is lost.
  await patient.close();

  await signIn(back, '/recover');
  await openFile(anna, files[0] ?? '');
  await anna.getByText('Address of their records').click();
  const vault = await shown(anna.locator('details code').first());
  await back.getByLabel('Address of your records, or of your old wallet').fill(vault);
  const prepare = () => back.getByRole('button', { name: 'Make my card and save my file' }).click();
  await withstands(back, [server, node], prepare);
  await declinesText(back, prepare);
  const kept = back.waitForEvent('download');
  await prepare();
  const keptFile = await (await kept).path();
  const newOwner = await card(back, 'new-owner');
  expect.soft(await violations(back), 'recovering').toEqual([]);

  await (await fillIn(anna, newOwner)).click();
  await approve(anna);
  await openFile(ben, files[1] ?? '');
  await expect(ben.getByText('1 of the 2 guardians it takes have approved')).toBeVisible();
  await ben.getByText('I have spoken to my friend').click();
  const approval = ben.getByRole('main').getByRole('button', { name: 'Approve', exact: true });
  await withstands(around(approval), [server, node], () => approval.click());
  await declines(around(approval), () => approval.click());
  await approval.click();
  await approve(ben);
  await expect(ben.getByText('You approved.')).toBeVisible();

  const taking = back.getByRole('button', { name: 'Take over my records' });
  await expect(taking).toBeVisible();
  await withstands(around(taking), [server, node], () => taking.click());
  await declines(around(taking), () => taking.click());
  await taking.click();
  await approve(back);
  await expect(back.getByText('The records belong to this wallet now.')).toBeVisible();
  // Whoever leaves comes back with the file.
  await back.getByRole('button', { name: 'Lock' }).click();
  await back.getByRole('button', { name: 'Try it' }).click();
  await expect(back.getByRole('heading', { name: 'Your wallet does not open your records here' })).toBeVisible();
  await openFile(back, keptFile);
  const handing = anna.getByRole('button', { name: 'Hand over my part' });
  await expect(handing).toBeVisible();
  await withstands(around(around(handing)), [server, node], () => handing.click());
  for (const page of [anna, ben]) {
    await page.getByRole('button', { name: 'Hand over my part' }).click();
    await expect(page.getByText('You handed over your part.')).toBeVisible();
  }
  await expect(back.getByText('2 parts are here.')).toBeVisible();
  const joining = back.getByRole('button', { name: 'Open my records' });
  await withstands(around(joining), [unable('**/v1/keyrings', 'POST'), node], () => joining.click());
  await expect(back.getByText('Ask another guardian')).toHaveCount(0);
  await declinesText(around(joining), () => joining.click());
  await joining.click();
  await back.getByText('I have written it down or printed it').click();
  await withstands(back, [server], () => back.getByRole('button', { name: 'Next' }).click());
  const again = () => back.getByRole('button', { name: 'Try again' }).click();
  await withstands(back, [node], again);
  await again();
  const bringing = back.getByRole('button', { name: 'Bring them along' });
  await expect(bringing).toBeVisible();
  const bring = () => bringing.click();
  await withstands(back, [node], bring);
  await declines(back, bring);
  await withstands(back, [server], async () => {
    await bring();
    await approve(back);
  });
  await bring();
  await approve(back);
  await expect(back.getByText('All tokens are with this wallet.')).toBeVisible();
  await back.getByRole('button', { name: 'Go to my records' }).click();
  await back.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(back.getByText('Hemoglobin')).toBeVisible();
});

test('the owner stops guardians who ask for a wallet that is not theirs', async ({ browser }) => {
  const [patient, anna, thief] = await people(browser, 3);
  if (!patient || !anna || !thief) throw new Error('three pages');
  const own = await guardian(anna, (make) => declinesText(anna, make));
  await arrive(patient);
  await name(patient, [own], '1 of 1');
  await expect(patient.getByText('everything hangs on this one person')).toBeVisible();
  // What fails loses nothing that was chosen.
  const naming = patient.getByRole('region', { name: 'Name guardians' });
  const sign = () => naming.getByRole('button', { name: 'Name one person' }).click();
  const signAndApprove = async () => {
    await sign();
    await approve(patient);
  };
  await withstands(naming, [node], sign);
  await declines(naming, sign);
  await withstands(naming, [server], signAndApprove);
  // Named on chain while their parts cannot be stored: it goes on from there, with nothing more to sign.
  await withstands(naming, [unable('**/v1/keyrings', 'POST')], signAndApprove);
  await expect(naming.getByText('Their parts are not stored yet: try again.')).toBeVisible();
  await naming.getByRole('button', { name: 'Try again' }).click();
  const [file = ''] = await takeFiles(patient, 1);

  const vault = (JSON.parse(readFileSync(file, 'utf8')) as { vault: string }).vault;
  await signIn(thief, '/recover');
  await thief.getByLabel('Address of your records, or of your old wallet').fill(vault);
  await thief.getByRole('button', { name: 'Make my card and save my file' }).click();
  const newOwner = await card(thief, 'new-owner');
  await openFile(anna, file);
  const asking = await fillIn(anna, newOwner);
  await withstands(around(asking), [server, node], () => asking.click());
  await declines(around(asking), () => asking.click());
  await asking.click();
  await approve(anna);

  await expect(patient.getByText('Your guardians are about to give your records to another wallet')).toBeVisible();
  await patient.getByRole('link', { name: 'Records', exact: true }).click();
  expect.soft(await violations(patient), 'alarm').toEqual([]);
  const stopping = patient.getByRole('button', { name: 'Stop it' });
  const alarm = patient.getByRole('status').filter({ has: stopping });
  await withstands(alarm, [node], () => stopping.click());
  await declines(alarm, () => stopping.click());
  await withstands(alarm, [server], async () => {
    await stopping.click();
    await approve(patient);
  });
  await stopping.click();
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
  const make = () => page.getByRole('button', { name: 'Make a new code' }).click();
  await withstands(page, [unable('**/v1/keyrings', 'POST')], make);
  await make();
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
  const opening = () => page.getByRole('button', { name: 'Open my records' }).click();
  await withstands(page, [server, node], opening);
  await expect(page.getByText('This code does not open them.')).toHaveCount(0);
  await opening();
  const locking = () => page.getByRole('button', { name: 'Open with my wallet from now on' }).click();
  await withstands(page, [unable('**/v1/keyrings', 'POST')], locking);
  await declinesText(page, locking);
  await locking();
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
  const add = () => page.getByRole('button', { name: 'Let them act' }).click();
  await withstands(page, [node], add);
  await declines(page, add);
  await withstands(page, [server], async () => {
    await add();
    await approve(page);
  });
  await add();
  await approve(page);
  await expect(page.getByText(/^May stop allowing, until/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop it' }).click();
  const dialog = page.getByRole('dialog', { name: /no more\?$/ });
  const stop = () => dialog.getByRole('button', { name: 'Stop it' }).click();
  await withstands(dialog, [node], stop);
  await declines(dialog, stop);
  await withstands(dialog, [server], async () => {
    await stop();
    await approve(page);
  });
  await stop();
  await approve(page);
  await expect(page.getByText('Nobody acts for you')).toBeVisible();
});

test("the server's agent takes in what is sent while the patient lets it", async ({ browser }) => {
  const [patient, doctor] = await people(browser, 2);
  if (!patient || !doctor) throw new Error('two pages');
  const vault = await arrive(patient);
  await go(patient, 'People who act for you');
  const allowAgent = () => patient.getByRole('button', { name: 'Let it take in my results' }).click();
  await withstands(patient, [node], allowAgent);
  await declines(patient, allowAgent);
  await withstands(patient, [server], async () => {
    await allowAgent();
    await approve(patient);
  });
  await allowAgent();
  await approve(patient);
  await expect(patient.getByText(/^May add records, until/)).toBeVisible();

  await arriveAsDoctor(doctor);
  await doctor.getByRole('link', { name: 'Send a result' }).click();
  await doctor.getByLabel("Patient's address").fill(vault);
  await doctor.getByLabel('or write a text').fill('All is well.');
  await doctor.getByLabel('Title').fill('Letter');
  await doctor.getByRole('button', { name: 'Sign and send' }).click();
  await expect(doctor.getByText("Sent. It waits in the patient's mailbox.")).toBeVisible();
  await patient.getByRole('link', { name: 'Records', exact: true }).click();
  await expect(patient.getByText('One record. Only you')).toBeVisible();
  await patient.getByRole('link', { name: 'Letter' }).click();
  await expect(patient.getByText('All is well.')).toBeVisible();

  await go(patient, 'People who act for you');
  await patient.getByRole('button', { name: 'Stop it' }).click();
  await patient.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click();
  await approve(patient);
  await expect(patient.getByText('Nobody acts for you')).toBeVisible();
  await expect(patient.getByRole('button', { name: 'Let it take in my results' })).toBeVisible();
});
