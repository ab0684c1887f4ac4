import { address, createNoopSigner } from '@solana/kit';
import { api, ok, type Schema } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import { getGrantConsentInstructionAsync } from '@/program/generated';
import type { Person } from '@/session/state';
import type { Policy } from './data';

/** Steps of allowing, in their order. */
export type Step = 'store' | 'sign' | 'wrap' | 'final';

/** HL7 PurposeOfUse codes and the bits they have on chain. */
export const PURPOSES = {
  TREAT: 1,
  ETREAT: 2,
  HPAYMT: 4,
  HOPERAT: 8,
  HRESCH: 16,
  PUBHLTH: 32,
  FAMRQT: 64,
  PATRQT: 128,
  HMARKT: 256,
};
const READ = 1;

/** What is to be allowed. */
export interface Choice {
  grantee: string;
  /** X25519 key of the grantee, hex, as a registrar attests it. */
  encryptionKey: string;
  purposes: number;
  /** First day in effect and first day no more, counted from 1970-01-01. */
  fromDay: number;
  untilDay: number;
  policy: Policy;
}

/** What a policy would open now: exactly these records. Its hash is inside what the patient signs. */
export async function preview(
  { vault = '' }: Person,
  purposes: number,
  policy: Policy,
): Promise<Schema['DraftPreview']> {
  const body = { vault, purposes, policy: policy as unknown as Record<string, never> };
  const { data } = await ok(api.POST('/v1/consents/draft', { body }));
  await core().checkPreview(data, vault, purposes);
  return data;
}

/** Allows what was shown. Resolves when the server's mirror has it final: from then on it counts. */
export async function grant(
  { signer, chain, vault = '' }: Person,
  choice: Choice,
  shown: Schema['DraftPreview'],
  reached: (step: Step) => void,
): Promise<string> {
  reached('store');
  const { grantee, encryptionKey, purposes, fromDay, untilDay, policy } = choice;
  const made = await core().newConsent({ vault, grantee, encryptionKey, policy, preview: shown.hash });
  await ok(api.POST('/v1/consents', { body: made.body }));
  reached('sign');
  const [payer, state] = [createNoopSigner(await chain.payer()), await vaultState(chain, vault)];
  const instruction = await getGrantConsentInstructionAsync({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    payer,
    vault: address(vault),
    consent: address(made.consent),
    consentId: made.consentId,
    handle: made.handle,
    policyCommitment: made.policyCommitment,
    purposes,
    actions: READ,
    fromDay,
    untilDay,
    expected: expected(state),
  });
  const { slot } = await chain.send(signer, [instruction]);
  reached('wrap');
  const params = { query: { patient: vault, limit: 200 }, header: { 'aegle-purpose': 'PATRQT' as const } };
  const held = await ok(api.GET('/v1/records', { params }));
  const wanted = held.data.filter(({ record }) => shown.records.includes(record));
  const wraps = await core().wrapFor(wanted, grantee, encryptionKey);
  if (wraps.length > 0) await ok(api.POST('/v1/wraps', { body: { vault, wraps } }));
  reached('final');
  await chain.mirrored(slot, 'finalized');
  return made.consent;
}
