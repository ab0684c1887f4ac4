import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowLeft, KeyRound, ShieldCheck } from 'lucide-react';
import type { ReactNode } from 'react';

import { useTranslation } from 'react-i18next';
import { type HeldRecord, labelsOf } from '@/api/labels';
import { SaveReceipt } from '@/receipts/save-button';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { FileTrigger } from '@/ui/file-trigger';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Viewer } from '@/ui/viewer';
import { Waiting } from '@/ui/waiting';
import { useCredential } from '@/ui/who';
import { calendarDay, exactly, moment } from '@/words/say';
import { Closed, useClosing } from './closed';
import { contentOf, recordOf, recordsOf } from './data';
import { takeKey, takeWalletKey, useKeys } from './key';
import { usePurpose } from './layout';
import type { Opened } from './reading';

const route = getRouteApi('/inside/care/$vault/$record');

/** A record, opened on this device and closed when the permission ends. */
export function RecordPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { vault, record } = route.useParams();
  const purpose = usePurpose();
  const keys = useKeys();
  const queries = useQueryClient();
  const listed = queries
    .getQueryData(recordsOf(person, vault, purpose).queryKey)
    ?.find((held) => held.record === record && held.key.state === 'wrapped');
  const asked = useQuery({ ...recordOf(person, record, purpose), enabled: listed === undefined });
  const held = listed ?? asked.data;
  const canOpen = held?.key.state === 'wrapped' && keys !== undefined;
  const opened = useQuery({
    ...(held ? contentOf(person, held, purpose) : { queryKey: ['care', 'content'], queryFn: () => null }),
    enabled: canOpen,
  } as ReturnType<typeof contentOf>);
  const isClosed = useClosing(record, [held?.consent], opened.error ?? asked.error);
  if (isClosed) return <Closed />;
  const back = (
    <Link
      to="/care/$vault"
      params={{ vault }}
      search={{ purpose }}
      className="inline-flex min-h-[44px] items-center gap-1 self-start"
    >
      <ArrowLeft aria-hidden className="size-2.5 rtl:-scale-x-100" />
      {t('provider.record.back')}
    </Link>
  );
  if (!held) {
    return (
      <>
        {back}
        {asked.isPending ? <Waiting /> : <ProblemNote error={asked.error} retry={() => void asked.refetch()} />}
      </>
    );
  }
  return (
    <>
      {back}
      <Head held={held} opened={opened.data} />
      {held.key.state === 'key_pending' && (
        <Note kind="wait" title={t('provider.record.pending')}>
          {t('provider.record.pendingHint')}
        </Note>
      )}
      {held.key.state === 'wrapped' && !keys && <TakeKey />}
      {keys && <WrongKey keys={keys} />}
      <ProblemNote error={opened.error} retry={() => void opened.refetch()} />
      {canOpen && opened.isLoading && <Waiting for={t('provider.record.opening')} />}
      {opened.data && <Content opened={opened.data} />}
    </>
  );
}

function Content({ opened: { manifest, content, receipt } }: { opened: Opened }) {
  const { t } = useTranslation();
  const purpose = usePurpose();
  return (
    <>
      <Viewer mediaType={manifest.mediaType} content={content} title={manifest.title ?? t('common.nav.records')} />
      <p className="text-soft text-sm">{t('provider.record.notice', { purpose: t(`provider.purposes.${purpose}`) })}</p>
      {receipt && <SaveReceipt receipt={receipt} />}
    </>
  );
}

/** What is said of a record beside its content. */
export function Head({ held, opened }: { held: HeldRecord; opened: Opened | undefined }) {
  const { t } = useTranslation();
  const kinds = useKinds();
  const labels = labelsOf(held);
  const { manifest } = opened ?? {};
  return (
    <>
      <PageHead title={manifest?.title ?? kinds(...labels.categories)} />
      {held.status === 'entered_in_error' && <Note kind="harm">{t('provider.records.wrong')}</Note>}
      {held.status === 'amended' && <Note kind="wait">{t('provider.records.replaced')}</Note>}
      <Card>
        <dl className="grid gap-x-2 gap-y-0.5 sm:grid-cols-[max-content_1fr]">
          <Fact name={t('provider.record.kind')}>{kinds(...labels.categories)}</Fact>
          <Fact name={t('provider.record.date')}>{labels.from && calendarDay(labels.from)}</Fact>
          <Fact name={t('provider.record.author')}>{manifest?.author}</Fact>
          <Fact name={t('provider.record.issued')}>{manifest?.issued && calendarDay(manifest.issued)}</Fact>
          <Fact name={t('provider.record.added')}>
            <span title={exactly(held.minted_at)}>{moment(held.minted_at)}</span>
          </Fact>
          <Fact name={t('provider.record.source')}>{opened && <Issuer issuance={opened.issuance} />}</Fact>
        </dl>
        {opened && (
          <p className="mt-1.5 flex items-center gap-1 text-well">
            <ShieldCheck aria-hidden className="size-2.5" />
            {t('provider.record.proof')}
          </p>
        )}
      </Card>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className="contents">
      <dt className="text-soft">{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

function Issuer({ issuance }: { issuance: Opened['issuance'] }) {
  const { t } = useTranslation();
  const state = issuance?.state ?? 'unsigned';
  if (issuance?.state === 'signed') {
    const { kind, in_effect: counted } = issuance.credential;
    if (!counted) return t('provider.record.issuance.ended');
    return t('provider.record.issuance.signed', { kind: t(`common.credential.${kind as 'practitioner'}`) });
  }
  const text = t(`provider.record.issuance.${state as 'unsigned' | 'unknown' | 'false'}`);
  return state === 'false' ? <span className="text-harm">{text}</span> : text;
}

/** Asks the wallet for the key that opens what was encrypted to the reader; where it has none, for a file. */
export function TakeKey() {
  const { t } = useTranslation();
  const person = usePerson();
  const asking = useQuery({
    queryKey: ['care', 'key', person.signer.address],
    queryFn: () => takeWalletKey(person),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnReconnect: false,
    retry: false,
  });
  if (asking.isFetching) return <Waiting for={t('provider.key.waiting')} />;
  return (
    <>
      <ProblemNote error={asking.error} retry={() => void asking.refetch()} />
      {asking.data === false && <Note title={t('provider.key.other')}>{t('provider.key.otherHint')}</Note>}
      {(asking.error || asking.data === false) && <ChooseKey />}
    </>
  );
}

/** Asks for the file of the key. */
function ChooseKey() {
  const { t } = useTranslation();
  const taking = useMutation({ mutationFn: takeKey });
  return (
    <Card className="flex flex-col items-start gap-1.5">
      <h2>{t('provider.key.title')}</h2>
      <p>{t('provider.key.lead')}</p>
      <p className="text-soft text-sm">{t('provider.key.file')}</p>
      <FileTrigger
        acceptedFileTypes={['application/json', '.json']}
        onSelect={(files) => files?.[0] && taking.mutate(files[0])}
      >
        <Button weight="first" isDisabled={taking.isPending}>
          <KeyRound aria-hidden className="size-2.5" />
          {t('provider.key.choose')}
        </Button>
      </FileTrigger>
      <ProblemNote error={taking.error} />
    </Card>
  );
}

/** Warns where the file is not the key that the reader's credential names. */
export function WrongKey({ keys }: { keys: readonly string[] }) {
  const { t } = useTranslation();
  const { signer } = usePerson();
  const { data } = useCredential(signer.address);
  if (!data || keys.includes(data.encryption_key)) return null;
  return (
    <>
      <Note kind="wait">{t('provider.key.wrong')}</Note>
      <ChooseKey />
    </>
  );
}
