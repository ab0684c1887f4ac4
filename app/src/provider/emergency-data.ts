import { queryOptions } from '@tanstack/react-query';
import { api, ok, pages } from '@/api/client';
import type { HeldRecord } from '@/api/labels';
import { patiently } from '@/chain/patience';
import { core } from '@/core';
import type { Shares } from '@/core/emergency';
import type { Emergency } from '@/core/pkg/aegle_web';
import type { Person } from '@/session/state';
import { openByShares } from './reading';

/** The purpose of every read in an emergency. */
const PURPOSE = { 'aegle-purpose': 'ETREAT' } as const;
/** How often the chain is asked whether emergencies are still allowed, and the server who has released. */
const LOOK = 3_000;
/** How often custodians are looked for; afterwards the clinician asks again. */
const LOOKS = 60;
/** Most records of one opening. */
export const MOST = 256;

/** The credential by which somebody may open records in an emergency; null where there is none. */
export function emergencyCredentialOf({ signer }: Person) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'credential', signer.address],
    queryFn: async () => {
      const query = { subject: signer.address, commitment: 'confirmed' as const };
      const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
      return (
        data.find(({ kind, emergency, in_effect: counts }) => kind === 'practitioner' && emergency && counts) ?? null
      );
    },
    staleTime: 60_000,
  });
}

/** What everybody can see of a patient: whether emergencies are allowed, and that there are records. */
export function patientOf(vault: string) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'patient', vault],
    queryFn: async () => {
      const params = { path: { vault }, query: { commitment: 'confirmed' as const } };
      const [{ data }, records] = await Promise.all([
        ok(api.GET('/v1/chain/vaults/{vault}', { params })),
        pages((cursor) =>
          ok(
            api.GET('/v1/chain/vaults/{vault}/records', {
              params: { ...params, query: { ...params.query, limit: 200, ...(cursor ? { cursor } : {}) } },
            }),
          ),
        ),
      ]);
      const current = records.filter(({ status }) => status === 'active');
      return {
        isAllowed: data.emergency_policy === 'allowed',
        records: current.sort((left, right) => right.minted.slot - left.minted.slot),
      };
    },
    retry: false,
  });
}

/** Whether a patient still allows emergencies, looked at again and again. */
export function allowedBy(vault: string) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'allowed', vault],
    queryFn: async () => {
      const params = { path: { vault }, query: { commitment: 'confirmed' as const } };
      const { data } = await ok(api.GET('/v1/chain/vaults/{vault}', { params }));
      return data.emergency_policy === 'allowed';
    },
    refetchInterval: LOOK,
  });
}

/** What the caller opened, the newest first. */
export function ownOpenings({ signer, chain }: Person) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'own', signer.address],
    queryFn: async (): Promise<(Emergency & { storedAt: string })[]> => {
      const kept = await pages((cursor) =>
        ok(api.GET('/v1/emergencies', { params: { query: cursor ? { cursor } : {} } })),
      );
      const read = kept.map(async (opened) => {
        const account = await chain.account(opened.break_glass);
        return account && { ...(await core().readEmergency(opened, account)), storedAt: opened.stored_at };
      });
      const said = (await Promise.all(read)).filter((one) => one !== undefined);
      return said.sort((left, right) => right.storedAt.localeCompare(left.storedAt));
    },
    refetchInterval: LOOK,
  });
}

export function isOver({ expiresAt }: Emergency, now = Date.now()): boolean {
  return now / 1000 >= expiresAt;
}

/** Steps of opening, in their order. */
export type Step = 'sign' | 'open';

/** What a clinician wants to open. */
export interface Wanted {
  vault: string;
  records: string[];
  /** For the patient, one line. */
  reason: string;
  credential: string;
  seconds: number;
}

/** Has the wallet sign why, and the server commit to it on the chain; the account of the opening. */
export async function openEmergency(
  { signer, chain }: Person,
  wanted: Wanted,
  reached: (step: Step) => void,
): Promise<string> {
  reached('sign');
  const [credential, now] = await Promise.all([chain.account(wanted.credential), chain.now()]);
  if (!credential) throw new Error('the network does not know your credential');
  const statement = await core().emergencyStatement(wanted, signer.address, credential, now);
  const signature = await signer.signMessage(statement);
  reached('open');
  const body = await core().newEmergency(statement, signature);
  const { data: opened } = await ok(api.POST('/v1/emergencies', { params: { header: PURPOSE }, body }));
  const account = await patiently(() => chain.account(opened.break_glass));
  if (!account) throw new Error('the network does not have the opening yet');
  return (await core().readEmergency(opened, account)).breakGlass;
}

/** What custodians have released for an opening. Asking is a line in the patient's log. */
export function sharesOf({ signer }: Person, { breakGlass, vault, records }: Emergency) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'shares', signer.address, breakGlass],
    queryFn: async () => {
      const params = { path: { break_glass: breakGlass }, header: PURPOSE };
      const { data: released } = await ok(api.GET('/v1/emergencies/{break_glass}/shares', { params }));
      const shares = { breakGlass, released: [...released] };
      return { shares, progress: await core().collected(vault, shares, records) };
    },
    refetchInterval: ({ state: { data, dataUpdateCount: looks } }) =>
      data?.progress.every(({ isEnough }) => isEnough) || looks > LOOKS ? false : LOOK,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** A record's content, by the shares of its key. It is kept no longer than its page is looked at. */
export function contentOf(person: Person, held: HeldRecord, shares: Shares) {
  return queryOptions({
    queryKey: ['care', 'emergency', 'content', person.signer.address, held.record, shares.breakGlass],
    queryFn: () => openByShares(person, held, shares),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
}
