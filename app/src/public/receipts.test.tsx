import { readFileSync } from 'node:fs';
import { getBase58Decoder, getBase64Decoder } from '@solana/kit';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AEGLE_PROGRAM_ADDRESS, getAuditRootEncoder } from '@/program/generated';
import { open } from '@/test/app';
import { serve } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const NODE = 'https://node.example/';
/** A log that the core's own tests are about, with a receipt for its last entry. */
const log = JSON.parse(readFileSync('../crates/aegle-web/tests/log.json', 'utf8'));
const nobody = getBase58Decoder().decode(new Uint8Array(32)) as typeof AEGLE_PROGRAM_ADDRESS;
const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

let asked: { method: string; params: unknown[] }[] = [];

/** A node that answers with these, by method. The core itself is the real one. */
function node(answers: Record<string, unknown>) {
  asked = [];
  const named: Record<string, unknown> = { '/v1/app': { rpc_url: NODE }, '/v1/log': { verifier: log.kept.verifier } };
  vi.stubGlobal('fetch', async (url: string | URL, init?: RequestInit) => {
    const path = String(url);
    if (path.includes('.wasm')) {
      // As bytes: to compile what streams takes a browser's own answer.
      const headers = { 'content-type': 'application/octet-stream' };
      return new Response(readFileSync('src/core/pkg/aegle_web_bg.wasm'), { headers });
    }
    if (path in named) return Response.json(named[path]);
    const request = JSON.parse(String(init?.body));
    asked.push(request);
    const answer = answers[request.method];
    return Response.json(answer === undefined ? { error: { message: 'no such method' } } : { result: answer });
  });
}

function root(more: object = {}) {
  const data = getAuditRootEncoder().encode({
    version: 1,
    bump: 255,
    rentPayer: nobody,
    operator: nobody,
    index: 0n,
    treeSize: 5n,
    root: hex(log.tree.root),
    heads: hex(/heads ([0-9a-f]{64})/.exec(log.kept.checkpoint)?.[1] ?? ''),
    anchoredSlot: 90n,
    anchoredAt: 1_790_000_000n,
    ...more,
  });
  return {
    pubkey: nobody,
    account: { owner: AEGLE_PROGRAM_ADDRESS, data: [getBase64Decoder().decode(data), 'base64'] },
  };
}

async function bring(text: string) {
  const { container } = open('/verify');
  const field = await screen.findByLabelText('What do you want to check?');
  await userEvent.click(field);
  await userEvent.paste(text);
  await userEvent.click(await screen.findByRole('button', { name: 'Check it' }));
  await screen.findByRole('list', { name: 'What was checked' }, { timeout: 5000 }).catch(() => undefined);
  return container;
}

const steps = () =>
  within(screen.getByRole('list', { name: 'What was checked' }))
    .getAllByRole('listitem')
    .map(({ textContent }) => textContent ?? '');

