import { beforeEach, expect, test, vi } from 'vitest';
import type { Plan } from '@/core/fhir';
import type { Mint } from '@/core/pkg/aegle_web';
import { person, WALLET } from '@/test/app';
import { teach } from '@/test/core';
import { Import, type Step } from './run';

const COUNT = 150;
const BATCH = 60;
/** Records that one transaction mints. */
const TOGETHER = 3;

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());
/** What minting does with each transaction of records: whether it is in effect, or how it fails. */
let mint: (records: readonly Mint[]) => void = () => {};
/** How many records each approval was asked for. */
const approvals: number[] = [];
vi.mock('../mint-all', () => ({
  BATCH: 60,
  mintAll: async (_: unknown, records: readonly Mint[], done: (records: readonly Mint[]) => void) => {
    approvals.push(records.length);
    for (let from = 0; from < records.length; from += TOGETHER) {
      const together = records.slice(from, from + TOGETHER);
      mint(together);
      for (const { record } of together) {
        if (minted.has(record)) throw new Error(`${record} is there already`);
        minted.add(record);
      }
      done(together);
    }
  },
}));

/** What is on chain, and how often each record was stored. */
const minted = new Set<string>();
const stored = new Map<string, number>();
let store: (place: number) => void = () => {};

beforeEach(() => {
  minted.clear();
  stored.clear();
  approvals.length = 0;
  mint = store = () => {};
  teach({
    storeFhir: async (_vault: never, _account: never, _author: never, _draft: never, place: never) => {
      store(place);
      const record = `record ${place}`;
      stored.set(record, (stored.get(record) ?? 0) + 1);
      return { record };
    },
  });
});

function all(): Import {
  const account = async (address: string) =>
    address === 'vault' || minted.has(address) ? { owner: WALLET, data: ['', 'base64'] } : undefined;
  const who = person({ vault: 'vault', chain: { account } as unknown as ReturnType<typeof person>['chain'] });
  const plan = { records: Array.from({ length: COUNT }, () => ({ draft: {} })) } as unknown as Plan;
  return new Import(who, plan, [...Array(COUNT).keys()], (draft) => draft);
}

/** Each record is on chain, and was stored once. */
function isWhole(): boolean {
  return minted.size === COUNT && stored.size === COUNT && [...stored.values()].every((times) => times === 1);
}

test('sixty records are asked for at a time, until all are there', async () => {
  const records = all();
  const seen: [Step, number][] = [];
  await records.run((step, done) => seen.push([step, done]));
  expect(approvals).toEqual([BATCH, BATCH, COUNT - 2 * BATCH]);
  expect(isWhole()).toBe(true);
  expect(seen.at(-1)).toEqual(['chain', COUNT]);
  const counted = seen.map(([, done]) => done);
  expect(counted).toEqual(counted.toSorted((left, right) => left - right));
});

test('what is cut off while it is minted goes on where it was, and stores nothing twice', async () => {
  const records = all();
  let transactions = 0;
  mint = () => {
    if (++transactions === 25) throw new Error('the node is away');
  };
  await expect(records.run(() => {})).rejects.toThrow('the node is away');
  // A first batch of 20 transactions, and four of the second.
  expect(records.done).toBe(BATCH + 4 * TOGETHER);
  await records.run(() => {});
  expect(records.done).toBe(COUNT);
  expect(isWhole()).toBe(true);
  expect(approvals).toEqual([BATCH, BATCH, BATCH, COUNT - 2 * BATCH - 4 * TOGETHER]);
});

test('what was sent, and whose answer did not come, is not minted again', async () => {
  const records = all();
  let transactions = 0;
  mint = (together) => {
    if (++transactions !== 2) return;
    for (const { record } of together) minted.add(record);
    throw new Error('nobody answers');
  };
  await expect(records.run(() => {})).rejects.toThrow('nobody answers');
  expect(records.done).toBe(TOGETHER);
  await records.run(() => {});
  expect(isWhole()).toBe(true);
});

test('a server that stops storing is asked again from there', async () => {
  const records = all();
  store = (place) => {
    if (place === 70) throw new Error('the server is away');
  };
  await expect(records.run(() => {})).rejects.toThrow('the server is away');
  expect([records.done, stored.size]).toEqual([BATCH, 70]);
  store = () => {};
  await records.run(() => {});
  expect(isWhole()).toBe(true);
});

test('stopping ends with what was begun, and can be gone on from', async () => {
  const records = all();
  await records.run((step) => step === 'sign' && records.stop());
  expect([records.done, stored.size]).toEqual([BATCH, BATCH]);
  await records.run(() => {});
  expect(isWhole()).toBe(true);
});
