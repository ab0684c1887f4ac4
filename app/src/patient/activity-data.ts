import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok, type Purpose, pages, type Schema } from '@/api/client';
import { core } from '@/core';
import type { Person } from '@/session/state';
import { noticesOf, unlessTold } from './inbox/data';
import { runs } from './runs';

/** A line of the disclosure log; `docs/disclosures.md`. */
export interface Entry {
  /** Place in the operator's log. */
  index: number;
  /** Seconds since the Unix epoch. */
  at: number;
  caller: { key: string; practitioner?: string };
  purpose?: Purpose;
  operation: string;
  record?: string;
  outcome:
    | { decision: 'permit'; records: { record: string; rule: string; consent?: string }[] }
    | { decision: 'deny'; rule: string; consent?: string };
}

/** What shows lists and opens nothing: a page that is refreshed asks for several of them in turn. */
const LISTS = ['list_patients', 'list_records', 'list_disclosures', 'list_consents'];

/**
 * Entries, newest first, as lines: those in a row that say the same on the same day, and of looks at lists in a row
 * those of the same reader, whichever lists. Nothing is joined across anything else, and no refusal with anything
 * but its like.
 */
export function lines(entries: readonly Entry[]): [Entry, ...Entry[]][] {
  const stretches = runs(entries, (entry) => (isList(entry) ? 'list' : said(entry)));
  return stretches.flatMap((stretch) => [...Map.groupBy(stretch, said).values()] as [Entry, ...Entry[]][]);
}

function isList({ operation, outcome }: Entry): boolean {
  return outcome.decision === 'permit' && LISTS.includes(operation);
}

function said(entry: Entry): string {
  const { at, caller, purpose, operation, record, outcome } = entry;
  const day = new Date(at * 1000).toDateString();
  const what = isList(entry) ? [] : [operation, record, outcome.decision];
  return JSON.stringify([day, caller.key, caller.practitioner, purpose, ...what]);
}

/** How often is asked whether somebody looked. That is no line of the log; reading the log is one. */
const LOOK = 3_000;

/** How often a page that shows refusals asks anew: nobody is told of those, or strangers could fill an inbox. */
const REFUSALS = 10_000;

/**
 * Everything that was decided about the patient's records, newest first, and anew whenever somebody looked; with
 * `refusals` a while after somebody was refused, too.
 */
export function useActivity(person: Person, refusals = false) {
  const told = useQuery({
    ...noticesOf(person),
    refetchInterval: unlessTold(LOOK),
    select: (notices) => notices.find(({ kind }) => kind === 'disclosure')?.number ?? 0,
  });
  return useQuery({
    ...activityOf(person, told.data),
    placeholderData: keepPreviousData,
    enabled: !told.isPending,
    refetchInterval: refusals && REFUSALS,
  });
}

function activityOf({ vault = '' }: Person, told: number | undefined) {
  return queryOptions({
    queryKey: ['activity', vault, told],
    queryFn: async () => {
      const kept = await entriesOf(vault);
      return kept.map(({ index, entry }) => ({ ...(JSON.parse(entry) as Omit<Entry, 'index'>), index })).reverse();
    },
  });
}

const header = { 'aegle-purpose': 'PATRQT' as const };

function entriesOf(patient: string): Promise<Schema['Disclosure'][]> {
  return pages((cursor) =>
    ok(
      api.GET('/v1/disclosures', { params: { query: { patient, limit: 200, ...(cursor ? { cursor } : {}) }, header } }),
    ),
  );
}

/** Checks on this device that the log is whole and unchanged, up to a checkpoint that the operator signed. */
export async function verifyLog({ vault: patient = '' }: Person): Promise<{ entries: number }> {
  const log = await ok(api.GET('/v1/log'));
  const head = await ok(api.GET('/v1/disclosures/head', { params: { query: { patient }, header } }));
  const entries = await entriesOf(patient);
  const named = new Set(
    entries.flatMap(({ entry }) => (JSON.parse(entry) as { signed?: { sign_in: string } }).signed?.sign_in ?? []),
  );
  const signIns = await Promise.all(
    [...named].map((digest) => ok(api.GET('/v1/log/sign-ins/{digest}', { params: { path: { digest } } }))),
  );
  const kept = { verifier: log.verifier, checkpoint: head.checkpoint, head: head.proof, entries, sign_ins: signIns };
  return core().checkLog(kept, patient);
}

/** What went out to others within six years, as a document. */
export async function accounting({ vault: patient = '' }: Person, type: 'application/pdf' | 'text/csv'): Promise<Blob> {
  return core().download(`/v1/disclosures/accounting?patient=${patient}`, { accept: type, ...header });
}
