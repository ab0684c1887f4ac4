import { address, getBase64Decoder } from '@solana/kit';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { hexBytes } from '@/chain/bytes';
import { NodeAway, Unconfirmed } from '@/chain/errors';
import { Broken } from '@/core/errors';
import {
  getConfigEncoder,
  getRecoveryEncoder,
  getVaultEncoder,
  RecoveryStatus,
  type VaultArgs,
} from '@/program/generated';
import type { Person } from '@/session/state';
import { open, person, WALLET } from '@/test/app';
import { barriers } from '@/test/axe';
import { type Answers, asked, serve, teach } from '@/test/core';
import { guardianCard } from './cards';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

// Pages are there before they are waited for.
await Promise.all([
  import('./guardian-page'),
  import('./guardians-page'),
  import('./delegates-page'),
  import('./recover-page'),
]);

const VAULT = 'CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ';
const [ANNA, BEN] = ['7porTR32j7zt69GG4AwoPQx3f3FL2RLpSDKGtPXWTeaQ', 'SysvarC1ock11111111111111111111111111111111'];
const RECOVERY = 'SysvarRent111111111111111111111111111111111';
const KEY = 'ab'.repeat(32);
const DAY = 86_400;
const NOW = 1_900_000_000;
const zero = address('11111111111111111111111111111111');
const none = { count: 0, threshold: 0, commitment: new Uint8Array(32), recoveryDelay: 0 };
const three = { ...none, count: 3, threshold: 2, recoveryDelay: 7 * DAY };

function chain(more: Partial<VaultArgs>): Person['chain'] {
  const vault = getVaultEncoder().encode({
    version: 1,
    bump: 255,
    owner: zero,
    keyEpoch: 0,
    consentEpoch: 0,
    delegateEpoch: 0,
    vaultId: new Uint8Array(32),
    rentPayer: zero,
    encryptionKey: new Uint8Array(32),
    delegateMints: 0,
    delegateMintCap: 0,
    recordCount: 0,
    createdSlot: 0,
    createdAt: 0,
    emergencyPolicy: 0,
    guardianEpoch: 0,
    guardians: none,
    pendingGuardians: none,
    guardiansDueAt: 0,
    pendingRecovery: zero,
    recoveryLapsesAt: 0,
    reserved: new Uint8Array(32),
    ...more,
  });
  const config = getConfigEncoder().encode({
    version: 1,
    bump: 255,
    paused: false,
    rentPayer: zero,
    governance: zero,
    minRecoveryDelay: DAY,
    maxRecoveryDelay: 14 * DAY,
    paymentMints: [zero, zero, zero, zero],
    recordUri: '',
    reserved: new Uint8Array(32),
  });
  const recovery = getRecoveryEncoder().encode({
    version: 1,
    bump: 255,
    status: RecoveryStatus.Pending,
    rentPayer: zero,
    vault: address(VAULT),
    recoveryId: new Uint8Array(32),
    newOwner: address(BEN),
    newEncryptionKey: new Uint8Array(32),
    guardianEpoch: 0,
    delegateEpoch: 0,
    approvals: 0b11,
    executableAt: NOW,
    lapsesAt: NOW + DAY,
    proposedSlot: 0,
    proposedAt: NOW - DAY,
    changedSlot: 0,
    changedAt: 0,
  });
  const account = async (of: string) => ({
    owner: zero,
    data: [getBase64Decoder().decode(of === VAULT ? vault : of === RECOVERY ? recovery : config), 'base64'] as [
      string,
      'base64',
    ],
  });
  return { account, now: async () => NOW, deployment: {} } as unknown as Person['chain'];
}

const patient = (more: Partial<VaultArgs> = {}) => person({ vault: VAULT, chain: chain(more) });
const answers: Answers = {
  'GET /v1/chain/status': { body: { ready: true } },
  [`GET /v1/chain/vaults/${VAULT}`]: { body: { data: {} } },
  'GET /v1/chain/credentials': { body: { data: [] } },
};

