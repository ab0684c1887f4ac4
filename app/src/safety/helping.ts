import { address, createNoopSigner, getAddressEncoder, getProgramDerivedAddress, getUtf8Encoder } from '@solana/kit';
import { api, ok } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { hexBytes } from '@/chain/bytes';
import { vaultState } from '@/chain/vault';
import { Broken, core } from '@/core';
import type { GuardianFile } from '@/core/pkg/aegle_web';
import {
  AEGLE_PROGRAM_ADDRESS,
  type GuardianOpeningArgs,
  getApproveRecoveryInstruction,
  getProposeRecoveryInstruction,
} from '@/program/generated';
import { SITE } from '@/session/sign-in';
import type { Person } from '@/session/state';
import type { NewOwnerCard } from './cards';
import { applying, confirmed } from './guardians';
import { isChangeDue } from './standing';

/** What a guardian does for a friend. */

function opening({ commitments, index, salt }: GuardianFile): GuardianOpeningArgs {
  return { commitments: commitments.map(hexBytes), index, salt: hexBytes(salt) };
}

/** Proposes that a vault goes to a new wallet. Guardians whose time has come are put in effect with it. */
export async function propose(person: Person, file: GuardianFile, to: NewOwnerCard): Promise<void> {
  const { signer, chain } = person;
  const [vault, now, payer] = await Promise.all([vaultState(chain, file.vault), chain.now(), chain.payer()]);
  const isDue = isChangeDue(vault, now);
  const recoveryId = crypto.getRandomValues(new Uint8Array(32));
  const seeds = [getUtf8Encoder().encode('recovery'), getAddressEncoder().encode(address(file.vault)), recoveryId];
  const [recovery] = await getProgramDerivedAddress({ programAddress: AEGLE_PROGRAM_ADDRESS, seeds });
  const instruction = getProposeRecoveryInstruction({
    ...(await fixed()),
    guardian: createNoopSigner(address(signer.address)),
    payer: createNoopSigner(payer),
    vault: address(file.vault),
    recovery,
    recoveryId,
    newOwner: address(to.newOwner),
    newEncryptionKey: hexBytes(to.encryptionKey),
    opening: opening(file),
    guardianEpoch: vault.guardianEpoch + (isDue ? 1 : 0),
    delegateEpoch: vault.delegateEpoch,
  });
  await confirmed(person, isDue ? [await applying(person, file.vault), instruction] : [instruction]);
}

/** Approves what another guardian proposed. */
export async function approve(person: Person, file: GuardianFile, recovery: string): Promise<void> {
  const instruction = getApproveRecoveryInstruction({
    ...(await fixed()),
    guardian: createNoopSigner(address(person.signer.address)),
    vault: address(file.vault),
    recovery: address(recovery),
    opening: opening(file),
  });
  await confirmed(person, [instruction]);
}

/** Has a key at hand for whoever has no records: the one that follows from the wallet. Records bring their own. */
export async function takeKey({ signer }: Person): Promise<void> {
  const message = await core().messageToRead(SITE, signer.address);
  const [first, second] = [await signer.signMessage(message), await signer.signMessage(message)];
  const key = await core().publicKeyToRead(SITE, signer.address, first, second);
  await core().useWalletKey('guarding', SITE, signer.address, first, key);
}

/** Has the key in a file at hand. */
export function takeFile(text: string): Promise<string[]> {
  return core().useKeyFile('guarding', new TextEncoder().encode(text));
}

/**
 * Gives the own part to the new owner that a recovery names on chain: encrypted to the key there, and to no other.
 * With a key file where the part was given to that.
 */
export async function handOver(person: Person, recovery: string, keyFile?: string): Promise<void> {
  const { signer, chain } = person;
  if (keyFile !== undefined) await takeFile(keyFile);
  if ((await core().guardianKey()) === undefined) await takeKey(person);
  const [account, { data }] = await Promise.all([chain.account(recovery), ok(api.GET('/v1/guardian-shares'))]);
  if (!account) throw new Error('the network does not know this request');
  const give = () => core().handOver([...data], signer.address, recovery, account);
  const body = await give().catch(async (error: unknown) => {
    // Given to the wallet's key, before there were records.
    if (!(error instanceof Broken) || keyFile !== undefined) throw error;
    await takeKey(person);
    return give();
  });
  await ok(api.POST('/v1/guardian-shares', { body }));
}
