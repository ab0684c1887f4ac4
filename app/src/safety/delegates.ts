import { address, createNoopSigner, getAddressEncoder, getProgramDerivedAddress, getUtf8Encoder } from '@solana/kit';
import { queryOptions } from '@tanstack/react-query';
import { api, ok } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { expected, vaultState } from '@/chain/vault';
import { isRefused } from '@/core';
import { AEGLE_PROGRAM_ADDRESS, getAddDelegateInstruction, getRemoveDelegateInstruction } from '@/program/generated';
import type { Person } from '@/session/state';
import { confirmed } from './guardians';

/** What somebody may be allowed to do for a patient, and its bit on chain. Reading needs keys, which allowing gives. */
export const RIGHTS = { mint: 1, grant: 2, revoke: 4 } as const;
export type Right = keyof typeof RIGHTS;

async function delegateOf(vault: string, key: string) {
  const encoder = getAddressEncoder();
  const seeds = [getUtf8Encoder().encode('delegate'), encoder.encode(address(vault)), encoder.encode(address(key))];
  return (await getProgramDerivedAddress({ programAddress: AEGLE_PROGRAM_ADDRESS, seeds }))[0];
}

/** Lets a key act for the vault until a day begins, counted from 1970-01-01, UTC. */
export async function addDelegate(
  person: Person,
  key: string,
  rights: readonly Right[],
  untilDay: number,
): Promise<void> {
  const { signer, chain, vault = '' } = person;
  const instruction = getAddDelegateInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(signer.address)),
    payer: createNoopSigner(await chain.payer()),
    vault: address(vault),
    delegate: await delegateOf(vault, key),
    params: {
      key: address(key),
      rights: rights.reduce((bits, right) => bits | RIGHTS[right], 0),
      untilDay,
      expected: expected(await vaultState(chain, vault)),
    },
  });
  await confirmed(person, [instruction]);
}

/** Stops a key from acting for the vault, at once and for good. */
export async function removeDelegate(person: Person, key: string): Promise<void> {
  const { signer, vault = '' } = person;
  const instruction = getRemoveDelegateInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(signer.address)),
    vault: address(vault),
    delegate: await delegateOf(vault, key),
  });
  await confirmed(person, [instruction]);
}

/** The key by which the server would take in what is sent to the patient; null where this server does not. */
export function agentOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['safety', 'agent', vault],
    queryFn: async () => {
      try {
        return (await ok(api.GET('/v1/agent', { params: { query: { patient: vault } } }))).data;
      } catch (error) {
        if (isRefused(error, 'agent_off')) return null;
        throw error;
      }
    },
  });
}
