import { address, createNoopSigner } from '@solana/kit';
import * as Comlink from 'comlink';
import { fixed } from '@/chain/addresses';
import { hexBytes } from '@/chain/bytes';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import type { Mint, RecordDraft } from '@/core/pkg/aegle_web';
import { findMintPda, findTokenPda, getMintRecordInstruction } from '@/program/generated';
import type { Person } from '@/session/state';

/** Steps of adding a record, in their order. */
export type Step = 'lock' | 'upload' | 'sign' | 'chain';

/**
 * Locks a content on this device, stores the ciphertext, and has the wallet make the record on chain. `progress`
 * is told the step and, while it is stored, the part from 0 to 1.
 */
export async function addRecord(
  person: Person,
  draft: RecordDraft,
  content: Blob,
  progress: (step: Step, part?: number) => void,
): Promise<string> {
  const { signer, chain, vault = '' } = person;
  progress('lock');
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know your records yet');
  const uploaded = Comlink.proxy((part: number) => progress('upload', part));
  const stored = await core().storeRecord(vault, account, signer.address, draft, content, uploaded);
  progress('sign');
  await mint(person, stored, () => progress('chain'));
  return stored.record;
}

/** Has the wallet make a record on chain whose content the server has, and waits until the server sees it. */
export async function mint({ signer, chain, vault = '' }: Person, stored: Mint, sent?: () => void): Promise<void> {
  const [payer, state] = [createNoopSigner(await chain.payer()), await vaultState(chain, vault)];
  const [mintAccount] = await findMintPda({ record: address(stored.record) });
  const [token] = await findTokenPda({ mint: mintAccount, owner: address(signer.address) });
  const instruction = getMintRecordInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    payer,
    vault: address(vault),
    record: address(stored.record),
    mint: mintAccount,
    token,
    params: {
      recordId: hexBytes(stored.recordId),
      commitment: hexBytes(stored.commitment),
      expected: expected(state),
    },
  });
  const { slot } = await chain.send(signer, [instruction]);
  sent?.();
  await chain.mirrored(slot, 'confirmed');
}
