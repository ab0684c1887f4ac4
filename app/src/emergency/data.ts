import { queryOptions } from '@tanstack/react-query';
import { api, ok, pages, type Schema } from '@/api/client';
import { vaultState } from '@/chain/vault';
import { core } from '@/core';
import type { Emergency } from '@/core/pkg/aegle_web';
import type { Person } from '@/session/state';

/** What a vault's account says of emergencies. */
export const FORBIDDEN = 0;
export const ALLOWED = 1;

/**
 * What clinicians signed of those openings, by their accounts. What does not prove itself against the chain is left
 * out: anybody may write an opening there, and without a statement it opens nothing.
 */
export function statementsOf({ chain, vault = '' }: Person, openings: readonly Schema['BreakGlass'][]) {
  return queryOptions({
    queryKey: ['emergencies', vault, openings.map((opening) => opening.break_glass)],
    queryFn: async (): Promise<Map<string, Emergency>> => {
      if (openings.length === 0) return new Map();
      const kept = await pages((cursor) =>
        ok(api.GET('/v1/emergencies', { params: { query: { patient: vault, ...(cursor ? { cursor } : {}) } } })),
      );
      const read = kept.map(async (opened) => {
        const account = await chain.account(opened.break_glass);
        return (
          account &&
          core()
            .readEmergency(opened, account)
            .catch(() => undefined)
        );
      });
      const said = (await Promise.all(read)).filter((one) => one !== undefined);
      return new Map(said.map((one) => [one.breakGlass, one]));
    },
    // What was signed does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether emergencies are allowed, and who keeps shares then. */
export function policyOf({ chain, vault = '' }: Person) {
  return queryOptions({
    queryKey: ['emergency-policy', vault],
    queryFn: async () => {
      const [state, account, { data: plan }] = await Promise.all([
        vaultState(chain, vault),
        chain.account(vault),
        ok(api.GET('/v1/custodians', { params: { query: { patient: vault } } })),
      ]);
      if (!account) throw new Error('the network does not know these records yet');
      const custodians = await core().custodiansOf(vault, account, signedPlan(plan));
      return { isAllowed: state.emergencyPolicy === ALLOWED, custodians };
    },
  });
}

/** A plan as the core takes it, in which nothing is left out. */
export function signedPlan({ plan, signature }: Schema['SignedPlan']) {
  return { plan: plan ?? null, signature: signature ?? null };
}

/** Whom registrars attest as custodians now, each once. */
export function custodiansThere() {
  return queryOptions({
    queryKey: ['custodians'],
    queryFn: async () => {
      const attested = await pages((cursor) =>
        ok(
          api.GET('/v1/chain/credentials', {
            params: {
              query: { kind: 'custodian', commitment: 'confirmed', limit: 200, ...(cursor ? { cursor } : {}) },
            },
          }),
        ),
      );
      const counted = attested.filter(({ in_effect: counts }) => counts);
      return [...new Map(counted.map((credential) => [credential.subject, credential])).values()];
    },
    staleTime: 60_000,
  });
}
