import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type HeldRecord, labelsOf } from '@/api/labels';
import type { Shares as Keys, Released } from '@/core/emergency';
import type { Emergency } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Viewer } from '@/ui/viewer';
import { Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { calendarDay, exactly, moment } from '@/words/say';
import { recordsOf } from './data';
import { allowedBy, contentOf, isOver, ownOpenings, sharesOf } from './emergency-data';
import { useKeys } from './key';
import { usePurpose } from './layout';
import { Head, TakeKey, WrongKey } from './record';

const route = getRouteApi('/inside/care/emergency/$opening');
const back = 'inline-flex min-h-[44px] items-center gap-1 self-start';
const recordRoute = getRouteApi('/inside/care/emergency/$opening/$record');

/** An opening of the caller's that can be read by; says what is to be said where it cannot. */
function Standing({ of, children }: { of: string; children: (opening: Emergency) => ReactNode }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const own = useQuery(ownOpenings(person));
  const opening = own.data?.find(({ breakGlass }) => breakGlass === of);
  const allowed = useQuery({ ...allowedBy(opening?.vault ?? ''), enabled: opening !== undefined });
  const [isPast, pass] = useState(false);
  useEffect(() => {
    if (!opening) return;
    const timer = setTimeout(() => pass(true), Math.max(0, opening.expiresAt * 1000 - Date.now()));
    return () => clearTimeout(timer);
  }, [opening]);
  const mustClose = opening !== undefined && (isPast || isOver(opening) || allowed.data === false);
  useEffect(() => {
    // What was read goes.
    if (mustClose) {
      for (const what of ['content', 'shares']) queries.removeQueries({ queryKey: ['care', 'emergency', what] });
      queries.removeQueries({ queryKey: ['care', 'records'] });
    }
  }, [mustClose, queries]);
  const head = <PageHead title={t('emergency.care.title')} />;
  if (mustClose) {
    return (
      <>
        {head}
        <Note kind="wait" title={t(allowed.data === false ? 'emergency.care.nowForbidden' : 'emergency.care.over')}>
          {t('emergency.care.closed')}
        </Note>
      </>
    );
  }
  if (opening) return children(opening);
  return (
    <>
      {head}
      {own.isPending ? (
        <Waiting />
      ) : own.data ? (
        <Note kind="wait">{t('emergency.care.noOpening')}</Note>
      ) : (
        <ProblemNote error={own.error} retry={() => void own.refetch()} />
      )}
    </>
  );
}

/** What custodians have released so far, and the key file that it opens with. */
function Shares({
  opening,
  head,
  children,
}: {
  opening: Emergency;
  /** Stands there before anything is known. */
  head?: ReactNode;
  children: (data: Keys, progress: readonly Released[]) => ReactNode;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const keys = useKeys();
  const shares = useQuery({ ...sharesOf(person, opening), enabled: keys !== undefined });
  if (!keys) {
    return (
      <>
        {head}
        <TakeKey />
      </>
    );
  }
  const { data } = shares;
  const ready = data?.progress.filter(({ isEnough }) => isEnough).length ?? 0;
  const missing = opening.records.length - ready;
  // Those that are least far.
  const behind = data?.progress.find(({ isEnough }) => !isEnough);
  return (
    <>
      {!data && head}
      <WrongKey keys={keys} />
      <ProblemNote error={shares.error} retry={() => void shares.refetch()} />
      {shares.isPending && <Waiting for={t('emergency.care.asking')} />}
      {data && missing > 0 && (
        <Note
          kind="wait"
          title={t('emergency.care.waiting', { ready, of: opening.records.length })}
          actions={<Button onPress={() => void shares.refetch()}>{t('emergency.care.look')}</Button>}
        >
          <Waited at={shares.dataUpdatedAt} />
          {behind && behind.threshold > 0 && (
            <p>{t('emergency.care.parts', { shares: behind.shares, of: behind.threshold })}</p>
          )}
        </Note>
      )}
      {data && children(data.shares, data.progress)}
    </>
  );
}

/** How long one has waited on this page. */
function Waited({ at }: { at: number }) {
  const { t } = useTranslation();
  const [begun] = useState(Date.now);
  return <p>{t('emergency.care.waited', { number: Math.max(0, Math.round((at - begun) / 1000)) })}</p>;
}

/** What was opened: until when, how far the custodians are, and the records. */
export function OpeningPage() {
  const { t } = useTranslation();
  const { opening: of } = route.useParams();
  const purpose = usePurpose();
  return (
    <>
      <Link to="/care/emergency" search={{ purpose }} className={back}>
        <ArrowLeft aria-hidden className="size-2.5 rtl:-scale-x-100" />
        {t('emergency.care.title')}
      </Link>
      <Standing of={of}>
        {(opening) => (
          <>
            <OpeningHead opening={opening} />
            <Shares opening={opening}>{(_, progress) => <Records opening={opening} progress={progress} />}</Shares>
          </>
        )}
      </Standing>
    </>
  );
}

function OpeningHead({ opening }: { opening: Emergency }) {
  const { t } = useTranslation();
  const ends = new Date(opening.expiresAt * 1000);
  return (
    <>
      <PageHead
        title={<span title={opening.vault}>{t('provider.records.title', { address: shortened(opening.vault) })}</span>}
        lead={<span title={exactly(ends)}>{t('emergency.care.openUntil', { when: moment(ends) })}</span>}
      />
      <p>
        {t('emergency.care.yourReason')}: <bdi className="font-bold">{opening.reason}</bdi>
      </p>
    </>
  );
}

function Records({ opening, progress }: { opening: Emergency; progress: readonly Released[] }) {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(recordsOf(usePerson(), opening.vault, 'ETREAT'));
  const ready = new Set(progress.filter(({ isEnough }) => isEnough).map(({ record }) => record));
  const opened = data?.filter(({ record }) => opening.records.includes(record));
  return (
    <>
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      <ul className="flex flex-col gap-1">
        {opened?.map((held) => (
          <li key={held.record}>
            <Row held={held} opening={opening.breakGlass} isReady={ready.has(held.record)} />
          </li>
        ))}
      </ul>
      <p className="text-soft text-sm">{t('provider.records.logged')}</p>
    </>
  );
}

function Row({ held, opening, isReady }: { held: HeldRecord; opening: string; isReady: boolean }) {
  const { t } = useTranslation();
  const purpose = usePurpose();
  const kinds = useKinds();
  const labels = labelsOf(held);
  const name = kinds(...labels.categories);
  return (
    <Card className={`relative flex flex-wrap items-baseline gap-x-2 gap-y-0.5 ${isReady ? 'hover:border-act' : ''}`}>
      {isReady ? (
        <Link
          to="/care/emergency/$opening/$record"
          params={{ opening, record: held.record }}
          search={{ purpose }}
          className="font-bold text-ink no-underline after:absolute after:inset-0"
        >
          {name}
        </Link>
      ) : (
        <>
          <span className="font-bold">{name}</span>
          <span className="text-sm text-wait">{t('emergency.care.partsMissing')}</span>
        </>
      )}
      <span className="ms-auto text-soft text-sm">
        {labels.from ? calendarDay(labels.from) : t('provider.records.noDate')}
      </span>
    </Card>
  );
}

/** A record read in an emergency. */
export function EmergencyRecordPage() {
  const { t } = useTranslation();
  const { opening: of, record } = recordRoute.useParams();
  const purpose = usePurpose();
  const head = <PageHead title={t('emergency.care.title')} />;
  return (
    <>
      <Link to="/care/emergency/$opening" params={{ opening: of }} search={{ purpose }} className={back}>
        <ArrowLeft aria-hidden className="size-2.5 rtl:-scale-x-100" />
        {t('provider.record.back')}
      </Link>
      <Standing of={of}>
        {(opening) => (
          <Shares opening={opening} head={head}>
            {(shares, progress) =>
              progress.some((one) => one.record === record && one.isEnough) ? (
                <Content vault={opening.vault} record={record} shares={shares} head={head} />
              ) : (
                head
              )
            }
          </Shares>
        )}
      </Standing>
    </>
  );
}

function Content({ vault, record, shares, head }: { vault: string; record: string; shares: Keys; head: ReactNode }) {
  const { t } = useTranslation();
  const person = usePerson();
  const listed = useQuery(recordsOf(person, vault, 'ETREAT'));
  const held = listed.data?.find((one) => one.record === record);
  const opened = useQuery({
    ...(held ? contentOf(person, held, shares) : { queryKey: ['care', 'emergency', 'content'], queryFn: () => null }),
    enabled: held !== undefined,
  } as ReturnType<typeof contentOf>);
  if (!held) {
    return (
      <>
        {head}
        {listed.isPending && <Waiting />}
        {listed.data && <Note kind="wait">{t('emergency.care.noRecord')}</Note>}
        <ProblemNote error={listed.error} retry={() => void listed.refetch()} />
      </>
    );
  }
  return (
    <>
      <Head held={held} opened={opened.data} />
      <ProblemNote error={opened.error} retry={() => void opened.refetch()} />
      {opened.isLoading && <Waiting for={t('provider.record.opening')} />}
      {opened.data && (
        <>
          <Viewer
            mediaType={opened.data.manifest.mediaType}
            content={opened.data.content}
            title={opened.data.manifest.title ?? t('common.nav.records')}
          />
          <p className="text-soft text-sm">{t('emergency.care.notice')}</p>
        </>
      )}
    </>
  );
}
