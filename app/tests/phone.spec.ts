import { devices, expect, test } from '@playwright/test';
import { violations } from './axe';
import { WalletApp } from './wallet-app';

test.use({ ...devices['Pixel 7'] });

test('on a phone a wallet app signs, after it was missing, refused and left lying', async ({ page }) => {
  const app = await WalletApp.on(page);
  await page.goto('/sign-in');
  const signIn = page.getByRole('button', { name: 'Continue with a wallet app on this phone' });
  const window = page.getByRole('dialog', { name: 'Your wallet app' });

  app.isInstalled = false;
  await signIn.click();
  await expect(page.getByText('No wallet app on this phone answered.')).toBeVisible();
  app.isInstalled = true;
  app.answer = 'no';
  await signIn.click();
  await expect(page.getByText('You said no in your wallet. Nothing was changed.')).toBeVisible();
  app.answer = 'nothing';
  await signIn.click();
  await expect(window.getByText('Answer in your wallet app')).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await window.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('You said no in your wallet. Nothing was changed.')).toBeVisible();

  // What was left lying is asked again from the window.
  await signIn.click();
  await expect.poll(() => app.asked.length).toBe(3);
  app.answer = 'yes';
  await window.getByRole('button', { name: 'Open the wallet app' }).click();
  await expect(page.getByRole('heading', { name: 'Set up your records' })).toBeVisible();
  // One way to the app and back: naming the account and signing in.
  expect(app.asked.slice(3)).toEqual([['authorize', 'get_capabilities', 'sign_messages']]);
  await expect(window).toHaveCount(0);

  await page.getByRole('button', { name: 'Set up my records' }).click();
  await expect(page.getByRole('heading', { name: 'Write down your recovery code' })).toBeVisible();
  expect(app.asked.flat()).toContain('sign_transactions');
  await page.getByText('I have written it down or printed it').click();
  await page.getByRole('button', { name: 'Go to my records' }).click();
  await expect(page.getByRole('heading', { name: 'Your records' })).toBeVisible();
  // What was agreed with the app ends with the page.
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain('token');
});
