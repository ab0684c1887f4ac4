import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type HeldRecord, type Labels, labelsOf } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Card, Empty, PageHead } from '@/ui/card';
import { byKind, byYear, useKinds } from '@/ui/kinds';
import { ProblemNote } from '@/ui/problem';
import { SwitchView } from '@/ui/switch-view';
import { Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { calendarDay } from '@/words/say';
import { Closed, useClosing } from './closed';
import { recordsOf } from './data';
import { usePurpose } from './layout';

type View = 'byDate' | 'byKind';
type Listed = { held: HeldRecord; labels: Labels };
const route = getRouteApi('/inside/care/$vault');

/** A patient's records that are open for the purpose: what their labels say, since titles are encrypted. */
export function RecordsPage() {
  const { t } = useTranslation();
  const { vault } = route.useParams();
  const purpose = usePurpose();
  const words = { purpose: t(`provider.purposes.${purpose}`) };
  const kinds = useKinds();
  const [view, setView] = useState<View>('byDate');
  const { data, error, isPending, refetch } = useQuery(recordsOf(usePerson(), vault, purpose));
  const isClosed = useClosing(vault, data?.map(({ consent }) => consent) ?? [], error);
  if (isClosed) return <Closed />;
  const records = data?.map((held) => ({ held, labels: labelsOf(held) }));
  return (
    <>
      <Link to="/care" search={{ purpose }} className="inline-flex min-h-[44px] items-center gap-1 self-start">
        <ArrowLeft aria-hidden className="size-2.5 rtl:-scale-x-100" />
        {t('provider.records.back')}
      </Link>
      <PageHead
        title={<span title={vault}>{t('provider.records.title', { address: shortened(vault) })}</span>}
        lead={records?.length ? t('provider.records.lead', { count: records.length, ...words }) : undefined}
      />
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {records?.length === 0 && (
        <Empty title={t('provider.records.empty', words)}>{t('provider.records.emptyHint')}</Empty>
      )}
      {records && records.length > 0 && (
        <>
          <SwitchView
            label={t('provider.records.view')}
            value={view}
            onChange={setView}
            options={(['byDate', 'byKind'] as const).map((id) => ({ id, name: t(`provider.records.${id}`) }))}
          />
          {[...(view === 'byDate' ? byYear(records) : byKind(records, kinds))].map(([name, group]) => (
            <section key={name} className="flex flex-col gap-1.5">
              <h2>{name || t('provider.records.noDate')}</h2>
              <ul className="flex flex-col gap-1">
                {group.map((one) => (
                  <li key={one.held.record}>
                    <Row {...one} />
                  </li>
                ))}
              </ul>
            </section>
          ))}
          <p className="text-soft text-sm">{t('provider.records.logged')}</p>
        </>
      )}
    </>
  );
}

function Row({ held, labels }: Listed) {
  const { t } = useTranslation();
  const purpose = usePurpose();
  const kinds = useKinds();
  return (
    <Card className="relative flex flex-wrap items-baseline gap-x-2 gap-y-0.5 hover:border-act">
      <Link
        to="/care/$vault/$record"
        params={{ vault: held.vault, record: held.record }}
        search={{ purpose }}
        className="font-bold text-ink no-underline after:absolute after:inset-0"
      >
        {kinds(...labels.categories)}
      </Link>
      {held.version > 1 && (
        <span className="text-soft text-sm">{t('provider.records.version', { version: held.version })}</span>
      )}
      {held.status === 'entered_in_error' && <span className="text-harm text-sm">{t('provider.records.wrong')}</span>}
      {held.status === 'amended' && <span className="text-soft text-sm">{t('provider.records.replaced')}</span>}
      {held.key.state === 'key_pending' && <span className="text-sm text-wait">{t('provider.records.pending')}</span>}
      <span className="ms-auto text-soft text-sm">
        {labels.from ? calendarDay(labels.from) : t('provider.records.noDate')}
      </span>
    </Card>
  );
}
