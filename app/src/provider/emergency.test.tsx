import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { open, person, WALLET } from '@/test/app';
import { barriers } from '@/test/axe';
import { type Answers, asked, serve, teach } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const { takeKey } = await import('./key');

const VAULT = 'So11111111111111111111111111111111111111112';
const RECORD = 'Record1111111111111111111111111111111111111';
const OPENING = 'opening111111111111111111111111111111111111';
const CREDENTIAL = 'Credentia1111111111111111111111111111111111';
const REASON = 'Unconscious after a fall, no papers';

const doctor = () =>
  person({
    credential: CREDENTIAL,
    signer: { address: WALLET, signMessage: async () => new Uint8Array(64) } as unknown as ReturnType<
      typeof person
    >['signer'],
    chain: {
      account: async () => ({ owner: WALLET, data: ['', 'base64'] }),
      now: async () => 0,
    } as unknown as ReturnType<typeof person>['chain'],
  });

const credential = {
  credential: CREDENTIAL,
  subject: WALLET,
  kind: 'practitioner',
  emergency: true,
  in_effect: true,
  encryption_key: 'aa',
};
const held = {
  record: RECORD,
  vault: VAULT,
  consent: null,
  minted_at: '2026-10-01T10:00:00Z',
  minted_slot: 5,
  size: 1000,
  status: 'active',
  version: 1,
  key: { state: 'key_pending' },
  opening: { labels: JSON.stringify({ categories: ['laboratory'], from: '2026-09-08' }) },
};

let said: { reviewed: boolean; expiresAt: number };
let progress: { shares: number; threshold: number; isEnough: boolean };
let policy: string;
const kept = { break_glass: OPENING, stored_at: '2026-11-22T10:00:00Z' };

const basic = (): Answers => ({
  'GET /v1/chain/status': { body: { ready: true } },
  'GET /v1/chain/credentials': { body: { data: [credential] } },
  'GET /v1/emergencies': { body: { data: [] } },
  'GET /v1/patients': { body: { data: [] } },
  [`GET /v1/chain/vaults/${VAULT}`]: () => ({ body: { data: { emergency_policy: policy } } }),
  [`GET /v1/chain/vaults/${VAULT}/records`]: {
    body: { data: [{ record: RECORD, status: 'active', minted: { slot: 5, at: '2026-10-01T10:00:00Z' } }] },
  },
  'POST /v1/emergencies': { body: { data: kept } },
  [`GET /v1/emergencies/${OPENING}/shares`]: { body: { data: [] } },
  'GET /v1/records': { body: { data: [held] } },
});

beforeEach(() => {
  said = { reviewed: false, expiresAt: Date.now() / 1000 + 3_600 };
  progress = { shares: 2, threshold: 2, isEnough: true };
  policy = 'allowed';
  serve(basic());
  teach({
    emergencyStatement: async () => 'statement',
    newEmergency: async () => ({ statement: 'statement', signature: '', salt: '' }),
    readEmergency: async () => ({
      breakGlass: OPENING,
      vault: VAULT,
      clinician: WALLET,
      reason: REASON,
      records: [RECORD],
      ...said,
    }),
    collected: async () => [{ record: RECORD, ...progress }],
    openByShares: async () => ({
      details: { title: 'Blood count', media_type: 'text/plain' },
      content: new TextEncoder().encode('Penicillin allergy.'),
      issuance: { state: 'unsigned' },
    }),
  });
});

async function fill(reason = REASON) {
  await userEvent.click(await screen.findByLabelText("The patient's address"));
  await userEvent.paste(VAULT);
  await userEvent.click(await screen.findByLabelText('Why?'));
  await userEvent.paste(reason);
}

test('the worklist leads there for a credential that is for emergencies, and for no other', async () => {
  open('/care', doctor());
  expect(await screen.findByRole('link', { name: 'Emergency' })).toBeTruthy();
});

test('another credential opens nothing, and says why', async () => {
  serve({
    ...basic(),
    'GET /v1/chain/credentials': { body: { data: [{ ...credential, emergency: false }] } },
  });
  open('/care/emergency', doctor());
  expect(await screen.findByText('Your credential is not for emergencies')).toBeTruthy();
  expect(screen.queryByLabelText("The patient's address")).toBeNull();
});

