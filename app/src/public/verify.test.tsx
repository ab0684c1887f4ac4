import { type Address, getBase64Decoder } from '@solana/kit';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AEGLE_PROGRAM_ADDRESS, getConsentEncoder, getRecordEncoder, getVaultEncoder } from '@/program/generated';
import { open } from '@/test/app';
import { barriers } from '@/test/axe';
import { serve } from '@/test/core';
import { today } from '@/words/say';
import { brought } from './check';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const NODE = 'https://node.example/';
const RECORD = '8vN5rUWbPcBfG8WcqG8MvDSv5UQqN6FFMVZgXKk2RcTN';
const CONSENT = '6s6YyZ3Qv8y2uSj4z7jYdJd6dpyQvJ1oYhYy2iGxVJcR';
const VAULT = '4Nd1mYvVgkzJ3xgQ7ePVY1p6wGm8sYk5m8m3G1xq2kZb' as Address;
const NOBODY = '11111111111111111111111111111111' as Address;
const zeros = new Uint8Array(32);

const vault = (consentEpoch = 0) =>
  getVaultEncoder().encode({
    version: 1,
    bump: 255,
    owner: NOBODY,
    keyEpoch: 0,
    consentEpoch,
    delegateEpoch: 0,
    vaultId: zeros,
    rentPayer: NOBODY,
    encryptionKey: zeros,
    delegateMints: 0,
    delegateMintCap: 1000,
    recordCount: 3n,
    createdSlot: 7n,
    createdAt: 1_790_000_000n,
    emergencyPolicy: 0,
    guardianEpoch: 0,
    guardians: { count: 0, threshold: 0, commitment: zeros, recoveryDelay: 0n },
    pendingGuardians: { count: 0, threshold: 0, commitment: zeros, recoveryDelay: 0n },
    guardiansDueAt: 0n,
    pendingRecovery: NOBODY,
    recoveryLapsesAt: 0n,
    reserved: new Uint8Array(RESERVED),
  });
const RESERVED = 64;

const record = () =>
  getRecordEncoder().encode({
    version: 1,
    bump: 255,
    mintBump: 255,
    status: 0,
    rentPayer: NOBODY,
    vault: VAULT,
    recordId: zeros,
    commitment: zeros.with(0, 0xab),
    recordVersion: 2,
    previous: NOBODY,
    mintedSlot: 77n,
    mintedAt: 1_790_000_000n,
    changedSlot: 77n,
    changedAt: 1_790_000_000n,
    issues: 1,
    token: NOBODY,
  });

const consent = (more: object = {}) =>
  getConsentEncoder().encode({
    version: 1,
    bump: 255,
    actions: 1,
    purposes: 5,
    rentPayer: NOBODY,
    vault: VAULT,
    consentId: zeros,
    handle: zeros,
    policyCommitment: zeros,
    fromDay: today() - 1,
    untilDay: today() + 30,
    consentEpoch: 0,
    grantedSlot: 70n,
    grantedAt: 1_790_000_000n,
    revokedSlot: 0n,
    revokedAt: 0n,
    ...more,
  });

type Accounts = Record<string, { readonly length: number } & Iterable<number>>;

/** A node that has these accounts; with `late`, not final yet. */
function node(accounts: Accounts, { late = false, owner = AEGLE_PROGRAM_ADDRESS as string } = {}) {
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    if (url === '/v1/app') return Response.json({ rpc_url: NODE });
    if (url === '/v1/log') return Response.json({ verifier: 'log+1+key' });
    expect(url).toBe(NODE);
    const { method, params } = JSON.parse(String(init?.body)) as {
      method: string;
      params: [string, { commitment: string }];
    };
    expect(method).toBe('getAccountInfo');
    const found = accounts[params[0]];
    const isThere = found && !(late && params[1].commitment === 'finalized');
    const data = isThere ? [getBase64Decoder().decode(Uint8Array.from(found)), 'base64'] : undefined;
    return Response.json({ result: { context: { slot: 900 }, value: data ? { owner, data } : null } });
  });
}

const steps = () =>
  within(screen.getByRole('list', { name: 'What was checked' }))
    .getAllByRole('listitem')
    .map(({ textContent }) => textContent ?? '');

beforeEach(() => serve({}));
afterEach(() => vi.unstubAllGlobals());

