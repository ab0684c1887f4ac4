import { address, createNoopSigner } from '@solana/kit';
import type { HeldRecord } from '@/api/labels';
import { fixed } from '@/chain/addresses';
import { getAmendRecordInstruction, getMarkRecordEnteredInErrorInstruction } from '@/program/generated';
import type { Person } from '@/session/state';
import { minting, type Put, put } from './new-record';

/** Puts a record on chain as the next version of `previous`, which stays, marked as replaced. */
export function amending(previous: string): Put {
  return async (person, stored, sent) => {
    const { inputOf } = await minting(person);
    const instruction = getAmendRecordInstruction({ ...(await inputOf(stored)), previous: address(previous) });
    await put(person, instruction, sent);
  };
}

/** Marks a record as wrong for everybody who may see it. It stays, and that cannot be taken back. */
export async function markWrong(person: Person, { record, vault }: HeldRecord): Promise<void> {
  const instruction = getMarkRecordEnteredInErrorInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(person.signer.address)),
    vault: address(vault),
    record: address(record),
  });
  await put(person, instruction);
}
