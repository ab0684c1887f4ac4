import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Download, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Broken } from '@/core';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Disclosure } from '@/ui/disclosure';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { save } from '@/ui/save';
import { SwitchView } from '@/ui/switch-view';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { exactly, list, moment } from '@/words/say';
import { accounting, type Entry, lines, useActivity, verifyLog } from './activity-data';
import { detailsOf, recordsOf } from './records/data';

type Filter = 'all' | 'others' | 'refused';
const FILTERS: Filter[] = ['others', 'refused', 'all'];
/** Lines shown at a time. */
const PAGE = 50;
/** What is said in words of its own. */
const OPERATIONS = [
  'list_records',
  'read_record',
  'read_content',
  'list_disclosures',
  'list_patients',
  'open_emergency',
  'store_record',
  'store_consent',
  'preview_consent',
  'list_consents',
  'post_mail',
  'accept_mail',
  'request_access',
] as const;

/** Who looked? */
export function ActivityPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { data, error, isPending, refetch } = useActivity(person, true);
  const [filter, setFilter] = useState<Filter>('others');
  const [shown, show] = useState(PAGE);
  const verifying = useMutation({ mutationFn: () => verifyLog(person) });
  const exporting = useMutation({
    mutationFn: async (type: 'application/pdf' | 'text/csv') =>
      save(await accounting(person, type), `aegle-${type.split('/')[1]}`),
  });
  const own = person.signer.address;
  const chosen = data?.filter(
    ({ caller, outcome }) =>
      filter === 'all' || (filter === 'refused' ? outcome.decision === 'deny' : caller.key !== own),
  );
  const joined = chosen && lines(chosen);
  return (
    <>
      <PageHead
        title={t('patient.activity.title')}
        lead={t('patient.activity.lead')}
        actions={
          <Button onPress={() => verifying.mutate()} isPending={verifying.isPending}>
            <ShieldCheck aria-hidden className="size-2.5" />
            {t('patient.activity.verify')}
          </Button>
        }
      />
      <ProblemNote error={error} retry={() => void refetch()} />
      <ProblemNote error={exporting.error} />
      {verifying.isPending && <Waiting for={t('patient.activity.verifying')} />}
      {verifying.data && <Note kind="done">{t('patient.activity.verified', { count: verifying.data.entries })}</Note>}
      {verifying.error instanceof Broken ? (
        <Note kind="harm" title={t('patient.activity.brokenTitle')}>
          {t('patient.activity.broken', { reason: verifying.error.message })}
        </Note>
      ) : (
        <ProblemNote error={verifying.error} retry={() => verifying.mutate()} />
      )}
      <SwitchView
        label={t('patient.activity.filter')}
        value={filter}
        onChange={setFilter}
        options={FILTERS.map((id) => ({ id, name: t(`patient.activity.filters.${id}`) }))}
      />
      {isPending && <Waiting />}
      {joined?.length === 0 && <Empty title={t('patient.activity.empty')}>{t('patient.activity.emptyHint')}</Empty>}
      {joined && joined.length > 0 && (
        <>
          <ol className="flex flex-col gap-1">
            {joined.slice(0, shown).map((line) => (
              // The oldest: what comes later joins it, and what was unfolded stays so.
              <li key={line.at(-1)?.index}>
                <Line of={line} own={own} />
              </li>
            ))}
          </ol>
          {joined.length > shown && (
            <Button className="self-start" onPress={() => show(shown + PAGE)}>
              {t('patient.activity.more')}
            </Button>
          )}
          <div className="flex flex-wrap gap-1">
            {(['application/pdf', 'text/csv'] as const).map((type) => (
              <Button key={type} onPress={() => exporting.mutate(type)} isPending={exporting.isPending}>
                <Download aria-hidden className="size-2.5" />
                {t('patient.activity.export')} {type === 'text/csv' ? 'CSV' : 'PDF'}
              </Button>
            ))}
          </div>
        </>
      )}
    </>
  );
}

/** Titles of records that were opened on this page before: nothing is opened to name what was looked at. */
function useTitle(): (record: string) => string | undefined {
  const person = usePerson();
  const queries = useQueryClient();
  return (record) => {
    const held = queries.getQueryData(recordsOf(person).queryKey)?.find((one) => one.record === record);
    return held && queries.getQueryData(detailsOf(person, held).queryKey)?.title;
  };
}

/** What an entry says was done. */
function useSays(): (entry: Entry) => string {
  const { t } = useTranslation();
  return ({ operation }) =>
    t(`patient.activity.operations.${OPERATIONS.find((name) => name === operation) ?? 'other'}`);
}

/** Entries that are joined: what they say, how often and since when, and each of them on demand. */
function Line({ of, own }: { of: [Entry, ...Entry[]]; own: string }) {
  const { t } = useTranslation();
  const title = useTitle();
  const says = useSays();
  const { caller, at, outcome, purpose, record } = of[0];
  const [first, when] = [of.at(-1)?.at ?? at, at].map((seconds) => new Date(seconds * 1000)) as [Date, Date];
  const count = of.length;
  const named = record && title(record);
  const said = new Set(of.map(says).reverse());
  const refused = outcome.decision === 'deny';
  return (
    <Card className={`flex flex-wrap items-baseline gap-x-1 ${refused ? 'border-s-4 border-s-wait' : ''}`}>
      {caller.key === own ? (
        <span className="font-bold">{t('patient.activity.you')}</span>
      ) : (
        <>
          {caller.practitioner && (
            <>
              <Who subject={caller.practitioner} /> {t('patient.activity.actingFor')}
            </>
          )}
          <Who subject={caller.key} />
        </>
      )}
      <span>{list(said)}</span>
      {named && (
        <Link to="/records/$record" params={{ record }}>
          {named}
        </Link>
      )}
      {refused && <span className="font-bold text-wait">{t('patient.activity.refused')}</span>}
      {purpose && (
        <span className="text-soft">{t('patient.activity.for', { purpose: t(`patient.purposes.${purpose}`) })}</span>
      )}
      <time
        className="ms-auto text-soft text-sm"
        dateTime={when.toISOString()}
        title={count > 1 ? `${exactly(first)} – ${exactly(when)}` : exactly(when)}
      >
        {moment(when)}
      </time>
      {count > 1 && (
        <div className="w-full">
          <Disclosure label={t('patient.activity.times', { count })}>
            {() => (
              <ol className="flex flex-col gap-0.5 text-sm">
                {of.map((entry) => (
                  <li key={entry.index} className="flex flex-wrap gap-x-1">
                    {said.size > 1 && <span>{says(entry)}</span>}
                    <time className="text-soft" dateTime={new Date(entry.at * 1000).toISOString()}>
                      {exactly(new Date(entry.at * 1000))}
                    </time>
                  </li>
                ))}
              </ol>
            )}
          </Disclosure>
        </div>
      )}
    </Card>
  );
}
