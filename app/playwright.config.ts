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
  projects: [
    { name: 'walks', testIgnore: 'speed.spec.ts' },
    // Nothing runs beside what is measured.
    {
      name: 'speed',
      testMatch: 'speed.spec.ts',
      dependencies: process.env.AEGLE_BENCH ? [] : ['walks'],
      fullyParallel: false,
    },
  ],
  use: {
    ...devices['Desktop Chrome'],
    baseURL: process.env.AEGLE_URL ?? 'http://127.0.0.1:8080',
    locale: 'en-GB',
    // Pictures and copies of every page take a third of the walks' time; `--trace on` brings them.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false, sources: true },
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
