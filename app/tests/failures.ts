import { expect, type Locator, type Page, type Route } from '@playwright/test';
import { reject } from './people';

/** A refusal as the server words it (RFC 9457). */
function refusal(status: number, code: string, detail = code) {
  const problem = { code, status, title: code, detail, request_id: 'injected' };
  return { status, contentType: 'application/problem+json', body: JSON.stringify(problem) };
}

/** Something that goes wrong, what the page says of it, and how it ends. */
export interface Failure {
  name: string;
  begin(page: Page): Promise<void>;
  says: string | RegExp;
  end(page: Page): Promise<void>;
}

/** Answers requests otherwise, until it ends. */
function answering(name: string, url: string, says: string, answer: (route: Route) => Promise<void>): Failure {
  return {
    name,
    says,
    async begin(page) {
      await page.route(url, answer);
    },
    end: (page) => page.unroute(url, answer),
  };
}

export const node = answering(
  'the node of the network is away',
  `${process.env.AEGLE_RPC_URL}/**`,
  'The network does not answer.',
  (route) => route.abort(),
);

/** The server cannot answer what is asked of a URL, by one method or by all. */
export function unable(url: string, method?: string): Failure {
  return answering('the server cannot answer', url, 'The server could not do this just now.', async (route) => {
    if (method && route.request().method() !== method) return route.fallback();
    // As a proxy in front of it says it.
    await route.fulfill({ status: 503, contentType: 'text/html', body: 'away' });
  });
}

export const server = unable('**/v1/**');

export const unreachable = answering('the server is away', '**/v1/**', "Aegle's server does not answer.", (route) =>
  route.abort(),
);

export const refused = answering(
  'the network would refuse the transaction',
  '**/v1/relay',
  "The network refused it: The vault's encryption key was changed since this was prepared.",
  async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    const detail = 'Instruction 0 would fail with KeyEpochMismatch (6002)';
    await route.fulfill(refusal(422, 'transaction_fails', detail));
  },
);

/** The browser itself has no network. */
export const offline: Failure = {
  name: 'there is no network',
  says: /does not answer/,
  async begin(page) {
    await page.context().setOffline(true);
    await page.route('**/v1/**', abort);
    await expect(page.getByText('You are offline')).toBeVisible();
  },
  async end(page) {
    await page.unroute('**/v1/**', abort);
    await page.context().setOffline(false);
    await expect(page.getByText('You are offline')).toHaveCount(0);
  },
};
const abort = (route: Route) => route.abort('internetdisconnected');

/** The server knows no session any more but those that begin from now on. */
export function ended(): Failure {
  const dead = new Set<string>();
  let isOver = false;
  const answer = async (route: Route) => {
    const token = route.request().headers().authorization;
    if (!token) return route.fallback();
    if (!isOver) dead.add(token);
    await (dead.has(token) ? route.fulfill(refusal(401, 'session_ended')) : route.fallback());
  };
  return {
    name: 'the session ended',
    says: 'Your session has ended.',
    async begin(page) {
      await page.route('**/v1/**', answer);
    },
    async end(page) {
      isOver = true;
      const renew = page.getByRole('main').getByRole('button', { name: 'Sign in' });
      await renew.click();
      await expect(renew).toHaveCount(0);
    },
  };
}

/** A page, or the part of it that has to say what went wrong: others ask by themselves, and say so too. */
type Where = Page | Locator;

function pageOf(where: Where): Page {
  return 'goto' in where ? where : where.page();
}

/** Goes through failures of one thing that is done: each is named, and afterwards it can be done again. */
export async function withstands(where: Where, failures: readonly Failure[], act: () => Promise<void>): Promise<void> {
  const page = pageOf(where);
  for (const { name, begin, says, end } of failures) {
    await begin(page);
    await act();
    await expect(where.getByText(says).first(), name).toBeVisible();
    await end(page);
  }
}

/** The person says no. */
export async function declines(where: Where, act: () => Promise<void>): Promise<void> {
  await act();
  await reject(pageOf(where));
  await expect(where.getByText('You said no in your wallet. Nothing was changed.')).toBeVisible();
}

/** The person says no to a text, for which the development wallet asks only if it is told to. */
export async function declinesText(where: Where, act: () => Promise<void>): Promise<void> {
  const page = pageOf(where);
  await page.evaluate(() => localStorage.setItem('aegle-development-wallet-texts', 'ask'));
  await declines(where, act);
  await page.evaluate(() => localStorage.removeItem('aegle-development-wallet-texts'));
}
