import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok, pages } from '@/api/client';
import { type HeldRecord, labelsOf } from '@/api/labels';
import { core } from '@/core';
import type { Person } from '@/session/state';
import { usePerson } from '@/session/state';

const PURPOSE = 'PATRQT' as const;

/** What the patient has, newest first. */
export function recordsOf({ vault }: Person) {
  return queryOptions({
    queryKey: ['records', vault],
    queryFn: () =>
      pages((cursor) =>
        ok(
          api.GET('/v1/records', {
            params: {
              query: { patient: vault ?? '', limit: 200, sort: '-date', ...(cursor ? { cursor } : {}) },
              header: { 'aegle-purpose': PURPOSE },
            },
          }),
        ),
      ),
  });
}

/** What is inside a record's lock beside the content: title, kind of file, who issued it. */
export function detailsOf(person: Person, held: HeldRecord) {
  return queryOptions({
    queryKey: ['details', held.record],
    queryFn: async () => {
      const account = await person.chain.account(held.record);
      if (!account) throw new Error('the network does not know this record yet');
      return core().details(held, PURPOSE, account);
    },
    enabled: held.status !== 'erased',
    // What a record commits to never changes.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** The records with what their labels say. */
export function useRecords() {
  const records = useQuery(recordsOf(usePerson()));
  return { ...records, data: records.data?.map((held) => ({ held, labels: labelsOf(held) })) };
}
