import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { open, person } from '@/test/app';
import { barriers } from '@/test/axe';
import { asked, serve, vouch } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());
vi.mock('@/chain/names', async () => ({ namedBy: (await import('@/test/core')).namedBy }));

const VAULT = 'VauLt11111111111111111111111111111111111111';
const DOCTOR = 'Doctor1111111111111111111111111111111111111';
const CONSENT = 'Consent111111111111111111111111111111111111';
const patient = () => person({ vault: VAULT });

const credential = { credential: 'Credentia1111111111111111111111111111111111', subject: DOCTOR, kind: 'practitioner' };
const attested = { ...credential, registrar: 'Board11111111111111111111111111111111111111', in_effect: true };
const request = {
  request: '01',
  vault: VAULT,
  requester: DOCTOR,
  purposes: 1,
  actions: 1,
  requested_at: '2026-11-20T10:00:00Z',
  message: btoa(`${VAULT} I see you on Friday.`),
};
let requests: unknown[];
const basic = {
  'GET /v1/chain/status': { body: { ready: true } },
  'GET /v1/access-requests': () => ({ body: { data: requests } }),
  'GET /v1/chain/credentials': { body: { data: [attested] } },
  'GET /v1/mailbox': { body: { data: [] } },
  'GET /v1/inbox': { body: { data: [] } },
  'GET /v1/records': { body: { data: [] } },
  'POST /v1/consents/draft': { body: { data: { records: ['a', 'b'], withheld: 1, preview: '', hash: '' } } },
};

beforeEach(() => {
  requests = [request];
  serve(basic);
  vouch({ name: 'Dr Ada Example', specialty: 'cardiology', registrar: 'Example Board', in_effect: true });
});

describe('names', () => {
  test('stand with who verified them, where the chain vouches for them', async () => {
    open('/inbox', patient());
    expect(await screen.findByText('Dr Ada Example, cardiology')).toBeTruthy();
    expect(screen.getByText('verified by Example Board')).toBeTruthy();
  });

  test('that nothing vouches for do not stand: kind and key do', async () => {
    vouch(undefined);
    open('/inbox', patient());
    expect(await screen.findByText('Doctor Doct…1111')).toBeTruthy();
  });

  test('of a credential that the node knows as ended are not called verified', async () => {
    vouch({ name: 'Dr Ada Example', specialty: null, registrar: 'Example Board', in_effect: false });
    open('/inbox', patient());
    expect(await screen.findByText('Dr Ada Example')).toBeTruthy();
    expect(screen.queryByText(/verified by/)).toBeNull();
  });

  test('are found by a part of them, and choosing one goes on with the key', async () => {
    serve({ ...basic, 'GET /v1/profiles': { body: { data: [{ account: 'x', subject: DOCTOR }] } } });
    open('/people/allow', patient());
    await userEvent.type(await screen.findByLabelText('Name, address or QR code'), 'ada');
    await userEvent.click(await screen.findByRole('button', { name: /Dr Ada Example/ }));
    expect(screen.getByLabelText<HTMLInputElement>('Name, address or QR code').value).toBe(DOCTOR);
    expect(asked.some(({ path }) => path === '/v1/profiles?search=ada')).toBe(true);
    expect(await barriers(screen.getByRole('main'))).toEqual([]);
  });
});

describe('a request', () => {
  test('stands with its message and exactly what a yes opens, beside the code', async () => {
    open('/people/code', patient());
    expect(await screen.findByText('I see you on Friday.')).toBeTruthy();
    expect(screen.getByRole('img', { name: 'A code that a camera reads' })).toBeTruthy();
    const yes = 'Allow Dr Ada Example for treatment for 30 days: 2 records';
    expect(await screen.findByRole('button', { name: yes })).toBeTruthy();
    expect(screen.getByText(/One record stays closed/)).toBeTruthy();
    const draft = asked.find(({ path }) => path === '/v1/consents/draft');
    const policy = { kind: 'aegle:policy:v1', base: 'all-normal', permit: [], deny: [], sensitivity: [] };
    expect(JSON.parse(draft?.body ?? '')).toEqual({ vault: VAULT, purposes: 1, policy });
    expect(await barriers(screen.getByRole('main'))).toEqual([]);
  });

  test('in the inbox opens nothing before it is looked at', async () => {
    open('/inbox', patient());
    expect(await screen.findByText('I see you on Friday.')).toBeTruthy();
    expect(asked.some(({ path }) => path === '/v1/consents/draft')).toBe(false);
    await userEvent.click(screen.getByRole('button', { name: 'See what a yes opens' }));
    expect(await screen.findByRole('button', { name: /2 records/ })).toBeTruthy();
  });

  test('of somebody whom nobody vouches for can be refused alone', async () => {
    serve({
      ...basic,
      'GET /v1/chain/credentials': { body: { data: [] } },
      'DELETE /v1/access-requests/VauLt11111111111111111111111111111111111111/01': () => {
        requests = [];
        return { body: { data: {} } };
      },
    });
    open('/people/code', patient());
    expect(await screen.findByText(/No registrar vouches/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: /Allow/ })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Refuse' }));
    await waitFor(() => expect(screen.queryByText('I see you on Friday.')).toBeNull());
  });

  test('whose message is for somebody else says so', async () => {
    requests = [{ ...request, message: btoa('other words') }];
    open('/inbox', patient());
    expect(await screen.findByText(/does not open on this device/)).toBeTruthy();
  });
});

test('the keychain says as a picture what it says as a list', async () => {
  const granted = { slot: 1 };
  const consent = { consent: CONSENT, vault: VAULT, purposes: ['TREAT'], in_effect: true, reason: null, granted };
  const policy = { kind: 'aegle:policy:v1', base: 'deny', permit: [{ categories: ['laboratory'] }] };
  const held = { consent: CONSENT, opened: true, grantee: DOCTOR, policy: JSON.stringify(policy) };
  const chain = { data: [{ ...consent, from: '2026-11-01', until: '2027-03-04' }] };
  serve({
    ...basic,
    'GET /v1/consents': { body: { data: [held] } },
    [`GET /v1/chain/vaults/${VAULT}/consents`]: { body: chain },
    'GET /v1/disclosures': { body: { data: [] } },
  });
  open('/people', patient());
  await screen.findByText('Dr Ada Example, cardiology');
  const said = () => within(screen.getByRole('main')).getByRole('listitem').querySelector('h3')?.parentElement;
  const picture = said()?.textContent;
  expect(picture).toContain('Laboratory results');
  expect(picture).toContain('March 4, 2027');
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
  await userEvent.click(screen.getByRole('radio', { name: 'As a list' }));
  expect(said()?.textContent).toBe(picture);
  expect(screen.getByRole('button', { name: 'Stop allowing' })).toBeTruthy();
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});
