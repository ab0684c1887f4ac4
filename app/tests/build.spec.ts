import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { figure } from './figures';
import { arrive } from './people';

/** Compressed bytes of JavaScript that the patient's first page may take. */
const BUDGET = 200_000;

test('the patient page loads within its budget of JavaScript, and nothing from elsewhere', async ({ page }) => {
  const scripts = new Map<string, number>();
  const elsewhere: string[] = [];
  const own = new URL(process.env.AEGLE_URL ?? '').origin;
  const node = new URL(process.env.AEGLE_RPC_URL ?? '').origin;
  page.on('response', async (response) => {
    const url = new URL(response.url());
    if (url.protocol.startsWith('http') && ![own, node].includes(url.origin)) elsewhere.push(url.href);
    // The wallet for trying out is in no production build, see below.
    if (!url.pathname.endsWith('.js') || url.pathname.startsWith('/assets/development-')) return;
    expect.soft(response.headers()['content-encoding'], url.pathname).toBe('br');
    scripts.set(url.pathname, Number(response.headers()['content-length']));
  });
  await arrive(page);
  const total = [...scripts.values()].reduce((sum, bytes) => sum + bytes, 0);
  figure('patient_page_javascript', total, 'B', BUDGET);
  expect(scripts.size).toBeGreaterThan(3);
  expect(elsewhere).toEqual([]);
});

test('the development wallet is in no production build', () => {
  const holding = (folder: string) =>
    readdirSync(join(import.meta.dirname, '..', folder, 'assets'))
      .filter((name) => name.endsWith('.js'))
      .filter((name) =>
        readFileSync(join(import.meta.dirname, '..', folder, 'assets', name), 'utf8').includes(
          'aegle-development-wallet',
        ),
      );
  expect(holding('dist')).toEqual([]);
  expect(holding('dist-demo')).not.toEqual([]);
});