describe('an address', () => {
  test('of a record is checked step by step, and told in plain words', async () => {
    node({ [RECORD]: record(), [VAULT]: vault() });
    const { container } = open(`/verify?what=${RECORD}`);
    expect(await screen.findByText('What the network says of this record')).toBeTruthy();
    expect(steps()).toEqual([
      expect.stringMatching(/^Holds:.*slot 900/),
      expect.stringMatching(/^Holds:.*a record/),
      expect.stringMatching(/^Holds:.*final/),
      expect.stringMatching(/^Holds:.*vault/),
      expect.stringMatching(/^Not checked:.*salted fingerprint/),
    ]);
    expect(screen.getByText('in force')).toBeTruthy();
    expect(container.textContent).not.toContain('ab0000');
    await userEvent.click(screen.getByText('Details'));
    expect(container.textContent).toContain('ab0000');
    expect(await barriers(container)).toEqual([]);
  });

  test('of a permission says whether it is in effect, and why not', async () => {
    node({ [CONSENT]: consent(), [VAULT]: vault() });
    const first = open(`/verify?what=${CONSENT}`);
    expect(await screen.findByText(/It is in effect today/)).toBeTruthy();
    expect(screen.getByText('treatment and billing')).toBeTruthy();
    first.unmount();
    for (const [account, epoch, why] of [
      [consent({ revokedSlot: 80n, revokedAt: 1_790_000_100n }), 0, /It was taken back/],
      [consent(), 1, /took back all permissions/],
      [consent({ untilDay: today() }), 0, /outside its days/],
    ] as const) {
      node({ [CONSENT]: account, [VAULT]: vault(epoch) });
      const shown = open(`/verify?what=${CONSENT}`);
      expect(await screen.findByText(why)).toBeTruthy();
      expect(screen.getByText('Something does not hold')).toBeTruthy();
      shown.unmount();
    }
  });

  test('that is not final yet is not said to be', async () => {
    node({ [RECORD]: record(), [VAULT]: vault() }, { late: true });
    // The vault is asked at the confirmed state.
    open(`/verify?what=${RECORD}`);
    expect(await screen.findByText(/about 15 seconds more/)).toBeTruthy();
  });

  test('where there is nothing, or nothing of the program, does not hold', async () => {
    node({});
    const first = open(`/verify?what=${RECORD}`);
    expect(await screen.findByText('There is nothing at this address.')).toBeTruthy();
    first.unmount();
    node({ [RECORD]: record() }, { owner: VAULT });
    open(`/verify?what=${RECORD}`);
    expect(await screen.findByText(/not Aegle's/)).toBeTruthy();
  });
});

describe('the node', () => {
  test("is the reader's to choose", async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return url.startsWith('/v1/') ? Response.json({ rpc_url: NODE }) : Promise.reject(new TypeError('no such host'));
    });
    open('/verify');
    await userEvent.click(await screen.findByText('What it is checked against'));
    const field = screen.getByLabelText('Address of a node of the network');
    await waitFor(() => expect((field as HTMLInputElement).value).toBe(NODE));
    await userEvent.clear(field);
    await userEvent.type(field, 'https://mine.example');
    await userEvent.type(screen.getByLabelText('What do you want to check?'), RECORD);
    await userEvent.click(screen.getByRole('button', { name: 'Check it' }));
    expect(await screen.findByText(/no such host/)).toBeTruthy();
    expect(asked).toContain('https://mine.example');
    expect(asked).not.toContain(NODE);
  });

  test('that the page may not ask is said to be so', async () => {
    vi.stubGlobal('fetch', async (url: string) => {
      if (url.startsWith('/v1/')) return Response.json({ rpc_url: NODE });
      const event = Object.assign(new Event('securitypolicyviolation'), { blockedURI: NODE });
      document.dispatchEvent(event);
      throw new TypeError('Failed to fetch');
    });
    open(`/verify?what=${RECORD}`);
    expect(await screen.findByText(/asks only the node that this server named/)).toBeTruthy();
    const apart = screen.getByRole('link', { name: 'Open a page of its own' });
    expect(apart.getAttribute('href')).toBe(`/verify?what=${RECORD}`);
    expect([apart.getAttribute('target'), apart.getAttribute('rel')]).toEqual(['_blank', 'noopener']);
  });

  test('is waited for by a file that is chosen before the server has named it', async () => {
    const asked: string[] = [];
    let name: (node: Response) => void = () => {};
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      if (url === '/v1/log') return Response.json({});
      if (url === '/v1/app') return new Promise<Response>((answer) => (name = answer));
      throw new TypeError('no such host');
    });
    const { container } = open('/verify');
    await screen.findByRole('button', { name: 'Choose a file' });
    await userEvent.upload(container.querySelector('input[type=file]') as HTMLInputElement, new File([RECORD], 'one'));
    await waitFor(() => expect(screen.getByLabelText('What do you want to check?')).toHaveProperty('value', RECORD));
    name(Response.json({ rpc_url: NODE }));
    expect(await screen.findByText(/no such host/)).toBeTruthy();
    expect(asked.filter((url) => !url.startsWith('/v1/'))).toEqual([NODE]);
  });

  test('is asked for where the server names none', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ rpc_url: null }));
    open('/verify');
    expect(await screen.findByText(/names no node/)).toBeTruthy();
    expect((screen.getByRole('button', { name: 'Check it' }) as HTMLButtonElement).disabled).toBe(true);
  });
});

test('what can be checked is told apart by its form', () => {
  expect(brought(' {"kind":"aegle:receipt:v1"} ')?.kind).toBe('receipt');
  expect(brought('{"kind":"aegle:policy:v2"}')).toBeUndefined();
  expect(brought('{')).toBeUndefined();
  expect(brought('A'.repeat(214))).toMatchObject({ kind: 'receipt', isBare: true });
  expect(brought('log.example\n5\nroot\nheads 00\n\n— log.example c2ln\n')?.kind).toBe('checkpoint');
  expect(brought(`https://aegle.example/verify?what=${RECORD}`)).toEqual({ kind: 'address', address: RECORD });
  expect(brought('hello')).toBeUndefined();
  expect(brought(`${RECORD}${RECORD}`)).toBeUndefined();
});

test('what is nothing of this is said to be so', async () => {
  node({});
  open('/verify?what=hello');
  expect(await screen.findByText('This is nothing that can be checked here')).toBeTruthy();
});

describe('about', () => {
  for (const path of ['/about', '/about/patients', '/about/hospitals', '/about/lawyers']) {
    test(`${path} has its sections, and no barriers`, async () => {
      const { container } = open(path);
      const headings = await screen.findAllByRole('heading', { level: 2 });
      expect(headings.length).toBeGreaterThan(2);
      expect(container.textContent).not.toContain('open.about');
      expect(await barriers(container)).toEqual([]);
    });
  }

  test('says what Aegle cannot do', async () => {
    open('/about');
    expect(await screen.findByRole('heading', { name: 'What Aegle cannot do' })).toBeTruthy();
    expect(screen.getByText(/not been audited/)).toBeTruthy();
  });
});
