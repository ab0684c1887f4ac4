import { address, createNoopSigner, type Instruction } from '@solana/kit';
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
 * is told the step and, while it is stored, the part from 0 to 1. `make` puts it on chain.
 */
export async function addRecord(
  person: Person,
  draft: RecordDraft,
  content: Blob,
  progress: (step: Step, part?: number) => void,
  make: Put = mint,
): Promise<string> {
  const { signer, chain, vault = '' } = person;
  progress('lock');
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know your records yet');
  const uploaded = Comlink.proxy((part: number) => progress('upload', part));
  const stored = await core().storeRecord(vault, account, signer.address, draft, content, uploaded);
  progress('sign');
  await make(person, stored, () => progress('chain'));
  return stored.record;
}

/** What puts a record on chain whose content the server has. */
export type Put = (person: Person, stored: Mint, sent: () => void) => Promise<void>;

/** Has the wallet make a record on chain, and waits until the server sees it. */
export const mint: Put = async (person, stored, sent) => {
  const { inputOf } = await minting(person);
  await put(person, getMintRecordInstruction(await inputOf(stored)), sent);
};

/** Has the wallet sign what changes a record, and waits until the server sees it. */
export async function put({ signer, chain }: Person, instruction: Instruction, sent?: () => void): Promise<void> {
  const { slot } = await chain.send(signer, [instruction]);
  sent?.();
  await chain.mirrored(slot, 'confirmed');
}

/** The accounts of the instructions that make records, as the vault is now. */
export async function minting({ signer, chain, vault = '' }: Person) {
  const [payer, state] = [createNoopSigner(await chain.payer()), await vaultState(chain, vault)];
  const authority = createNoopSigner(address(signer.address));
  const common = { ...(await fixed()), authority, payer, vault: address(vault) };
  const inputOf = async ({ record: at, recordId, commitment }: Mint) => {
    const record = address(at);
    const [mint] = await findMintPda({ record });
    const [token] = await findTokenPda({ mint, owner: authority.address });
    const params = { recordId: hexBytes(recordId), commitment: hexBytes(commitment), expected: expected(state) };
    return { ...common, record, mint, token, params };
  };
  return { inputOf };
}
