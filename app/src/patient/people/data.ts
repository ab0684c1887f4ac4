import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok, type Purpose, pages, type Schema } from '@/api/client';
import type { Person } from '@/session/state';
import { usePerson } from '@/session/state';
import { type Entry, useActivity } from '../activity-data';

/** What a consent opens, as the patient signed it; `docs/access.md`. */
export interface Policy {
  kind: 'aegle:policy:v1' | 'aegle:policy:v2';
  base: 'deny' | 'basic-normal' | 'all-normal' | 'break-glass-only';
  permit: Rule[];
  deny: Rule[];
  sensitivity: string[];
}
export interface Rule {
  categories?: string[];
  records?: string[];
  from?: string;
  until?: string;
}

/** A policy as it was written, in which what is empty is left out. */
function policyIn(text: string): Policy {
  return {
    permit: [],
    deny: [],
    sensitivity: [],
    ...(JSON.parse(text) as Pick<Policy, 'kind' | 'base'> & Partial<Policy>),
  };
}

/** A permission: who, what, for what and until when. */
export interface Allowed {
  consent: string;
  grantee: string;
  policy: Policy;
  purposes: readonly Purpose[];
  from: string;
  until: string;
  state: 'waiting' | 'later' | 'effect' | 'ended';
  /** When it was last used, and records it has opened since. */
  lastUsed: number | undefined;
  opened: Set<string>;
}

export function consentsOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['consents', vault],
    queryFn: async () => {
      const list = (commitment: 'confirmed' | 'finalized') =>
        pages((cursor) =>
          ok(
            api.GET('/v1/chain/vaults/{vault}/consents', {
              params: { path: { vault }, query: { commitment, limit: 200, ...(cursor ? { cursor } : {}) } },
            }),
          ),
        );
      const [held, confirmed, final] = await Promise.all([
        ok(api.GET('/v1/consents', { params: { query: { patient: vault } } })),
        list('confirmed'),
        list('finalized').catch(() => []),
      ]);
      return { held: held.data, confirmed, final };
    },
    refetchInterval: 4_000,
  });
}

/** Who can see what, the newest first. */
export function usePeople() {
  const person = usePerson();
  const consents = useQuery(consentsOf(person));
  const activity = useActivity(person);
  const data = consents.data && allowed(consents.data, activity.data ?? []);
  return { ...consents, data };
}

export function allowed(
  {
    held,
    confirmed,
    final,
  }: { held: readonly Schema['HeldConsent'][]; confirmed: Schema['Consent'][]; final: Schema['Consent'][] },
  activity: readonly Entry[],
): Allowed[] {
  const finals = new Map(final.map((consent) => [consent.consent, consent]));
  const openings = new Map(held.map((opening) => [opening.consent, opening]));
  return confirmed
    .flatMap((consent) => {
      const opening = openings.get(consent.consent);
      if (!opening?.opened) return [];
      const uses = activity.flatMap(({ at, outcome }) =>
        outcome.decision === 'permit'
          ? outcome.records
              .filter((released) => released.consent === consent.consent)
              .map(({ record }) => ({ at, record }))
          : [],
      );
      return [
        {
          consent: consent.consent,
          grantee: opening.grantee,
          policy: policyIn(opening.policy),
          purposes: consent.purposes,
          from: consent.from,
          until: consent.until,
          state: stateOf(consent, finals.get(consent.consent)),
          lastUsed: uses.length ? Math.max(...uses.map(({ at }) => at)) : undefined,
          opened: new Set(uses.map(({ record }) => record)),
          granted: consent.granted.slot,
        },
      ];
    })
    .sort((left, right) => right.granted - left.granted);
}

function stateOf(confirmed: Schema['Consent'], final: Schema['Consent'] | undefined): Allowed['state'] {
  if (!confirmed.in_effect) return confirmed.reason === 'not_yet' ? 'later' : 'ended';
  return final?.in_effect ? 'effect' : 'waiting';
}
