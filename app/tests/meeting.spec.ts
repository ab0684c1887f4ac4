import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { browserThatSees } from './camera';
import { declines, node, server, unable, withstands } from './failures';
import { addExample, approve, arrive, named, reject, showCode } from './people';

test('a doctor scans, asks, is allowed with two taps, and reads within three clicks of the door', async ({
  browser,
  baseURL,
  launchOptions,
}) => {
  const [patient, other] = [await (await browser.newContext()).newPage(), await (await browser.newContext()).newPage()];
  await arrive(patient);
  await addExample(patient);
  const vault = await showCode(patient);
  const phone = await browserThatSees(patient.getByRole('img', { name: 'A code that a camera reads' }), launchOptions);
  const doctor = await phone.newPage({ baseURL: baseURL ?? '', locale: 'en-GB' });

  // What a camera makes of the code: the doctor was not signed in, and comes to the request all the same.
  const seed = process.env.AEGLE_DOCTOR_SEED ?? '';
  await doctor.addInitScript((seed) => localStorage.setItem('aegle-development-wallet', seed), seed);
  await doctor.goto(`/care/access?patient=${vault}`);
  await doctor.getByRole('button', { name: 'Try it' }).click();
  const address = doctor.getByLabel("The patient's address");
  await expect(address).toHaveValue(vault);
  // And what the page's own camera makes of it.
  await address.clear();
  await doctor.getByRole('button', { name: 'Scan a code' }).click();
  await expect(address).toHaveValue(vault);
  await doctor.getByLabel('A few words to the patient').fill('About your blood count.');
  const send = () => doctor.getByRole('button', { name: 'Send the request' }).click();
  await withstands(doctor, [node, server], send);
  await send();

  await expect(patient.getByText('About your blood count.')).toBeVisible();
  await expect(patient.getByText('verified by Demonstration Medical Board')).toBeVisible();
  const yes = patient.getByRole('button', { name: 'Allow Dr Amara Osei for treatment for 30 days: one record' });
  await expect(yes).toBeVisible();
  expect.soft(await violations(patient), 'a request').toEqual([]);
  const request = patient.getByRole('listitem').filter({ has: yes });
  await withstands(request, [node, server], () => yes.click());
  await declines(request, () => yes.click());
  await withstands(request, [unable('**/v1/relay', 'POST')], async () => {
    await yes.click();
    await approve(patient);
  });
  await yes.click();
  await approve(patient);
  await expect(patient.getByText('Dr Amara Osei can now see one record.')).toBeVisible();

  let clicks = 0;
  const press = async (role: 'button' | 'link', name: string | RegExp) => {
    clicks += 1;
    await doctor.getByRole(role, { name }).click();
  };
  await doctor.goto('/sign-in');
  await press('button', 'Try it');
  await press('link', named(vault));
  await press('link', /Laboratory results/);
  await expect(doctor.getByText('Hemoglobin')).toBeVisible();
  expect(clicks).toBe(3);

  await patient.getByRole('link', { name: 'Who can see', exact: true }).first().click();
  await expect(patient.getByText('Dr Amara Osei, cardiology')).toBeVisible();
  await patient.getByText('As a list').click();
  await expect(patient.getByText('Dr Amara Osei, cardiology')).toBeVisible();

  // A wallet that signs no such text, as those in hardware: the file opens.
  await other.addInitScript(() => localStorage.setItem('aegle-development-wallet-texts', 'ask'));
  await other.addInitScript((seed) => localStorage.setItem('aegle-development-wallet', seed), seed);
  await other.goto(`/care/${vault}`);
  await other.getByRole('button', { name: 'Try it' }).click();
  await approve(other);
  await other.getByRole('link', { name: /Laboratory results/ }).click();
  await expect(other.getByText(/Open your reading key\. Whoever has this signature/)).toBeVisible();
  await reject(other);
  await expect(other.getByText('You said no in your wallet.')).toBeVisible();
  expect.soft(await violations(other), 'the key').toEqual([]);
  await other.setInputFiles('input[type=file]', process.env.AEGLE_DOCTOR_KEY_FILE ?? '');
  await expect(other.getByText('Hemoglobin')).toBeVisible();
  await phone.close();
});

test('somebody is found by name, and a directory that is away says so', async ({ page }) => {
  await arrive(page);
  await page.getByRole('link', { name: 'Who can see', exact: true }).click();
  await page.getByRole('link', { name: 'Allow someone' }).click();
  await page.route('**/v1/profiles?search=*', (route) => route.fulfill({ status: 503, body: 'away' }));
  await page.getByLabel('Name, address or QR code').fill('osei');
  await expect(page.getByText('The server could not do this just now.')).toBeVisible();
  await page.unroute('**/v1/profiles?search=*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('button', { name: /Dr Amara Osei/ }).click();
  await expect(page.getByText('Found')).toBeVisible();
  await expect(page.getByLabel('Name, address or QR code')).toHaveValue(process.env.AEGLE_DOCTOR ?? '');
});
