import { AT_ONCE, sendAll } from '@/chain/batch';
import type { Mint } from '@/core/pkg/aegle_web';
import { getMintRecordInstruction } from '@/program/generated';
import type { Person } from '@/session/state';
import { minting } from './new-record';

/** Records minted in one transaction, as many as fit. */
const TOGETHER = 3;
/** Records that the wallet is asked for at once. */
export const BATCH = TOGETHER * AT_ONCE;

/** Mints what the server has: one approval for as many as [`BATCH`], and waits until the server sees them. */
export async function mintAll(
  person: Person,
  records: readonly Mint[],
  done: (records: readonly Mint[]) => void = () => {},
): Promise<void> {
  const { signer, chain } = person;
  for (let from = 0; from < records.length; from += BATCH) {
    const { inputOf } = await minting(person);
    const groups: Mint[][] = [];
    for (const record of records.slice(from, from + BATCH)) {
      const last = groups.at(-1);
      if (last && last.length < TOGETHER) last.push(record);
      else groups.push([record]);
    }
    const transactions = await Promise.all(
      groups.map((group) => Promise.all(group.map(async (one) => getMintRecordInstruction(await inputOf(one))))),
    );
    const slot = await sendAll(chain, signer, transactions, (place) => done(groups[place] ?? []));
    await chain.mirrored(slot, 'confirmed');
  }
}
