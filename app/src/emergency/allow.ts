import { address, createNoopSigner, getBase64Decoder } from '@solana/kit';
import { api, ok, pages, type Schema } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { patiently } from '@/chain/patience';
import { expected, vaultState } from '@/chain/vault';
import { core } from '@/core';
import { getReviewBreakGlassInstruction, getSetEmergencyPolicyInstruction } from '@/program/generated';
import type { Person } from '@/session/state';
import { ALLOWED, FORBIDDEN, signedPlan } from './data';

/** Steps of allowing, in their order. */
export type Step = 'name' | 'store' | 'sign' | 'split' | 'final';

/** Most records in one request. */
const BATCH = 100;

/**
 * Allows emergencies: names custodians, `threshold` of whom have a key together, and splits the keys there are.
 * Resolves when the server's mirror has it final: from then on it counts.
 */
export async function allow(
  person: Person,
  custodians: readonly Schema['Credential'][],
  threshold: number,
  reached: (step: Step) => void,
): Promise<void> {
  const { signer, chain, vault = '' } = person;
  reached('name');
  const named = await Promise.all(
    custodians.map(async ({ subject, ...attested }) => {
      const [credential, registrar] = await Promise.all([
        chain.account(attested.credential),
        chain.account(attested.registrar),
      ]);
      if (!credential || !registrar) throw new Error('the network does not know this key keeper');
      return { custodian: subject, credential, registrar };
    }),
  );
  const plan = await core().custodianPlan(vault, threshold, named, await chain.now());
  const signature = getBase64Decoder().decode(await signer.signMessage(plan));
  reached('store');
  await ok(api.PUT('/v1/custodians', { body: { plan, signature } }));
  reached('sign');
  const slot = await setPolicy(person, ALLOWED);
  reached('split');
  await patiently(async () => store(person, await split(person)));
  reached('final');
  if (slot !== undefined) await chain.mirrored(slot, 'finalized');
}

/** Forbids emergencies, at once, and ends every share. */
export async function forbid(person: Person): Promise<void> {
  await setPolicy(person, FORBIDDEN);
  const query = { patient: person.vault ?? '' };
  await patiently(() => ok(api.DELETE('/v1/custodians', { params: { query } })));
}

/** The slot it is in; undefined where the chain said so already. */
async function setPolicy({ signer, chain, vault = '' }: Person, emergencyPolicy: number): Promise<bigint | undefined> {
  const state = await vaultState(chain, vault);
  if (state.emergencyPolicy === emergencyPolicy) return undefined;
  const instruction = getSetEmergencyPolicyInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(signer.address)),
    vault: address(vault),
    emergencyPolicy,
    expected: expected(state),
  });
  const { slot } = await chain.send(signer, [instruction]);
  await chain.mirrored(slot, 'confirmed');
  return slot;
}

/** Shares of the records that custodians have none of yet, or those of other custodians. */
export async function split({ chain, vault = '' }: Person): Promise<Schema['RecordShares'][]> {
  const query = { patient: vault };
  const [account, plan, dealt, records] = await Promise.all([
    chain.account(vault),
    ok(api.GET('/v1/custodians', { params: { query } })),
    ok(api.GET('/v1/custodian-shares', { params: { query } })),
    pages((cursor) =>
      ok(
        api.GET('/v1/records', {
          params: {
            query: { ...query, limit: 200, ...(cursor ? { cursor } : {}) },
            header: { 'aegle-purpose': 'PATRQT' },
          },
        }),
      ),
    ),
  ]);
  if (!account) throw new Error('the network does not know these records yet');
  const shares = await core().dealShares(vault, account, signedPlan(plan.data), [...dealt.data], records);
  return shares as Schema['RecordShares'][];
}

/** Gives custodians their shares. */
export async function store({ vault = '' }: Person, shares: readonly Schema['RecordShares'][]): Promise<void> {
  for (let at = 0; at < shares.length; at += BATCH) {
    await ok(api.POST('/v1/custodian-shares', { body: { vault, records: shares.slice(at, at + BATCH) } }));
  }
}

/** Says on chain that the patient has looked at an opening, which lets its clinician open others. */
export async function review({ signer, chain, vault = '' }: Person, breakGlass: string): Promise<void> {
  const instruction = getReviewBreakGlassInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    vault: address(vault),
    breakGlass: address(breakGlass),
  });
  const { slot } = await chain.send(signer, [instruction]);
  await chain.mirrored(slot, 'confirmed');
}