beforeEach(() => {
  serve({});
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => vi.unstubAllGlobals());

describe('a receipt', () => {
  const empty = {
    getProgramAccounts: [],
    getSignaturesForAddress: [],
    getAccountInfo: { context: { slot: 1 }, value: null },
  };

  test('is checked by itself and against the node, step by step', async () => {
    node({ ...empty, getBlock: null });
    await bring(JSON.stringify(log.bundle));
    const lines = steps();
    expect(lines.filter((line) => line.startsWith('Holds:')).length).toBeGreaterThan(2);
    expect(lines.some((line) => line.startsWith('Not checked:'))).toBe(true);
    expect(asked.map(({ method }) => method)).toEqual([
      'getProgramAccounts',
      'getSignaturesForAddress',
      'getAccountInfo',
      'getBlock',
    ]);
    expect(asked[1]?.params[0]).toBe(log.vault);
    expect(asked[3]?.params[0]).toBe(100);
  });

  test('that was forged does not hold', async () => {
    node(empty);
    await bring(JSON.stringify({ ...log.bundle, entry: log.bundle.entry.replace('deny', 'permit') }));
    expect(screen.getByText('Something does not hold')).toBeTruthy();
    expect(steps().some((line) => line.startsWith('Does not hold:'))).toBe(true);
  });

  test('alone, as the header has it, is checked by the key that the server names, and says so', async () => {
    node(empty);
    await bring(log.bundle.receipt);
    expect(steps()[0]).toMatch(/^Not checked:.*This server named it/);
    expect(steps().some((line) => line.startsWith('Holds:'))).toBe(true);
    // What it does not open, no node can be asked about.
    expect(asked).toEqual([]);
  });

  test('is checked as far as that takes no node where the node is away', async () => {
    node({});
    await bring(JSON.stringify(log.bundle));
    expect(screen.getByText(/did not answer as it should: no such method/)).toBeTruthy();
    expect(steps().some((line) => line.startsWith('Holds:'))).toBe(true);
    expect(screen.queryByText('Everything holds')).toBeNull();
  });

  test('reads of the node all pages, each transaction once, and none that failed or came later', async () => {
    const first = Array.from({ length: 1000 }, (_, index) => ({ signature: `s${index % 2}`, slot: 99, err: null }));
    const pages = [
      first,
      [
        { signature: 'failed', slot: 99, err: {} },
        { signature: 'later', slot: 101, err: null },
      ],
    ];
    node({ ...empty, getBlock: null, getTransaction: null });
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
      const { method } = url === NODE ? JSON.parse(String(init?.body)) : {};
      const answer = await fetch(url, init);
      return method === 'getSignaturesForAddress' ? Response.json({ result: pages.shift() }) : answer;
    });
    await bring(JSON.stringify(log.bundle));
    const of = (method: string) => asked.filter((one) => one.method === method).map(({ params }) => params);
    expect(of('getSignaturesForAddress')).toEqual([
      [log.vault, expect.not.objectContaining({ before: expect.anything() })],
      [log.vault, expect.objectContaining({ before: 's1' })],
    ]);
    expect(of('getTransaction').map(([signature]) => signature)).toEqual(['s0', 's1']);
  });
});

describe('a checkpoint', () => {
  test('that an operator wrote on the network holds', async () => {
    node({ getProgramAccounts: [root()] });
    await bring(log.kept.checkpoint);
    expect(steps()).toEqual([
      expect.stringMatching(/^Holds:.*records\.example\/disclosures.*5 entries/),
      expect.stringMatching(/^Not checked:.*This server named it/),
      expect.stringMatching(/^Holds:.*slot 90/),
      expect.stringMatching(/^Not checked:.*aegle log verify/),
    ]);
  });

  test('of which the network has another root does not hold', async () => {
    node({ getProgramAccounts: [root({ root: new Uint8Array(32) })] });
    await bring(log.kept.checkpoint);
    expect(steps()[2]).toMatch(/^Does not hold:.*another root/);
  });

  test('that nobody wrote on the network is not said to be there', async () => {
    node({ getProgramAccounts: [root({ treeSize: 4n })] });
    await bring(log.kept.checkpoint);
    expect(steps()[2]).toMatch(/^Not checked:.*nobody wrote a root for 5 entries/);
  });

  test('is not called false where the core cannot be loaded', async () => {
    vi.resetModules();
    node({ getProgramAccounts: [root()] });
    const { readCheckpoint } = await import('./proofs');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    await expect(readCheckpoint(log.kept.verifier, log.kept.checkpoint)).rejects.toThrow('offline');
  });

  test('that the log did not sign does not hold', async () => {
    node({ getProgramAccounts: [root()] });
    await bring(log.kept.checkpoint.replace('\n5\n', '\n6\n'));
    expect(steps()).toEqual([expect.stringMatching(/^Does not hold:.*not signed by this log/)]);
    expect(asked).toEqual([]);
  });
});
