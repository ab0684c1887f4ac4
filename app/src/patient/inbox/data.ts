import { address, createNoopSigner } from '@solana/kit';
import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schema } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { hexBytes } from '@/chain/bytes';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import { findMintPda, findTokenPda, getMintRecordInstruction } from '@/program/generated';
import type { Person } from '@/session/state';

const EVERY = 15_000;

/** Who asks to be allowed. */
export function requestsOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['access-requests', vault],
    queryFn: async () => (await ok(api.GET('/v1/access-requests', { params: { query: { patient: vault } } }))).data,
    refetchInterval: EVERY,
  });
}

/** Results that wait to become records. */
export function mailOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['mailbox', vault],
    queryFn: async () => (await ok(api.GET('/v1/mailbox', { params: { query: { patient: vault } } }))).data,
    refetchInterval: EVERY,
  });
}

/** What happened, newest first. */
export function noticesOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['inbox', vault],
    queryFn: async () => (await ok(api.GET('/v1/inbox', { params: { query: { patient: vault } } }))).data,
    refetchInterval: EVERY,
  });
}

export async function markRead({ vault = '' }: Person, until: number): Promise<void> {
  await ok(api.POST('/v1/inbox/read', { body: { vault, until } }));
}

/** Refuses a request: it is gone, and nobody is told why. */
export async function dismiss({ vault = '' }: Person, { request }: Schema['AccessRequest']): Promise<void> {
  await ok(api.DELETE('/v1/access-requests/{vault}/{request}', { params: { path: { vault, request } } }));
}

export async function discard({ vault = '' }: Person, { item }: Schema['MailboxItem']): Promise<void> {
  await ok(api.DELETE('/v1/mailbox/{vault}/{item}', { params: { path: { vault, item } } }));
}

/** Makes a record of an item: minted first, then taken in. Where it was minted before, that is not done again. */
export async function accept({ signer, chain, vault = '' }: Person, item: Schema['MailboxItem']): Promise<void> {
  const mint = await core().mailedRecord(item);
  if (!(await chain.account(mint.record))) {
    const [payer, state] = [createNoopSigner(await chain.payer()), await vaultState(chain, vault)];
    const [account] = await findMintPda({ record: address(mint.record) });
    const [token] = await findTokenPda({ mint: account, owner: address(signer.address) });
    const instruction = getMintRecordInstruction({
      ...(await fixed()),
      authority: createNoopSigner(address(signer.address)),
      payer,
      vault: address(vault),
      record: address(mint.record),
      mint: account,
      token,
      params: { recordId: hexBytes(mint.recordId), commitment: hexBytes(mint.commitment), expected: expected(state) },
    });
    const { slot } = await chain.send(signer, [instruction]);
    await chain.mirrored(slot, 'confirmed');
  }
  const params = { path: { vault, item: item.item } };
  await ok(api.POST('/v1/mailbox/{vault}/{item}/accept', { params, body: { record_id: mint.recordId } }));
}
