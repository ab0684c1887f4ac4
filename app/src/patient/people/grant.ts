import { address, createNoopSigner } from '@solana/kit';
import { api, ok, type Schema } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { hexBytes } from '@/chain/bytes';
import { credentialState } from '@/chain/credential';
import { patiently } from '@/chain/patience';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import { getGrantConsentInstructionAsync } from '@/program/generated';
import type { Person } from '@/session/state';
import type { Policy } from './data';
import { giveKeys } from './keys';

/** Steps of allowing, in their order. */
export const STEPS = ['store', 'sign', 'wrap', 'final'] as const;
export type Step = (typeof STEPS)[number];

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
  /** The grantee's credential. The key that it names on chain is what is encrypted to, whatever the server says. */
  credential: string;
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
  return data;
}

/** Allows what was shown. Resolves when the server's mirror has it final: from then on it counts. */
export async function grant(
  person: Person,
  choice: Choice,
  shown: Schema['DraftPreview'],
  reached: (step: Step) => void,
): Promise<string> {
  const { signer, chain, vault = '' } = person;
  reached('store');
  const { grantee, credential, purposes, fromDay, untilDay, policy } = choice;
  const attested = await credentialState(chain, credential);
  if (attested?.subject !== grantee) throw new Error('the network knows no such credential of this person');
  const { encryptionKey } = attested;
  const granted = { grantee, encryptionKey, purposes, actions: READ, fromDay, untilDay, policy };
  // Refuses a preview that is not of this vault and these purposes, or not what its hash covers.
  const { body, terms, records } = await core().granting(granted, shown);
  await ok(api.POST('/v1/consents', { body: body as Schema['NewConsent'] }));
  reached('sign');
  const [payer, state] = [createNoopSigner(await chain.payer()), await vaultState(chain, vault)];
  const instruction = await getGrantConsentInstructionAsync({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    payer,
    vault: address(vault),
    consent: address(terms.consent),
    consentId: hexBytes(terms.consent_id),
    handle: hexBytes(terms.handle),
    policyCommitment: hexBytes(terms.policy_commitment),
    purposes,
    actions: READ,
    fromDay,
    untilDay,
    expected: expected(state),
  });
  const { slot } = await chain.send(signer, [instruction]);
  reached('wrap');
  await chain.mirrored(slot, 'confirmed');
  const wanted = records.map((record) => ({ record, holder: grantee, recipient: encryptionKey }));
  await patiently(() => giveKeys(person, wanted));
  reached('final');
  await chain.mirrored(slot, 'finalized');
  return terms.consent;
}
