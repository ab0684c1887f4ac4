import { expect, type Locator, type Page, test } from '@playwright/test';
import { addExample, allow, arrive, arriveAsDoctor, patientOf } from './people';

/** Presses of Tab after which something that is on the page has to be reached. */
const FAR = 40;

/** Goes on with Tab until something has the focus: each stop on the way shows where it is. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let press = 0; press < FAR; press++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
    await showsFocus(page);
  }
  throw new Error(`${target} is not reached with Tab`);
}

/** What has the focus is in view, and has a ring around it, itself or what stands for it. */
async function showsFocus(page: Page): Promise<void> {
  const seen = await page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return 'nothing';
    const ringed = (one: Element | null) => !!one && getComputedStyle(one).outlineStyle !== 'none';
    // A box to tick is drawn by its label.
    const shown = ringed(element) || ringed(element.closest('[data-focus-visible]'));
    const { top, bottom, left, right } = (element.closest('label') ?? element).getBoundingClientRect();
    const inView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    return shown && inView
      ? ''
      : `${shown ? '' : 'no ring '}${inView ? '' : 'out of view '}${element.outerHTML.slice(0, 120)}`;
  });
  expect.soft(seen === 'nothing' ? '' : seen).toBe('');
}

/** Goes to something with Tab and presses it. */
async function press(page: Page, target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await reach(page, target);
  await page.keyboard.press(key);
}

/** A wallet's window, by its own keys: it begins at its answer. */
async function approveByKey(page: Page): Promise<void> {
  const approve = page.getByRole('dialog', { name: 'Development wallet' }).getByRole('button', { name: 'Approve' });
  await expect(approve).toBeFocused();
  await page.keyboard.press('Enter');
}

/** The heading of a page that was gone to has the focus: reading and Tab go on from there. */
async function begins(page: Page, name: string | RegExp): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
}

/** A dialog keeps the keyboard to itself. */
async function traps(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  for (let press = 0; press < 6; press++) {
    await page.keyboard.press(press % 2 ? 'Shift+Tab' : 'Tab');
    await page.keyboard.press('Tab');
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  }
}

test('the first minute goes by the keyboard alone', async ({ page }) => {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const link = (name: string) => page.getByRole('link', { name, exact: true });
  await page.goto('/');
  await expect(link('Start')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(link('Skip to the content')).toBeFocused();
  await press(page, link('Start'));
  await begins(page, 'Sign in');
  await press(page, page.getByRole('button', { name: 'Try it' }));
  await begins(page, 'Set up your records');
  await press(page, button('Set up my records'));
  await approveByKey(page);
  await begins(page, 'Write down your recovery code');
  await press(page, page.getByRole('checkbox'), 'Space');
  await press(page, button('Go to my records'));
  await begins(page, 'Your records');
  await press(page, button('Add an example record'));
  await approveByKey(page);
  await expect(link('Blood count (example)')).toBeVisible();

  await page.keyboard.press('Tab');
  await press(page, link('Who can see').first());
  await begins(page, 'Who can see what');
  await press(page, link('Allow someone'));
  await press(page, page.getByRole('button', { name: 'The practice doctor' }));
  await expect(page.getByText('Found')).toBeVisible();
  for (let step = 0; step < 3; step++) await press(page, button('Next'));
  await press(page, button('Allow'));
  await approveByKey(page);
  await begins(page, /can now see/);
  await press(page, page.getByRole('main').getByRole('link', { name: 'Who can see' }));
  await begins(page, 'Who can see what');

  const stop = page.getByRole('main').getByRole('button', { name: 'Stop allowing' });
  await press(page, stop);
  await traps(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(stop).toBeFocused();
  await page.keyboard.press('Enter');
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Stop allowing' }));
  await approveByKey(page);
  await expect(page.getByText('Stopped. From now on every attempt is refused.')).toBeVisible();
  await press(page, button('Done'));
  await expect(page.getByText('Only you')).toBeVisible();
  // What opened the dialog is gone: the keyboard goes on at the heading.
  await begins(page, 'Who can see what');
});

test('a doctor reads by the keyboard alone', async ({ page, browser }) => {
  const patient = await (await browser.newContext()).newPage();
  const vault = await arrive(patient);
  await addExample(patient);
  await allow(patient, process.env.AEGLE_DOCTOR ?? '');
  await patient.context().close();

  await arriveAsDoctor(page);
  await press(page, patientOf(page, vault));
  await press(page, page.getByRole('link', { name: /Laboratory results/ }));
  await expect(page.getByText('Hemoglobin')).toBeVisible();
});
