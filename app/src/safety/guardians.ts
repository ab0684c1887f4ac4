import { address, createNoopSigner, type Instruction } from '@solana/kit';
import { api, ok } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { hexBytes, hexText } from '@/chain/bytes';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import type { GuardianList } from '@/core/pkg/aegle_web';
import {
  type GuardiansArgs,
  getApplyGuardianChangeInstruction,
  getChangeGuardiansInstruction,
  getVetoRecoveryInstruction,
} from '@/program/generated';
import type { Person } from '@/session/state';
import type { GuardianCard } from './cards';
import { keyringsOf } from './data';

/** What the owner does about guardians. */

/** Guardians to name. */
export interface Choice {
  guardians: GuardianCard[];
  /** How many of them together move the vault. */
  threshold: number;
  /** Seconds. */
  delay: number;
}

export const NOBODY: GuardiansArgs = { count: 0, threshold: 0, commitment: new Uint8Array(32), recoveryDelay: 0 };

/** What the chain is to be told of guardians, and what each of them is handed. */
export function listOf({ vault = '' }: Person, { guardians }: Choice): Promise<GuardianList> {
  const keys = guardians.map(({ guardian }) => guardian);
  return core().guardianList(vault, keys);
}

/** Names those of a list on chain: at once where there were none, after their delay otherwise. A second time, nothing. */
export async function nameGuardians(
  person: Person,
  { count, commitment }: GuardianList,
  { threshold, delay }: Choice,
): Promise<void> {
  const { guardians, pendingGuardians } = await vaultState(person.chain, person.vault ?? '');
  if ([guardians, pendingGuardians].some((named) => hexText(named.commitment) === commitment)) return;
  await change(person, { count, threshold, commitment: hexBytes(commitment), recoveryDelay: delay });
}

/** Locks the vault's key with these guardians too. The wallet and the recovery code go on opening it. */
export async function lockWith({ vault = '' }: Person, { guardians, threshold }: Choice): Promise<void> {
  const body = await core().withGuardians(await keyringsOf(vault), { threshold, guardians });
  await ok(api.POST('/v1/keyrings', { body }));
}

/** Has the vault have other guardians. Those in effect drop a change that waits. */
export async function change(person: Person, guardians: GuardiansArgs): Promise<void> {
  const { signer, chain, vault = '' } = person;
  const instruction = getChangeGuardiansInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(signer.address)),
    vault: address(vault),
    guardians,
    expected: expected(await vaultState(chain, vault)),
  });
  await confirmed(person, [instruction]);
}

/** Puts a change in effect whose time has come. */
export async function applyChange(person: Person): Promise<void> {
  await confirmed(person, [await applying(person, person.vault ?? '')]);
}

export async function applying({ signer }: Person, vault: string): Promise<Instruction> {
  return getApplyGuardianChangeInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    vault: address(vault),
  });
}

/** Stops a recovery while it waits. */
export async function veto(person: Person, recovery: string): Promise<void> {
  const instruction = getVetoRecoveryInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(person.signer.address)),
    vault: address(person.vault ?? ''),
    recovery: address(recovery),
  });
  await confirmed(person, [instruction]);
}

/** Has the wallet sign and waits until the server sees it, confirmed. */
export async function confirmed({ signer, chain }: Person, instructions: Instruction[]): Promise<bigint> {
  const { slot } = await chain.send(signer, instructions);
  await chain.mirrored(slot, 'confirmed');
  return slot;
}
