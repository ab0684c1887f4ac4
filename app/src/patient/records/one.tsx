import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Download, FilePen, ShieldCheck, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { labelsOf } from '@/api/labels';
import { core } from '@/core';
import type { Issuance } from '@/core/pkg/aegle_web';
import { SaveReceipt } from '@/receipts/save-button';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { save } from '@/ui/save';
import { Viewer } from '@/ui/viewer';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { calendarDay, exactly, moment, size } from '@/words/say';
import { recordsOf } from './data';
import { erase } from './erase';
import { Standing, Versions } from './history';
import { versionsOf } from './lineage';
import { SeenBy } from './seen-by';
import { MarkWrong } from './wrong';

const route = getRouteApi('/inside/patient/records/$record');

/** One record: what it is, what is in it, who can see it. */
export function RecordPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { record } = route.useParams();
  const kind = useKinds();
  const records = useQuery(recordsOf(person));
  const listed = records.data?.find((one) => one.record === record);
  const [known, know] = useState(listed);
  useEffect(() => {
    if (listed) know(listed);
  }, [listed]);
  // An erasure takes it off the list, and still has something to say.
  const held = listed ?? (known?.record === record ? known : undefined);
  const opened = useQuery({
    queryKey: ['content', record],
    queryFn: async () => {
      const account = held && (await person.chain.account(held.record));
      if (!held || !account) throw new Error('the network does not know this record yet');
      return core().open(held, 'PATRQT', account);
    },
    enabled: listed !== undefined,
    // Kept no longer than the page is looked at.
    gcTime: 0,
    retry: false,
  });
  if (records.isPending) return <Waiting />;
  if (records.error && !held) return <ProblemNote error={records.error} retry={() => void records.refetch()} />;
  if (!held) return <ProblemNote error={new Error(t('patient.record.gone'))} />;
  const labels = labelsOf(held);
  const kinds = kind(...labels.categories);
  const { data } = opened;
  const there = records.data?.filter(({ status }) => status !== 'erased') ?? [];
  const versions = versionsOf(record, there);
  return (
    <>
      <PageHead
        title={data?.details.title ?? kinds}
        actions={
          data && (
            <Button
              onPress={() =>
                save(new Blob([data.content], { type: data.details.media_type }), data.details.title ?? kinds)
              }
            >
              <Download aria-hidden className="size-2.5" />
              {t('patient.record.download')}
            </Button>
          )
        }
      />
      <Standing held={held} newest={versions[0]?.record} />
      <Card>
        <dl className="grid grid-cols-[max-content_1fr] gap-x-2 gap-y-0.5">
          <dt className="text-soft">{t('patient.record.kind')}</dt>
          <dd>{kinds}</dd>
          <dt className="text-soft">{t('patient.record.date')}</dt>
          <dd>{labels.from ? calendarDay(labels.from) : t('patient.records.noDate')}</dd>
          <dt className="text-soft">{t('patient.record.source')}</dt>
          <dd>
            <Issuer issuance={data?.issuance} />
          </dd>
          <dt className="text-soft">{t('patient.record.added')}</dt>
          <dd title={exactly(held.minted_at)}>{moment(held.minted_at)}</dd>
          {data && (
            <>
              <dt className="text-soft">{t('patient.record.size')}</dt>
              <dd>{size(data.details.length)}</dd>
            </>
          )}
        </dl>
        {data && (
          <p className="mt-1.5 flex items-center gap-1 text-well">
            <ShieldCheck aria-hidden className="size-2.5" />
            {t('patient.record.proof')}
          </p>
        )}
      </Card>
      <ProblemNote error={opened.error} retry={() => void opened.refetch()} />
      {opened.isLoading && <Waiting for={t('patient.records.opening')} />}
      {data && (
        <Viewer mediaType={data.details.media_type} content={data.content} title={data.details.title ?? kinds} />
      )}
      {held.status !== 'erased' && <SeenBy record={record} />}
      <Versions versions={versions} record={record} />
      {data?.receipt && <SaveReceipt receipt={data.receipt} />}
      <div className="flex flex-wrap gap-1">
        {held.status === 'active' && (
          <Link to="/records/add" search={{ amends: record }} className={weightClass('quiet')}>
            <FilePen aria-hidden className="size-2.5" />
            {t('records.one.correct')}
          </Link>
        )}
        {(held.status === 'active' || held.status === 'amended') && <MarkWrong held={held} />}
        <Erase record={record} />
      </div>
    </>
  );
}

/** Who answers for a record, as far as that proves itself. */
function Issuer({ issuance }: { issuance: Issuance | undefined }) {
  const { t } = useTranslation();
  switch (issuance?.state) {
    case undefined:
      return t('patient.records.opening');
    case 'unsigned':
      return t('patient.record.issuer.none');
    case 'false':
      return <span className="text-harm">{t('patient.record.issuer.false')}</span>;
    case 'unknown':
      return t('patient.record.issuer.unknown');
    case 'signed':
      return (
        <>
          <Who subject={issuance.issue.issuer} />{' '}
          {!issuance.credential.in_effect && <span className="text-wait">{t('patient.record.issuer.ended')}</span>}
        </>
      );
  }
}

function Erase({ record }: { record: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, ask] = useState(false);
  const erasing = useMutation({ mutationFn: () => erase(person, record) });
  const leave = async () => {
    await navigate({ to: '/records' });
    queries.removeQueries({ queryKey: ['content', record] });
    void queries.invalidateQueries(recordsOf(person));
  };
  return (
    <div>
      <Button weight="quiet" className="text-harm" onPress={() => ask(true)}>
        <Trash2 aria-hidden className="size-2.5" />
        {t('patient.record.erase')}
      </Button>
      <Confirm
        title={t('patient.record.eraseTitle')}
        action={t('patient.record.eraseConfirm')}
        doing={erasing}
        waiting={t('patient.record.erasing')}
        done={<Note kind="done">{t('patient.record.erased')}</Note>}
        isOpen={asking}
        onClose={() => (erasing.isSuccess ? void leave() : ask(false))}
      >
        <p>{t('patient.record.eraseText')}</p>
      </Confirm>
    </div>
  );
}
