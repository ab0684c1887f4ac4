import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { DIALOGS } from './visits';
import { arriveBoth, pagesOf, visit } from './walk';

type Language = 'en' | 'de' | 'ar';
type Words = { [key: string]: Words | string };

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

function word(language: Language, key: string): string {
  const [area = '', ...path] = key.split('.');
  const file = join(import.meta.dirname, `../src/words/${language}/${area}.json`);
  const found = path.reduce<Words | string>(
    (words, part) => (words as Words)[part] ?? '',
    JSON.parse(readFileSync(file, 'utf8')) as Words,
  );
  return found as string;
}

async function speak(page: Page, language: Language): Promise<void> {
  await visit(page, '/settings');
  await page.locator('main select').selectOption(language);
  await expect(page.locator('html')).toHaveAttribute('lang', language);
}

/** Changes the colours, and waits until they are drawn. */
async function wear(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Elements that reach beyond a phone's screen. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('main *, header *, footer *')].filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return left < -1 || right > clientWidth + 1;
    });
    return wide.slice(0, 3).map(({ outerHTML }) => outerHTML.slice(0, 160));
  });
}

/** All there is to hold of a page, in every language, light and dark, large and small. */
async function holds(page: Page, paths: Map<string, string>): Promise<void> {
  for (const [route, path] of paths) {
    await page.setViewportSize(DESKTOP);
    await visit(page, path);
    expect.soft(await violations(page), route).toEqual([]);
    await wear(page, 'dark');
    expect.soft(await violations(page, 'color-contrast'), `${route}, dark`).toEqual([]);
    await wear(page, 'light');
  }
  for (const language of ['en', 'de', 'ar'] as const) {
    await page.setViewportSize(PHONE);
    await speak(page, language);
    for (const [route, path] of paths) {
      await visit(page, path);
      expect.soft(await tooWide(page), `${route} in ${language} is wider than a phone`).toEqual([]);
      if (language === 'ar') expect.soft(await violations(page), `${route} in Arabic on a phone`).toEqual([]);
    }
    await inDialogs(page, paths, language);
  }
}

async function inDialogs(page: Page, paths: Map<string, string>, language: Language): Promise<void> {
  for (const { at, button } of DIALOGS.filter(({ at }) => paths.has(at))) {
    await visit(page, paths.get(at) ?? '');
    await page
      .getByRole('button', { name: word(language, button), exact: true })
      .first()
      .click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect.soft(await violations(page), `${button} in ${language}`).toEqual([]);
    expect.soft(await tooWide(page), `${button} in ${language} is wider than a phone`).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
}

test('pages for everybody hold in every language, theme and width', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/');
  await holds(page, new Map([...pagesOf('everybody'), ['nowhere', '/nowhere']]));
});

test('the first pages of a newcomer hold in every language, theme and width', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByRole('heading', { name: 'Set up your records' })).toBeVisible();
  await holds(page, pagesOf('newcomer'));
});

test("the patient's and the doctor's pages hold in every language, theme and width", async ({ browser }) => {
  // Every page, some ten times.
  test.slow();
  const { patient, doctor, at } = await arriveBoth(browser);
  await Promise.all([holds(patient, pagesOf('patient', at)), holds(doctor, pagesOf('doctor', at))]);
});
