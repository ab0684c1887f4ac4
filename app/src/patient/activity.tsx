import { useMutation } from '@tanstack/react-query';
import { Download, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Choice } from '@/ui/choice';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { save } from '@/ui/save';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { exactly, moment } from '@/words/say';
import { accounting, type Entry, useActivity, verifyLog } from './activity-data';

type Filter = 'all' | 'others' | 'refused';
const FILTERS: Filter[] = ['others', 'refused', 'all'];
/** Lines shown at a time. */
const PAGE = 50;
const OPERATIONS = ['list_records', 'read_record', 'read_content', 'list_disclosures'] as const;

/** Who looked? */
export function ActivityPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { data, error, isPending, refetch } = useActivity(person);
  const [filter, setFilter] = useState<Filter>('others');
  const [shown, show] = useState(PAGE);
  const verifying = useMutation({ mutationFn: () => verifyLog(person) });
  const exporting = useMutation({
    mutationFn: async (type: 'application/pdf' | 'text/csv') =>
      save(await accounting(person, type), `aegle-${type.split('/')[1]}`),
  });
  const own = person.signer.address;
  const entries = data?.filter(
    ({ caller, outcome }) =>
      filter === 'all' || (filter === 'refused' ? outcome.decision === 'deny' : caller.key !== own),
  );
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
      <ProblemNote error={error ?? exporting.error} retry={() => void refetch()} />
      {verifying.isPending && <Waiting for={t('patient.activity.verifying')} />}
      {verifying.data && <Note kind="done">{t('patient.activity.verified', { count: verifying.data.entries })}</Note>}
      {verifying.error && (
        <Note kind="harm" title={t('patient.activity.brokenTitle')}>
          {t('patient.activity.broken', { reason: verifying.error.message })}
        </Note>
      )}
      <Choice
        label={t('patient.activity.filter')}
        orientation="horizontal"
        value={filter}
        onChange={(chosen) => setFilter(chosen as Filter)}
        options={FILTERS.map((id) => ({ id, name: t(`patient.activity.filters.${id}`) }))}
      />
      {isPending && <Waiting />}
      {entries?.length === 0 && <Empty title={t('patient.activity.empty')}>{t('patient.activity.emptyHint')}</Empty>}
      {entries && entries.length > 0 && (
        <>
          <ol className="flex flex-col gap-1">
            {entries.slice(0, shown).map((entry) => (
              <li key={entry.index}>
                <Line entry={entry} own={own} />
              </li>
            ))}
          </ol>
          {entries.length > shown && (
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

function Line({ entry, own }: { entry: Entry; own: string }) {
  const { t } = useTranslation();
  const { caller, at, operation, outcome, purpose } = entry;
  const known = OPERATIONS.find((name) => name === operation);
  const when = new Date(at * 1000);
  const refused = outcome.decision === 'deny';
  return (
    <Card className={`flex flex-wrap items-baseline gap-x-1 ${refused ? 'border-s-4 border-s-wait' : ''}`}>
      {caller.key === own ? (
        <span className="font-bold">{t('patient.activity.you')}</span>
      ) : (
        <Who subject={caller.key} />
      )}
      <span>{t(`patient.activity.operations.${known ?? 'other'}`)}</span>
      {refused && <span className="font-bold text-wait">{t('patient.activity.refused')}</span>}
      {purpose && (
        <span className="text-soft">{t('patient.activity.for', { purpose: t(`patient.purposes.${purpose}`) })}</span>
      )}
      <time className="ms-auto text-soft text-sm" dateTime={when.toISOString()} title={exactly(when)}>
        {moment(when)}
      </time>
    </Card>
  );
}
