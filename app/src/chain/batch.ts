import type { Instruction } from '@solana/kit';
import { isRefused } from '@/core';
import type { Signer } from '@/wallet';
import { Expired } from './errors';
import type { Chain, Sent } from './node';
import { sleep } from './sleep';

/** Transactions that a wallet is asked to sign at once: as many as are sent before they are too old. */
export const AT_ONCE = 20;
/** Those under way at a time. */
const LANES = 4;
/** Approvals asked for, where the network was too slow. */
const ATTEMPTS = 3;
/** Milliseconds until the operator takes more of one wallet. */
const LATER = 2_500;
const PATIENCE = 8;

/**
 * Has the wallet sign several transactions by one approval, the operator pay, and waits until all are confirmed.
 * `done` is told the place of each that is, also where another fails. Gives the slot of the last.
 */
export async function sendAll(
  chain: Chain,
  signer: Signer,
  all: readonly (readonly Instruction[])[],
  done: (place: number) => void = () => {},
): Promise<bigint> {
  let slot = 0n;
  let left = all.map((instructions, place) => ({ instructions, place }));
  for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
    const { transactions, blockhash } = await chain.compile(left.map(({ instructions }) => instructions));
    const signed = await signer.signTransactions(transactions, chain.deployment.network);
    const queue = left.map((one, index) => ({ ...one, bytes: signed[index] ?? new Uint8Array() }));
    const expired: typeof left = [];
    let failure: unknown;
    const lane = async () => {
      for (let next = queue.shift(); next && failure === undefined; next = queue.shift()) {
        try {
          const one = await relay(() => chain.relay(next.bytes, blockhash));
          if (one) {
            if (one.slot > slot) slot = one.slot;
            done(next.place);
          } else expired.push(next);
        } catch (error) {
          failure ??= error;
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (failure !== undefined) throw failure;
    left = expired;
  }
  if (left.length > 0) throw new Expired('the network did not take all transactions in time');
  return slot;
}

/** Waits where the operator takes no more in this minute. */
async function relay(send: () => Promise<Sent | undefined>): Promise<Sent | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!isRefused(error, 'rate_limited') || attempt >= PATIENCE) throw error;
      await sleep(LATER);
    }
  }
}
