import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Purpose, pages } from '@/api/client';
import type { HeldRecord } from '@/api/labels';
import type { Person } from '@/session/state';
import { openRecord } from './reading';

/** How often the chain is asked whether a permission still stands: it names nobody and is no reading. */
const LOOK = 3_000;

/** How old the list of patients may be when it is looked at. Nobody tells a reader whom they may read. */
const PATIENTS = 15_000;

/** Patients who let the caller read something for this purpose. Asking is a line in the log of each. */
export function patientsOf({ signer }: Person, purpose: Purpose) {
  return queryOptions({
    queryKey: ['care', 'patients', signer.address, purpose],
    queryFn: () =>
      pages((cursor) =>
        ok(
          api.GET('/v1/patients', {
            params: { query: { limit: 200, ...(cursor ? { cursor } : {}) }, header: { 'aegle-purpose': purpose } },
          }),
        ),
      ),
    staleTime: PATIENTS,
    // Whoever has patients would fill their logs by it; of an empty list nobody is told.
    refetchInterval: ({ state: { data } }) => data?.length === 0 && PATIENTS,
  });
}

/** What the chain says of a permission, to everybody alike. */
export function consentOf(consent: string) {
  return queryOptions({
    queryKey: ['care', 'consent', consent],
    queryFn: async () => {
      const params = { path: { consent }, query: { commitment: 'confirmed' as const } };
      return (await ok(api.GET('/v1/chain/consents/{consent}', { params }))).data;
    },
    refetchInterval: LOOK,
  });
}

/** A patient's records that are open for this purpose. */
export function recordsOf({ signer }: Person, vault: string, purpose: Purpose) {
  return queryOptions({
    queryKey: ['care', 'records', signer.address, vault, purpose],
    queryFn: () =>
      pages((cursor) =>
        ok(
          api.GET('/v1/records', {
            params: {
              query: { patient: vault, limit: 200, sort: '-date', ...(cursor ? { cursor } : {}) },
              header: { 'aegle-purpose': purpose },
            },
          }),
        ),
      ),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** One record, where its list is not at hand. */
export function recordOf({ signer }: Person, record: string, purpose: Purpose) {
  return queryOptions({
    queryKey: ['care', 'record', signer.address, record, purpose],
    queryFn: async (): Promise<HeldRecord> => {
      const params = { path: { record }, header: { 'aegle-purpose': purpose } };
      return (await ok(api.GET('/v1/records/{record}', { params }))).data;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** A record's content. It is kept no longer than its page is looked at. */
export function contentOf(person: Person, held: HeldRecord, purpose: Purpose) {
  return queryOptions({
    queryKey: ['care', 'content', person.signer.address, held.record, purpose],
    queryFn: () => openRecord(person, held, purpose),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
}
