import { queryOptions } from '@tanstack/react-query';
import { api, ok, pages, type Schema } from '@/api/client';
import { isFollowing } from '@/patient/inbox/following';
import type { Person } from '@/session/state';

/** What the chain has of openings is public, and looking at it is in no log. */
const LOOK = 5_000;

/** Openings of the vault that the chain has, the newest first. They name nobody. */
export function openedOf({ vault = '' }: Pick<Person, 'vault'>) {
  return queryOptions({
    queryKey: ['break-glass', vault],
    queryFn: async () => {
      const found = await pages((cursor) =>
        ok(
          api.GET('/v1/chain/vaults/{vault}/break-glass', {
            params: { path: { vault }, query: { commitment: 'confirmed', limit: 200, ...(cursor ? { cursor } : {}) } },
          }),
        ),
      );
      return found.sort((left, right) => right.opened.slot - left.opened.slot);
    },
    refetchInterval: () => (isFollowing() ? false : LOOK),
  });
}

export function isUnreviewed({ reviewed }: Schema['BreakGlass']): boolean {
  return !reviewed;
}
