import { expect, test } from '@playwright/test';
import { addExample, approve, arrive, reject } from './people';

test('a signature that is refused changes nothing, and the way on is on the page', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await reject(page);
  await expect(page.getByText('You said no in your wallet. Nothing was changed.')).toBeVisible();
  await page.getByRole('button', { name: 'Set up my records' }).click();
  await approve(page);
  await expect(page.getByRole('heading', { name: 'Write down your recovery code' })).toBeVisible();
});

test('a server that cannot answer is named, and the page goes on when it can', async ({ page }) => {
  await page.route('**/v1/sign-in/challenge', (route) => route.fulfill({ status: 503, body: 'away' }));
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByText('The server could not do this just now.')).toBeVisible();
  await page.unroute('**/v1/sign-in/challenge');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByRole('heading', { name: 'Set up your records' })).toBeVisible();
});

test('a node that is away loses nothing that was typed', async ({ page }) => {
  await arrive(page);
  await page.getByRole('link', { name: 'Add a record' }).click();
  await page.getByRole('button', { name: 'Paste text' }).click();
  await page.getByRole('textbox', { name: 'Paste text' }).fill('No known allergies.');
  await page.getByLabel('Title').fill('Note of my own');
  const node = process.env.AEGLE_RPC_URL ?? '';
  await page.route(`${node}/**`, (route) => route.abort());
  await page.getByRole('button', { name: 'Lock and add' }).click();
  await expect(page.getByText('That did not work')).toBeVisible();
  await expect(page.getByLabel('Title')).toHaveValue('Note of my own');
  await page.unroute(`${node}/**`);
  await page.getByRole('button', { name: 'Lock and add' }).click();
  await approve(page);
  await expect(page.getByText('No known allergies.')).toBeVisible();
});

test('after locking, nothing is on the screen, going back included', async ({ page }) => {
  await arrive(page);
  await addExample(page);
  await page.getByRole('button', { name: 'Lock' }).click();
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await page.goBack();
  await expect(page.getByText('Blood count (example)')).toHaveCount(0);
  const kept = await page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
  }));
  expect(kept.local.filter((key) => !/^aegle-(development-wallet|language|theme)/.test(key))).toEqual([]);
  expect([kept.session, kept.databases, kept.caches]).toEqual([[], [], []]);
});

test('nothing that was decrypted is in what a browser keeps of a page', async ({ page }) => {
  await arrive(page);
  await addExample(page);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(page.getByText('Hemoglobin')).toBeVisible();
  const kept = await page.evaluate(async () => {
    // What a page writes when it is put away is written too.
    dispatchEvent(new Event('pagehide'));
    return {
      text: JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        history.state,
        document.cookie,
        document.title,
      ]),
      address: location.href,
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
    };
  });
  for (const secret of ['Blood', 'Hemoglobin', 'Leukocytes', '14.1']) {
    expect(kept.text + kept.address, secret).not.toContain(secret);
  }
  expect([kept.databases, kept.caches]).toEqual([[], []]);
});

test('after a while without a touch everything closes, a dialog too', async ({ page }) => {
  await page.clock.install();
  await arrive(page);
  await addExample(page);
  await page.getByRole('link', { name: 'Blood count (example)' }).click();
  await page.getByRole('button', { name: 'Erase' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.clock.fastForward('16:00');
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByText(/Hemoglobin|Blood count/)).toHaveCount(0);
});
