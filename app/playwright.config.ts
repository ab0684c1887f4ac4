import { execFileSync } from 'node:child_process';
import { defineConfig, devices } from '@playwright/test';

/** A browser of this machine: none is downloaded. */
function chromium(): string {
  return process.env.AEGLE_CHROMIUM ?? execFileSync('../scripts/browser.sh', { encoding: 'utf8' }).trim();
}

/** Runs against a whole stack: `with-stack npm run e2e`. */
export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  forbidOnly: true,
  use: {
    ...devices['Desktop Chrome'],
    baseURL: process.env.AEGLE_URL ?? 'http://127.0.0.1:8080',
    locale: 'en-GB',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
