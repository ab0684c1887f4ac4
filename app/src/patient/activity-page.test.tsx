import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { open, person, WALLET } from '@/test/app';
import { barriers } from '@/test/axe';
import { serve } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const VAULT = 'VauLt11111111111111111111111111111111111111';
const DOCTOR = 'Doctor1111111111111111111111111111111111111';
const permit = { decision: 'permit', records: [] };
const deny = { decision: 'deny', rule: 'no_consent' };

/** The log, oldest first, as the server has it. */
let log: { operation: string; key?: string; outcome?: object }[] = [];
const START = Date.parse('2026-05-04T10:00:00');

beforeEach(() => {
  log = [
    { operation: 'list_patients' },
    { operation: 'list_records' },
    { operation: 'list_records', outcome: deny },
    { operation: 'list_patients' },
    { operation: 'list_records' },
    { operation: 'list_disclosures', key: WALLET },
    { operation: 'list_patients' },
    { operation: 'read_content' },
  ];
  serve({
    'GET /v1/chain/status': { body: { ready: true } },
    'GET /v1/chain/credentials': { body: { data: [] } },
    'GET /v1/inbox': { body: { data: [] } },
    'GET /v1/disclosures': () => ({
      body: {
        data: log.map(({ operation, key = DOCTOR, outcome = permit }, index) => ({
          index,
          entry: JSON.stringify({ at: START / 1000 + index, caller: { key }, purpose: 'TREAT', operation, outcome }),
        })),
      },
    }),
  });
});

/** The lines, each as its text. */
async function shown(count: number): Promise<string[]> {
  const list = () => within(screen.getByRole('main')).getAllByRole('list')[0] as HTMLElement;
  await waitFor(() => expect(list().children).toHaveLength(count));
  return [...list().children].map(({ textContent }) => textContent ?? '');
}

test('lists looked at in turn are one line, which unfolds to every look with its time', async () => {
  open('/activity', person({ vault: VAULT }));
  await screen.findByText('opened a record');
  const said = await shown(4);
  expect(said[1]).toContain('saw you among their patients and looked at the list of records');
  expect(said[2]).toContain('was refused');
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
  await userEvent.click(screen.getByText('3 times'));
  await screen.findAllByText(/May 4, 2026/);
  const looks = within(screen.getByText('3 times').closest('details') as HTMLElement).getAllByRole('listitem');
  expect(looks.map((look) => look.textContent?.replace(/May.*10:00:0(\d).*/, '$1'))).toEqual([
    expect.stringMatching(/^saw you among their patients.*6$/),
    expect.stringMatching(/^looked at the list of records.*4$/),
    expect.stringMatching(/^saw you among their patients.*3$/),
  ]);
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('each filter counts every entry that is its own', async () => {
  open('/activity', person({ vault: VAULT }));
  await screen.findByText('opened a record');
  await userEvent.click(screen.getByRole('radio', { name: 'Refusals' }));
  expect(await shown(1)).toEqual([expect.stringContaining('was refused')]);
  await userEvent.click(screen.getByRole('radio', { name: 'Everything' }));
  const said = await shown(5);
  expect(said.filter((line) => line.includes('You'))).toEqual([expect.stringContaining('read this log')]);
});
