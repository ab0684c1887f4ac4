import { type Browser, expect, type Page } from '@playwright/test';
import { addExample, allow, arrive, arriveAsDoctor } from './people';
import { VISITS } from './visits';

/** Goes to a page as a link would: the session lives in this document. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((path) => history.pushState(null, '', path), path);
  // The router's own word for it that the page is there.
  await page.waitForFunction((path) => {
    type Router = { state: { status: string; resolvedLocation?: { pathname: string } } };
    const { state } = (window as unknown as { __TSR_ROUTER__: Router }).__TSR_ROUTER__;
    return state.status === 'idle' && state.resolvedLocation?.pathname === path;
  }, path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('main [role=status] .animate-spin')).toHaveCount(0);
}

/** The pages that somebody sees, by their routes. */
export function pagesOf(who: (typeof VISITS)[string], at: Record<string, string> = {}): Map<string, string> {
  const routes = Object.keys(VISITS).filter((route) => VISITS[route] === who);
  return new Map(routes.map((route) => [route, route.replace(/\$(\w+)/g, (_, name: string) => at[name] ?? '')]));
}

async function fresh(browser: Browser): Promise<Page> {
  return (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
}

/** A patient with a record, and the doctor who is allowed to see it, with what the routes of their pages name. */
export async function arriveBoth(browser: Browser) {
  const [patient, doctor] = [await fresh(browser), await fresh(browser)];
  const vault = await arrive(patient);
  await addExample(patient);
  const record = (await patient.getByRole('link', { name: 'Blood count (example)' }).getAttribute('href')) ?? '';
  await allow(patient, process.env.AEGLE_DOCTOR ?? '');
  await arriveAsDoctor(doctor);
  // Of openings in an emergency there is none, which a page says, too.
  const at = { record: record.split('/').pop() ?? '', vault, opening: vault };
  return { patient, doctor, at };
}