test('a patient who does not allow it is said to, in plain words', async () => {
  policy = 'forbidden';
  open('/care/emergency', doctor());
  await userEvent.click(await screen.findByLabelText("The patient's address"));
  await userEvent.paste(VAULT);
  expect(await screen.findByText('This patient does not allow it')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Sign and open' })).toBeNull();
});

test('a reason is needed, and what is opened for it is read when enough parts are there', async () => {
  const { container } = open('/care/emergency', doctor());
  await fill('help');
  const sign = screen.getByRole('button', { name: 'Sign and open' });
  expect(sign.hasAttribute('disabled')).toBe(true);
  await userEvent.click(screen.getByLabelText('Why?'));
  await userEvent.paste(' her, she is\nunconscious');
  expect(screen.getByLabelText('Why?')).toHaveProperty('value', 'help her, she is unconscious');
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
  serve({ ...basic(), 'GET /v1/emergencies': { body: { data: [kept] } } });
  await userEvent.click(sign);
  const posted = await waitFor(() => {
    const found = asked.find(({ method, path }) => method === 'POST' && path === '/v1/emergencies');
    expect(found).toBeTruthy();
    return found;
  });
  expect(posted?.headers['aegle-purpose']).toBe('ETREAT');
  await screen.findByText('Your reading key');
  await takeKey(new Blob(['{}']));
  await userEvent.click(await screen.findByRole('link', { name: 'Laboratory results' }));
  expect(await screen.findByText('Penicillin allergy.')).toBeTruthy();
  expect(screen.getByText(/because of an emergency/)).toBeTruthy();
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
});

test('a record whose parts are missing is no link, and what is waited for is said', async () => {
  progress = { shares: 1, threshold: 2, isEnough: false };
  serve({ ...basic(), 'GET /v1/emergencies': { body: { data: [kept] } } });
  open(`/care/emergency/${OPENING}`, doctor());
  await screen.findByText('Your reading key');
  await takeKey(new Blob(['{}']));
  expect(await screen.findByText('Key keepers have answered for 0 of 1 records')).toBeTruthy();
  expect(screen.getByText('1 of 2 parts are here.')).toBeTruthy();
  expect(await screen.findByText('waits for key keepers')).toBeTruthy();
  expect(screen.queryByRole('link', { name: 'Laboratory results' })).toBeNull();
});

test('while one waits for its review no other is offered', async () => {
  serve({ ...basic(), 'GET /v1/emergencies': { body: { data: [kept] } } });
  open('/care/emergency', doctor());
  expect(await screen.findByText('Patient So11…1112 has to look at your last opening first')).toBeTruthy();
  expect(screen.queryByLabelText("The patient's address")).toBeNull();
  expect(screen.getByRole('link', { name: 'Read' })).toBeTruthy();
});

test('a refusal of the server says what it may mean, and nothing typed is lost', async () => {
  serve({ ...basic(), 'POST /v1/emergencies': { status: 403, code: 'not_permitted' } });
  open('/care/emergency', doctor());
  await fill();
  await userEvent.click(screen.getByRole('button', { name: 'Sign and open' }));
  expect(await screen.findByText(/another opening of yours waits for its patient/)).toBeTruthy();
  expect(screen.getByLabelText('Why?')).toHaveProperty('value', REASON);
});

test('what is read closes when the patient forbids it, and when its time is over', async () => {
  said.reviewed = true;
  serve({ ...basic(), 'GET /v1/emergencies': { body: { data: [kept] } } });
  const { queries } = open(`/care/emergency/${OPENING}/${RECORD}`, doctor());
  await screen.findByText('Your reading key');
  await takeKey(new Blob(['{}']));
  expect(await screen.findByText('Penicillin allergy.')).toBeTruthy();
  policy = 'forbidden';
  await queries.invalidateQueries({ queryKey: ['care', 'emergency', 'allowed'] });
  expect(await screen.findByText('The patient has forbidden it')).toBeTruthy();
  expect(screen.queryByText('Penicillin allergy.')).toBeNull();
  policy = 'allowed';
  said.expiresAt = Date.now() / 1000 - 1;
  open(`/care/emergency/${OPENING}/${RECORD}`, doctor());
  expect(await screen.findByText('The time of this opening is over')).toBeTruthy();
});
