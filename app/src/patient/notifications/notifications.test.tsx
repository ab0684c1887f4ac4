import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { open, person } from '@/test/app';
import { barriers } from '@/test/axe';
import { asked, serve } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const VAULT = 'VauLt11111111111111111111111111111111111111';
const ID = '00112233445566778899aabbccddeeff';
const patient = () => person({ vault: VAULT });

const byMail = (more: object = {}) => ({
  subscription: ID,
  vault: VAULT,
  target: { email: { address: 'me@example.org' } },
  kinds: ['disclosures', 'emergencies'],
  confirmed: true,
  created_at: '2026-11-01T10:00:00Z',
  ...more,
});
const serves = (list: object[], more = {}) =>
  serve({
    'GET /v1/chain/status': { body: { ready: true } },
    'GET /v1/subscriptions': { body: { data: list } },
    ...more,
  });

async function fill(field: HTMLElement, text: string) {
  await userEvent.clear(field);
  await userEvent.click(field);
  await userEvent.paste(text);
}

test('an address is told of what was chosen, once its code was entered', async () => {
  const list: object[] = [];
  serves(list, {
    'POST /v1/subscriptions': () => {
      list.push(byMail({ confirmed: false }));
      return { body: { data: { subscription: ID, vault: VAULT, code_sent: true, secret: null } } };
    },
    [`POST /v1/subscriptions/${VAULT}/${ID}/confirmation`]: ({ body }: { body?: string | undefined }) => {
      if (JSON.parse(body ?? '').code !== '12345678') return { status: 409, code: 'code_wrong' };
      list.splice(0, 1, byMail());
      return { body: { data: {} } };
    },
  });
  const { container } = open('/safety/notifications', patient());
  await screen.findByText('Nowhere else so far.');
  await fill(screen.getByLabelText('E-mail address'), 'me@example.org');
  for (const topic of ['You allow somebody', 'You stop allowing somebody', /^Something changes/]) {
    await userEvent.click(screen.getByRole('checkbox', { name: topic }));
  }
  await userEvent.click(screen.getByRole('button', { name: 'Tell me there' }));
  expect(await screen.findByText('waits for the code')).toBeTruthy();
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
  const sent = asked.find(({ method, path }) => method === 'POST' && path === '/v1/subscriptions');
  expect(JSON.parse(sent?.body ?? '')).toEqual({
    vault: VAULT,
    target: { email: { address: 'me@example.org' } },
    kinds: ['disclosures', 'emergencies'],
  });

  await fill(screen.getByLabelText('Code'), '1');
  await userEvent.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(await screen.findByText(/It is not that code/)).toBeTruthy();
  await fill(screen.getByLabelText('Code'), '12345678');
  await userEvent.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(await screen.findByText('in use')).toBeTruthy();
});

test("a program's secret is shown, and not again after leaving", async () => {
  serves([], {
    'POST /v1/subscriptions': {
      body: { data: { subscription: ID, vault: VAULT, code_sent: false, secret: 'whsec_example' } },
    },
  });
  const { container, unmount } = open('/safety/notifications', patient());
  await userEvent.click(await screen.findByRole('radio', { name: /^To a program of mine/ }));
  const save = screen.getByRole('button', { name: 'Tell me there' });
  await fill(screen.getByLabelText('Address of the program'), 'http://hooks.example');
  expect(save).toHaveProperty('disabled', true);
  await fill(screen.getByLabelText('Address of the program'), 'https://hooks.example');
  await userEvent.click(save);
  expect(await screen.findByText('whsec_example')).toBeTruthy();
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
  unmount();
  open('/safety/notifications', patient());
  await screen.findByText('Nowhere else so far.');
  expect(screen.queryByText('whsec_example')).toBeNull();
});

test('a server that sends no mail says so, and what was typed stays', async () => {
  serves([], { 'POST /v1/subscriptions': { status: 404, code: 'mail_off' } });
  open('/safety/notifications', patient());
  await fill(await screen.findByLabelText('E-mail address'), 'me@example.org');
  await userEvent.click(screen.getByRole('button', { name: 'Tell me there' }));
  expect(await screen.findByText(/This server sends no mail/)).toBeTruthy();
  expect(screen.getByLabelText('E-mail address')).toHaveProperty('value', 'me@example.org');
});

test('a place that answers no more says since when, and is removed', async () => {
  const list = [byMail({ failing_since: '2026-10-01T10:00:00Z' })];
  serves(list, {
    [`DELETE /v1/subscriptions/${VAULT}/${ID}`]: () => {
      list.pop();
      return { body: { data: {} } };
    },
  });
  open('/safety/notifications', patient());
  expect(await screen.findByText(/has not answered since Oct 1, 2026/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Remove me@example.org' }));
  expect(await screen.findByText('Nowhere else so far.')).toBeTruthy();
});