test('guardians are said in a sentence, with what is to change and from when', async () => {
  serve(answers);
  const due = NOW + DAY;
  open('/safety/guardians', patient({ guardians: three, pendingGuardians: none, guardiansDueAt: due }));
  await screen.findByText(/^3 guardians\. 2 of them together .* You have 7 days to say no\.$/);
  expect(screen.getByText(/^This changes/)).toBeTruthy();
  expect(screen.getByText(/^You have no guardians/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Keep the guardians of now' })).toBeTruthy();
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('a change whose time has come can only be put in effect', async () => {
  serve(answers);
  open('/safety/guardians', patient({ guardians: three, pendingGuardians: none, guardiansDueAt: NOW }));
  await screen.findByRole('button', { name: 'Put it in effect' });
  expect(screen.queryByRole('button', { name: 'Name other guardians' })).toBeNull();
});

test('people are named by their cards, each once, and never the own wallet', async () => {
  serve(answers);
  const user = userEvent.setup();
  open('/safety/guardians', patient());
  await user.click(await screen.findByRole('button', { name: 'Name guardians' }));
  const fields = screen.getAllByLabelText('Guardian card');
  const type = async (index: number, text: string) => {
    await user.clear(fields[index] as HTMLElement);
    await user.click(fields[index] as HTMLElement);
    await user.paste(text);
  };
  const sign = () => screen.getByRole('button', { name: /^Name (one person|\d+ people)$/ }) as HTMLButtonElement;
  expect((screen.getByRole('button', { name: 'Name guardians' }) as HTMLButtonElement).disabled).toBe(true);
  expect((screen.getByLabelText('How many of them together') as HTMLSelectElement).selectedOptions[0]?.text).toBe(
    '2 of 3',
  );
  await type(0, 'hello');
  await screen.findByText('This is not a guardian card. Ask them to copy all of it.');
  await type(0, BEN);
  await screen.findByText('Nobody vouches for a key of this address. Ask them for their guardian card.');
  await type(0, guardianCard({ guardian: ANNA, encryptionKey: KEY }));
  await screen.findByText('This card fits.');
  expect(screen.getByText(/everything hangs on this one person/)).toBeTruthy();
  expect(sign().disabled).toBe(false);
  await type(1, guardianCard({ guardian: ANNA, encryptionKey: KEY }));
  await screen.findByText('The same person is named twice.');
  expect(sign().disabled).toBe(true);
  await type(1, guardianCard({ guardian: BEN, encryptionKey: KEY }));
  await screen.findByText(/If all of them ask together, you cannot say no/);
  expect(sign().textContent).toBe('Name 2 people');
  const delays = screen.getByLabelText('How long you can say no') as HTMLSelectElement;
  expect([...delays.options].map(({ text }) => text)).toEqual(['1 day', '3 days', '7 days', '14 days']);
  expect(delays.selectedOptions[0]?.text).toBe('7 days');
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('one address in two places is asked about once', async () => {
  const warned = vi.spyOn(console, 'warn');
  const attested = { subject: ANNA, in_effect: true, encryption_key: KEY };
  serve({ ...answers, 'GET /v1/chain/credentials': { body: { data: [attested] } } });
  open('/safety/guardians', patient());
  await userEvent.click(await screen.findByRole('button', { name: 'Name guardians' }));
  for (const field of screen.getAllByLabelText('Guardian card').slice(0, 2)) {
    await userEvent.click(field);
    await userEvent.paste(ANNA);
  }
  expect(await screen.findAllByText('This card fits.')).toHaveLength(2);
  expect(screen.getByText('The same person is named twice.')).toBeTruthy();
  expect(asked.filter(({ path }) => path.includes(`subject=${ANNA}`))).toHaveLength(1);
  expect(warned).not.toHaveBeenCalled();
});

test('a guardian whose part is locked for a key file hands it over with that', async () => {
  const share = { vault: VAULT, guardian: ANNA, holder: ANNA };
  serve({
    ...answers,
    [`GET /v1/chain/vaults/${VAULT}/recoveries`]: { body: { data: [{ recovery: RECOVERY, open: true }] } },
    'GET /v1/guardian-shares': { body: { data: [share] } },
    'POST /v1/guardian-shares': { body: {} },
  });
  let read = '';
  teach({
    guardianKey: async () => KEY,
    useKeyFile: async (use: string, file: Uint8Array) => {
      read = `${use}: ${new TextDecoder().decode(file)}`;
    },
    handOver: async () => {
      if (!read) throw new Broken('wrong_key', 'it is locked for another key');
      return { part: read };
    },
  });
  const signer = { address: ANNA, signMessage: async () => new Uint8Array(64) } as unknown as Person['signer'];
  open('/guardian', person({ signer, chain: chain({ guardians: three }) }));
  const file = { vault: VAULT, guardian: ANNA, index: 0, salt: KEY, commitments: [KEY, KEY, KEY] };
  const choose = async (button: string, content: string) => {
    const { nextElementSibling } = await screen.findByRole('button', { name: button });
    await userEvent.upload(
      nextElementSibling as HTMLInputElement,
      new File([content], 'key.json', { type: 'application/json' }),
    );
  };
  await choose('Open the guardian file', JSON.stringify({ kind: 'aegle:guardian-opening:v1', ...file }));
  const handOver = await screen.findByRole('button', { name: 'Hand over my part' });
  expect(screen.queryByRole('button', { name: 'I have a key file' })).toBeNull();
  await userEvent.click(handOver);
  await choose('I have a key file', 'the file');
  expect(await screen.findByText(/handed over/i)).toBeTruthy();
  const sent = asked.find(({ method }) => method === 'POST');
  expect(JSON.parse(sent?.body ?? '')).toEqual({ part: 'guarding: the file' });
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('people whom the chain may have already are not named twice: they get the files that fit', async () => {
  const commitment = 'cd'.repeat(32);
  const list = { count: 1, commitment, all: {}, each: [{ guardian: ANNA }] };
  const made = vi.fn(async () => ({ ...list, commitment: made.mock.calls.length === 1 ? commitment : KEY }));
  teach({ guardianList: made, withGuardians: async () => ({}) });
  serve({
    ...answers,
    'GET /v1/keyrings': { body: { data: [] } },
    'POST /v1/keyrings': { body: { data: {} } },
  });
  const send = vi.fn(async () => {
    throw new Unconfirmed('nobody answers');
  });
  const before = chain({});
  const after = chain({ guardians: { ...none, count: 1, threshold: 1, commitment: hexBytes(commitment) } });
  const account: Person['chain']['account'] = (of) => (send.mock.calls.length ? after : before).account(of);
  const user = userEvent.setup();
  open(
    '/safety/guardians',
    person({ vault: VAULT, chain: { ...before, account, send } as unknown as Person['chain'] }),
  );
  await user.click(await screen.findByRole('button', { name: 'Name guardians' }));
  await user.click(screen.getAllByLabelText('Guardian card')[0] as HTMLElement);
  await user.paste(guardianCard({ guardian: ANNA, encryptionKey: KEY }));
  await user.click(await screen.findByRole('button', { name: 'Name one person' }));
  await screen.findByText(/nobody answers yet whether it is in effect/);
  expect(screen.queryByText(/Their parts are not stored yet/)).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByText('Your guardians are named');
  expect([made.mock.calls.length, send.mock.calls.length]).toEqual([1, 1]);
});

test('a code is called wrong only where it does not fit, and not where nobody answers', async () => {
  serve({ ...answers, 'GET /v1/keyrings': { body: { data: [] } } });
  const fails = vi.fn(async () => {
    throw new Broken('keyring', 'it does not open');
  });
  teach({ unlockWithCode: fails });
  const away = vi.fn(async () => {
    throw new NodeAway('away');
  });
  const user = userEvent.setup();
  const { account, ...rest } = chain({});
  let answer: typeof account = away;
  const asked: typeof account = (of) => answer(of);
  open('/records', person({ closed: VAULT, chain: { ...rest, account: asked } as unknown as Person['chain'] }));
  await user.type(await screen.findByLabelText('Recovery code'), 'MY-CODE');
  await user.click(screen.getByRole('button', { name: 'Open my records' }));
  await screen.findByText(/^The network does not answer/);
  expect(screen.queryByText(/This code does not open them/)).toBeNull();
  answer = account;
  await user.click(screen.getByRole('button', { name: 'Open my records' }));
  await screen.findByText(/This code does not open them/);
  expect(screen.queryByText(/^The network does not answer|^What came is not/)).toBeNull();
  expect(screen.getByLabelText('Recovery code')).toHaveProperty('value', 'MY-CODE');
});

test('a wallet that opens nothing here is offered the code, and set-up is not', async () => {
  serve(answers);
  const page = open('/records', person({ closed: VAULT, chain: chain({}) }));
  await screen.findByRole('heading', { level: 1, name: 'Your wallet does not open your records here' });
  expect(screen.getByLabelText('Recovery code')).toBeTruthy();
  expect(page.history.location.pathname).toBe('/recover');
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('who may act is listed with what they may do, and no more than can be kept is offered', async () => {
  const delegate = { delegate: ANNA, key: BEN, rights: ['mint', 'revoke'], until: '2031-01-31', in_effect: true };
  serve({
    ...answers,
    [`GET /v1/chain/vaults/${VAULT}/delegates`]: { body: { data: [delegate, { ...delegate, in_effect: false }] } },
    'GET /v1/agent': { status: 404, code: 'agent_off' },
  });
  open('/safety/delegates', patient());
  await screen.findByText('May add records and stop allowing, until January 31, 2031.', { exact: false });
  expect(screen.getAllByRole('button', { name: 'Stop it' })).toHaveLength(1);
  expect(screen.getAllByRole('checkbox')).toHaveLength(3);
  await waitFor(() => expect(screen.queryByText('Let it take in my results')).toBeNull());
  await userEvent.click(screen.getByLabelText('Address of their key'));
  await userEvent.paste(WALLET);
  await screen.findByText('This is your own wallet. It can do everything already.');
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
});

test('a server that is away is named, with a way on', async () => {
  serve({ ...answers, [`GET /v1/chain/vaults/${VAULT}/delegates`]: { status: 500, code: 'internal' } });
  open('/safety/delegates', patient());
  await screen.findByText(/The server could not do this just now/);
  expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
});
