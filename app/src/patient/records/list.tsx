import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeldRecord, Labels } from '@/api/labels';
import { weightClass } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { byKind, byYear, useKinds } from '@/ui/kinds';
import { ProblemNote } from '@/ui/problem';
import { SwitchView } from '@/ui/switch-view';
import { Waiting } from '@/ui/waiting';
import { calendarDay } from '@/words/say';
import { useRecords } from './data';
import { AddExample } from './example';
import { newestOf } from './lineage';
import { RecordTitle } from './title';

type View = 'timeline' | 'kinds';

/** What do I have? */
export function RecordsPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useRecords();
  const [view, setView] = useState<View>('timeline');
  const kinds = useKinds();
  const add = (
    <Link to="/records/add" className={weightClass('first')}>
      <Plus aria-hidden className="size-2.5" />
      {t('patient.records.add')}
    </Link>
  );
  const there = data?.filter(({ held }) => held.status !== 'erased');
  // Earlier versions stand behind the newest.
  const newest = newestOf(there?.map(({ held }) => held) ?? []);
  const current = there?.flatMap((record) => {
    const earlier = newest.get(record.held.record);
    return earlier === undefined ? [] : [{ ...record, earlier }];
  });
  return (
    <>
      <PageHead
        title={t('patient.records.title')}
        lead={current?.length ? t('patient.records.lead', { count: current.length }) : undefined}
        actions={current?.length ? add : undefined}
      />
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {current?.length === 0 && (
        <Empty
          title={t('patient.records.empty')}
          action={
            <div className="flex flex-wrap gap-1">
              {add}
              <AddExample />
            </div>
          }
        >
          {t('patient.records.emptyHint')}
        </Empty>
      )}
      {current && current.length > 0 && (
        <>
          <SwitchView
            label={t('patient.records.view')}
            value={view}
            onChange={setView}
            options={(['timeline', 'kinds'] as const).map((id) => ({ id, name: t(`patient.records.${id}`) }))}
          />
          <Groups of={view === 'timeline' ? byYear(current) : byKind(current, kinds)} />
        </>
      )}
    </>
  );
}

interface Newest {
  held: HeldRecord;
  labels: Labels;
  /** How many versions there were before. */
  earlier: number;
}

function Groups({ of: groups }: { of: Map<string, Newest[]> }) {
  const { t } = useTranslation();
  return [...groups].map(([name, records]) => (
    <section key={name} className="flex flex-col gap-1.5">
      <h2>{name || t('patient.records.noDate')}</h2>
      <ul className="flex flex-col gap-1">
        {records.map((record) => (
          <li key={record.held.record}>
            <Row {...record} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Row({ held, labels, earlier }: Newest) {
  const { t } = useTranslation();
  const kinds = useKinds()(...labels.categories);
  return (
    <Card className="relative flex flex-wrap items-baseline gap-x-2 gap-y-0.5 hover:border-act">
      <Link
        to="/records/$record"
        params={{ record: held.record }}
        className="font-bold text-ink no-underline after:absolute after:inset-0"
      >
        <RecordTitle held={held} />
      </Link>
      <span className="text-soft text-sm">{kinds}</span>
      {earlier > 0 && <span className="text-soft text-sm">{t('patient.records.earlier', { count: earlier })}</span>}
      {held.status === 'entered_in_error' && <span className="text-harm text-sm">{t('patient.records.wrong')}</span>}
      {held.status === 'amended' && <span className="text-soft text-sm">{t('patient.records.superseded')}</span>}
      <span className="ms-auto text-soft text-sm">
        {labels.from ? calendarDay(labels.from) : t('patient.records.noDate')}
      </span>
    </Card>
  );
}
