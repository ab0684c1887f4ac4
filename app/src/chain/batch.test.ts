import type { Instruction } from '@solana/kit';
import { expect, test, vi } from 'vitest';
import { Refused } from '@/core';
import type { Signer } from '@/wallet';
import { sendAll } from './batch';
import { Expired } from './errors';
import type { Chain } from './node';

const transactions = (count: number) => Array.from({ length: count }, (): Instruction[] => []);

/** A network that takes a transaction, or what `answers` says for its place and attempt. */
function network(answers: (place: number, attempt: number) => 'expired' | Error | undefined = () => undefined) {
  const seen = new Map<number, number>();
  const chain = {
    deployment: { network: 'solana:localnet' },
    // A compiled transaction is told by its place alone.
    compile: async (asked: readonly unknown[]) => ({
      transactions: asked.map((one) => Uint8Array.of(all.indexOf(one))),
      blockhash: 'recent',
    }),
    relay: async ([place = 0]: Uint8Array) => {
      const attempt = (seen.get(place) ?? 0) + 1;
      seen.set(place, attempt);
      const answer = answers(place, attempt);
      if (answer instanceof Error) throw answer;
      return answer === 'expired' ? undefined : { slot: BigInt(100 - place) };
    },
  };
  let all: unknown[] = [];
  const signTransactions = vi.fn(async (bytes: readonly Uint8Array[]) => [...bytes]);
  const send = async (count: number) => {
    const asked = transactions(count);
    all = asked;
    const done: number[] = [];
    const signer = { signTransactions } as unknown as Signer;
    const sent = sendAll(chain as unknown as Chain, signer, asked, (place) => done.push(place));
    return { sent, done };
  };
  return { send, signTransactions };
}

test('one approval is asked for however many there are, and the last slot is waited for', async () => {
  const { send, signTransactions } = network();
  const { sent, done } = await send(9);
  expect(await sent).toBe(100n);
  expect(signTransactions).toHaveBeenCalledTimes(1);
  expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('what lay in the wallet for too long is signed once more, and nothing else', async () => {
  const { send, signTransactions } = network((place, attempt) =>
    place % 3 === 1 && attempt === 1 ? 'expired' : undefined,
  );
  await (await send(6)).sent;
  expect(signTransactions.mock.calls.map(([bytes]) => bytes.map(([place]) => place))).toEqual([
    [0, 1, 2, 3, 4, 5],
    [1, 4],
  ]);
});

test('a network that takes nothing is given up, and what it took before is told', async () => {
  const { send } = network((place) => (place === 2 ? 'expired' : undefined));
  const { sent, done } = await send(3);
  await expect(sent).rejects.toThrow(Expired);
  expect(done).toEqual([0, 1]);
});

test('after a failure nothing more is sent', async () => {
  const { send } = network((place) => (place === 0 ? new Error('away') : undefined));
  const { sent, done } = await send(12);
  await expect(sent).rejects.toThrow('away');
  expect(done.length).toBeLessThan(12);
});

test('an operator that takes so many in a minute is waited for', async () => {
  vi.useFakeTimers();
  const problem = { code: 'rate_limited', title: '', detail: '', status: 429, request_id: '' };
  const { send, signTransactions } = network((_, attempt) => (attempt === 1 ? new Refused(problem) : undefined));
  const { sent } = await send(2);
  await vi.runAllTimersAsync();
  expect(await sent).toBe(100n);
  expect(signTransactions).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
