import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { open, person, WALLET } from '@/test/app';
import { barriers } from '@/test/axe';
import { type Answers, asked, serve, teach } from '@/test/core';
import { Declined } from '@/wallet';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const chain = vi.hoisted(() => ({ policy: 0 }));
vi.mock('@/chain/vault', () => ({ vaultState: async () => ({ emergencyPolicy: chain.policy }) }));

const VAULT = 'VauLt11111111111111111111111111111111111111';
const OPENING = 'opening111111111111111111111111111111111111';
const DOCTOR = 'Doctor1111111111111111111111111111111111111';
const keeper = (digit: number) => `Keeper${digit}111111111111111111111111111111111111`;

const later = new Date(Date.now() + 3 * 3_600_000).toISOString();
const opening = {
  break_glass: OPENING,
  vault: VAULT,
  expires_at: later,
  in_effect: true,
  opened: { slot: 7, at: new Date().toISOString() },
  reviewed: null,
};
const statement = {
  breakGlass: OPENING,
  vault: VAULT,
  clinician: DOCTOR,
  reason: 'Unconscious after a fall',
  records: ['Record1111111111111111111111111111111111111'],
  expiresAt: Date.parse(later) / 1000,
};

const patient = (signMessage = async (_: string) => new Uint8Array(64)) =>
  person({
    vault: VAULT,
    signer: { address: WALLET, signMessage } as unknown as ReturnType<typeof person>['signer'],
    chain: {
      account: async () => ({ owner: WALLET, data: ['', 'base64'] }),
      now: async () => 0,
    } as unknown as ReturnType<typeof person>['chain'],
  });

const basic: Answers = {
  'GET /v1/chain/status': { body: { ready: true } },
  [`GET /v1/chain/vaults/${VAULT}/break-glass`]: { body: { data: [] } },
  'GET /v1/custodians': { body: { data: {} } },
  'GET /v1/emergencies': { body: { data: [{ break_glass: OPENING }] } },
  'GET /v1/chain/credentials': {
    body: {
      data: [1, 2, 3].map((digit) => ({
        subject: keeper(digit),
        credential: keeper(digit),
        registrar: DOCTOR,
        kind: 'custodian',
        in_effect: true,
      })),
    },
  },
};

beforeEach(() => {
  chain.policy = 0;
  serve(basic);
  teach({
    custodiansOf: async () => undefined,
    readEmergency: async () => statement,
    custodianPlan: async () => 'plan',
  });
});

test('it is off until the patient allows it, which says what it means', async () => {
  const { container } = open('/safety/emergency', patient());
  expect(await screen.findByText('Off: nobody can open your records without you.')).toBeTruthy();
  expect(screen.getByText(/That is their duty, not a lock/)).toBeTruthy();
  expect(await screen.findByText('Nobody has opened anything in an emergency.')).toBeTruthy();
  // Nothing is asked of the log where the chain has nothing.
  expect(asked.some(({ path }) => path.startsWith('/v1/emergencies'))).toBe(false);
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
});

test('two of three key keepers have a key together, unless the patient says otherwise', async () => {
  open('/safety/emergency', patient());
  const boxes = await screen.findAllByRole('checkbox');
  expect(screen.getByRole('button', { name: 'Allow in emergencies' }).hasAttribute('disabled')).toBe(true);
  for (const box of boxes) await userEvent.click(box);
  expect(screen.getByLabelText('How many have a key together')).toHaveProperty('value', '2');
  await userEvent.selectOptions(screen.getByLabelText('How many have a key together'), '1 of 3');
  expect(screen.getByText(/Any one of them alone could open your records/)).toBeTruthy();
});

test('a signature that is refused stores nothing and keeps the choice', async () => {
  const refusing = async () => {
    throw new Declined('no');
  };
  open('/safety/emergency', patient(refusing));
  for (const box of await screen.findAllByRole('checkbox')) await userEvent.click(box);
  await userEvent.click(screen.getByRole('button', { name: 'Allow in emergencies' }));
  expect(await screen.findByText('You said no in your wallet. Nothing was changed.')).toBeTruthy();
  expect(asked.some(({ method }) => method === 'PUT')).toBe(false);
  for (const box of screen.getAllByRole('checkbox')) expect(box).toHaveProperty('checked', true);
});

test('an opening says who, why and until when, and is told on every page until it is reviewed', async () => {
  serve({ ...basic, [`GET /v1/chain/vaults/${VAULT}/break-glass`]: { body: { data: [opening] } } });
  const { container } = open('/safety/emergency', patient());
  expect(await screen.findByText('Unconscious after a fall')).toBeTruthy();
  expect(screen.getByText('One record')).toBeTruthy();
  expect(screen.getByText(/^open until/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'I have looked at it' })).toBeTruthy();
  expect(await screen.findByText('Your records were opened in an emergency')).toBeTruthy();
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
});

test('what was reviewed is told no more', async () => {
  const reviewed = { ...opening, reviewed: { slot: 9, at: null } };
  serve({ ...basic, [`GET /v1/chain/vaults/${VAULT}/break-glass`]: { body: { data: [reviewed] } } });
  open('/safety/emergency', patient());
  expect(await screen.findByText('You have looked at it')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'I have looked at it' })).toBeNull();
  expect(screen.queryByText('Your records were opened in an emergency')).toBeNull();
});

test('a statement that the chain does not commit to is not believed', async () => {
  serve({ ...basic, [`GET /v1/chain/vaults/${VAULT}/break-glass`]: { body: { data: [opening] } } });
  teach({
    readEmergency: async () => {
      throw Object.assign(new Error('another opening'), { code: 'not_as_on_chain' });
    },
  });
  open('/safety/emergency', patient());
  expect(await screen.findByText(/without a reason that a doctor signed/)).toBeTruthy();
  expect(screen.queryByText('Unconscious after a fall')).toBeNull();
});

test('where it is allowed, who keeps the parts stands there, and records that came another way are covered', async () => {
  chain.policy = 1;
  teach({
    custodiansOf: async () => ({ threshold: 2, custodians: [1, 2, 3].map(keeper) }),
    dealShares: async () => [{ record: 'one', shares: [] }],
  });
  serve({
    ...basic,
    'GET /v1/custodian-shares': { body: { data: [] } },
    'GET /v1/records': { body: { data: [] } },
    'POST /v1/custodian-shares': () => (isAway ? { status: 503, code: 'unknown' } : { body: { data: { stored: 3 } } }),
  });
  let isAway = true;
  open('/safety/emergency', patient());
  expect(await screen.findByText(/2 of these 3 key keepers/)).toBeTruthy();
  expect(await screen.findByText('One record is not covered yet')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Cover them' }));
  expect(await screen.findByText(/^The server could not do this just now/)).toBeTruthy();
  isAway = false;
  asked.length = 0;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => {
    const sent = asked.find(({ method, path }) => method === 'POST' && path === '/v1/custodian-shares');
    expect(JSON.parse(sent?.body ?? '{}')).toEqual({ vault: VAULT, records: [{ record: 'one', shares: [] }] });
  });
  await userEvent.click(screen.getByRole('button', { name: 'Forbid' }));
  expect(await screen.findByText(/It counts at once/)).toBeTruthy();
});
