import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { server, withstands } from './failures';
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
  // Nothing of this asks the network or the wallet.
  const add = page.getByRole('button', { name: 'Tell me there' });
  await withstands(page.locator('form').filter({ has: add }), [server], () => add.click());
  await add.click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  expect.soft(await violations(page), 'being told').toEqual([]);
  const remove = page.getByRole('button', { name: 'Remove https://hooks.example/aegle' });
  await withstands(page.getByRole('listitem').filter({ has: remove }), [server], () => remove.click());
  await remove.click();
  await expect(page.getByText('Nowhere else so far.')).toBeVisible();

  await page.getByRole('link', { name: 'Records', exact: true }).click();
  await addExample(page);
  await allowPractice(page);
  await page.getByRole('link', { name: 'Inbox', exact: true }).click();
  await expect(page.getByText('Somebody looked at your records').first()).toBeVisible();
  const read = page.getByRole('button', { name: 'Mark all as read' });
  await withstands(page.locator('section').filter({ has: read }), [server], () => read.click());
  const marked = page.waitForResponse('**/v1/inbox/read');
  await read.click();
  expect((await marked).status()).toBe(200);
  expect((await told).status()).toBe(200);
});
