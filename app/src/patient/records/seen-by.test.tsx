import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { open, person } from '@/test/app';
import { barriers } from '@/test/axe';
import { type Answers, asked, serve, vouch } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());
vi.mock('@/chain/names', async () => ({ namedBy: (await import('@/test/core')).namedBy }));

const VAULT = 'VauLt11111111111111111111111111111111111111';
const RECORD = 'Record1111111111111111111111111111111111111';
const DOCTOR = 'Doctor1111111111111111111111111111111111111';
const CONSENT = 'Consent111111111111111111111111111111111111';
const OTHER = 'Consent211111111111111111111111111111111111';
const CONSENTS = `GET /v1/chain/vaults/${VAULT}/consents`;

const held = {
  record: RECORD,
  vault: VAULT,
  minted_at: '2026-10-01T10:00:00Z',
  status: 'active',
  version: 1,
  opening: { labels: JSON.stringify({ categories: ['laboratory'], from: '2026-09-08' }) },
};
const consent = {
  consent: CONSENT,
  vault: VAULT,
  purposes: ['TREAT'],
  in_effect: true,
  reason: null,
  granted: { slot: 1 },
  from: '2026-11-01',
  until: '2027-03-04',
};
const policy = JSON.stringify({ kind: 'aegle:policy:v1', base: 'all-normal' });
const opened = { consent: CONSENT, opened: true, grantee: DOCTOR, policy };
const away = { status: 500, code: 'internal' };

type Outcome = 'permit' | 'deny';
/** What the server says of the doctor and the record, and what it says of one consent. */
const explained = (outcome: Outcome, own = outcome, consent = CONSENT, record = RECORD) => {
  const verdict = { outcome, consent };
  return { body: { data: { records: [{ record, verdict, consents: [{ ...verdict, outcome: own }] }] } } };
};

const basic: Answers = {
  'GET /v1/chain/status': { body: { ready: true } },
  'GET /v1/chain/credentials': { body: { data: [{ credential: 'x', subject: DOCTOR, kind: 'practitioner' }] } },
  'GET /v1/records': { body: { data: [held] } },
  'GET /v1/inbox': { body: { data: [] } },
  'GET /v1/disclosures': { body: { data: [] } },
  'GET /v1/consents': { body: { data: [opened] } },
  [CONSENTS]: { body: { data: [consent] } },
  'GET /v1/explain': explained('permit'),
};

/** The page of the record, from what the server answers beside the usual. */
function show(answers: Answers) {
  const content = new TextEncoder().encode('All is well.');
  const details = { title: 'Blood count', media_type: 'text/plain', length: content.length };
  serve({ ...basic, ...answers }, () => ({ details, content, issuance: { state: 'unsigned' } }));
  return open(`/records/${RECORD}`, person({ vault: VAULT }));
}

/** What the page says of who can see the record. */
async function section(): Promise<HTMLElement> {
  return (await screen.findByRole('heading', { name: 'Who can see this record' })).parentElement as HTMLElement;
}

beforeEach(() => vouch({ name: 'Dr Ada Example', specialty: null, registrar: 'Board', in_effect: true }));

test('whoever the server would let see it is named, with what for and until when', async () => {
  show({});
  expect(await screen.findByText('Dr Ada Example')).toBeTruthy();
  const said = await section();
  expect(said.textContent).toContain('for treatment, until March 4, 2027');
  expect(within(said).queryByText('Only you.')).toBeNull();
  expect(await barriers(said)).toEqual([]);
});

test.each([
  ['no permission opens it to', explained('deny')],
  ['the server refuses it for another reason', explained('deny', 'permit')],
  ['another permission opens it to', explained('permit', 'permit', OTHER)],
])('somebody whom %s is not named for this one', async (_, answer) => {
  show({ 'GET /v1/explain': answer });
  expect(await within(await section()).findByText('Only you.')).toBeTruthy();
  expect(screen.queryByText('Dr Ada Example')).toBeNull();
});

test('nobody is the only one while an answer is missing', async () => {
  let answer = (_: ReturnType<typeof explained>) => {};
  const later = new Promise<ReturnType<typeof explained>>((resolve) => {
    answer = resolve;
  });
  show({ 'GET /v1/explain': () => later });
  const said = await section();
  await waitFor(() => expect(asked.some(({ path }) => path.startsWith('/v1/explain'))).toBe(true));
  expect(await within(said).findByText('Loading')).toBeTruthy();
  expect(within(said).queryByText('Only you.')).toBeNull();
  answer(explained('deny'));
  expect(await within(said).findByText('Only you.')).toBeTruthy();
});

test.each(['GET /v1/explain', 'GET /v1/consents', CONSENTS])(
  'nobody is the only one where %s fails',
  async (failing) => {
    show({ [failing]: away });
    const said = await section();
    expect(await within(said).findByRole('alert')).toBeTruthy();
    expect(within(said).queryByText('Only you.')).toBeNull();
  },
);

test('somebody whose permission cannot be looked up as final is asked about all the same', async () => {
  show({ [CONSENTS]: ({ path }) => (path.includes('finalized') ? away : { body: { data: [consent] } }) });
  expect(await within(await section()).findByText('Dr Ada Example')).toBeTruthy();
});

test('of a record that came later is asked anew', async () => {
  const later = 'Record2111111111111111111111111111111111111';
  let records = [RECORD];
  const { history } = show({
    'GET /v1/records': () => ({ body: { data: records.map((record) => ({ ...held, record })) } }),
    'GET /v1/explain': () => explained('permit', 'permit', CONSENT, records.at(-1)),
  });
  expect(await within(await section()).findByText('Dr Ada Example')).toBeTruthy();
  records = [RECORD, later];
  history.push('/records');
  await screen.findByText('2 records. Only you and those you allowed can open them.');
  history.push(`/records/${later}`);
  expect(await within(await section()).findByText('Dr Ada Example')).toBeTruthy();
});
