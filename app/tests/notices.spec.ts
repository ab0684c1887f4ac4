import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { addExample, allowPractice, arrive } from './people';

test('a program is told elsewhere, a server without mail says so, and the inbox is told as it happens', async ({
  page,
}) => {
  const told = page.waitForResponse((response) => response.url().includes('/v1/events'));
  await arrive(page);
  await page.getByRole('link', { name: 'Settings' }).click();
  expect.soft(await violations(page), 'settings').toEqual([]);
  await page.getByRole('link', { name: 'Being told' }).click();
  await page.getByLabel('E-mail address').fill('me@example.org');
  await page.getByRole('button', { name: 'Tell me there' }).click();
  await expect(page.getByText('This server sends no mail.')).toBeVisible();
  await page.getByText('To a program of mine').click();
  await page.getByLabel('Address of the program').fill('https://hooks.example/aegle');
  await page.route('**/v1/subscriptions', (route) => route.fulfill({ status: 503, body: 'away' }));
  await page.getByRole('button', { name: 'Tell me there' }).click();
  await expect(page.getByText('The server could not do this just now.')).toBeVisible();
  await page.unroute('**/v1/subscriptions');
  await page.getByRole('button', { name: 'Tell me there' }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  expect.soft(await violations(page), 'being told').toEqual([]);
  await page.getByRole('button', { name: 'Remove https://hooks.example/aegle' }).click();
  await expect(page.getByText('Nowhere else so far.')).toBeVisible();

  await page.getByRole('link', { name: 'Records', exact: true }).click();
  await addExample(page);
  await allowPractice(page);
  await page.getByRole('link', { name: 'Inbox', exact: true }).click();
  await expect(page.getByText('Somebody looked at your records').first()).toBeVisible();
  expect((await told).status()).toBe(200);
});
