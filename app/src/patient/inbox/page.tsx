import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '@/api/client';
import { labelsOf } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { exactly, moment } from '@/words/say';
import { Asked } from '../people/asked';
import { recordsOf } from '../records/data';
import { runs } from '../runs';
import { accept } from './accept';
import { discard, mailOf, markRead, noticesOf, requestsOf } from './data';

/** What waits for the patient, and what happened. */
export function InboxPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const requests = useQuery(requestsOf(person));
  const mail = useQuery(mailOf(person));
  const notices = useQuery(noticesOf(person));
  const [done, finish] = useState<string>();
  const pending = requests.isPending || mail.isPending || notices.isPending;
  const nothing = !pending && !requests.data?.length && !mail.data?.length && !notices.data?.length;
  return (
    <>
      <PageHead title={t('common.nav.inbox')} />
      <ProblemNote
        error={requests.error ?? mail.error ?? notices.error}
        retry={() => void Promise.all([requests.refetch(), mail.refetch(), notices.refetch()])}
      />
      {pending && <Waiting />}
      {done && <Note kind="done">{done}</Note>}
      {nothing && <Empty title={t('patient.inbox.empty')}>{t('patient.inbox.emptyHint')}</Empty>}
      {!!requests.data?.length && (
        <section className="flex flex-col gap-1.5">
          <h2>{t('patient.inbox.requests')}</h2>
          <ul className="flex flex-col gap-1.5">
            {requests.data.map((request) => (
              <li key={request.request}>
                <Asked request={request} onAllowed={finish} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {!!mail.data?.length && (
        <section className="flex flex-col gap-1.5">
          <h2>{t('patient.inbox.mail')}</h2>
          {mail.data.length > 1 && <TakeAll items={mail.data} />}
          <ul className="flex flex-col gap-1.5">
            {mail.data.map((item) => (
              <li key={item.item}>
                <Mail item={item} onDiscarded={() => finish(t('patient.inbox.discarded'))} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {!!notices.data?.length && <Notices notices={notices.data} />}
    </>
  );
}

/** Everything that was sent, by one approval. */
function TakeAll({ items }: { items: readonly Schema['MailboxItem'][] }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const taking = useMutation({
    mutationFn: () => accept(person, items),
    onSettled: async () => {
      await queries.invalidateQueries(mailOf(person));
      await queries.invalidateQueries(recordsOf(person));
    },
  });
  return (
    <>
      <ProblemNote error={taking.error} />
      {taking.isPending ? (
        <Waiting for={t('common.signIn.waiting')} />
      ) : (
        <Button className="self-start" onPress={() => taking.mutate()}>
          {t('patient.inbox.takeAll', { count: items.length })}
        </Button>
      )}
    </>
  );
}

/** A result that somebody sent. */
function Mail({ item, onDiscarded }: { item: Schema['MailboxItem']; onDiscarded: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const kind = useKinds();
  const [asking, ask] = useState(false);
  const refresh = async () => {
    await queries.invalidateQueries(mailOf(person));
    await queries.invalidateQueries(recordsOf(person));
  };
  const taking = useMutation({ mutationFn: () => accept(person, [item]), onSettled: refresh });
  const discarding = useMutation({
    mutationFn: () => discard(person, item),
    onSuccess: async () => {
      onDiscarded();
      await refresh();
    },
  });
  return (
    <Card className="flex flex-col gap-1.5">
      <p>
        <Who subject={item.sender} /> {t('patient.inbox.sent')} {kind(...labelsOf(item).categories)}
      </p>
      <p className="text-soft text-sm" title={exactly(item.posted_at)}>
        {moment(item.posted_at)}
      </p>
      <ProblemNote error={taking.error} />
      {taking.isPending && <Waiting for={t('common.signIn.waiting')} />}
      <div className="flex flex-wrap gap-1">
        <Button weight="first" onPress={() => taking.mutate()} isDisabled={taking.isPending}>
          {t('patient.inbox.take')}
        </Button>
        <Button onPress={() => ask(true)} isDisabled={taking.isPending}>
          {t('patient.inbox.discard')}
        </Button>
      </div>
      <Confirm
        title={t('patient.inbox.discardTitle')}
        action={t('patient.inbox.discard')}
        doing={discarding}
        waiting={t('patient.inbox.discarding')}
        isOpen={asking}
        onClose={() => ask(false)}
      >
        <p>{t('patient.inbox.discardText')}</p>
      </Confirm>
    </Card>
  );
}

function Notices({ notices }: { notices: readonly Schema['Notice'][] }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const newest = notices[0]?.number ?? 0;
  const reading = useMutation({
    mutationFn: () => markRead(person, newest),
    onSuccess: () => queries.invalidateQueries(noticesOf(person)),
  });
  return (
    <section className="flex flex-col gap-1.5">
      <h2>{t('patient.inbox.notices')}</h2>
      <ol className="flex flex-col gap-1">
        {runs(notices, ({ kind, read, at }) => `${kind} ${read} ${new Date(at).toDateString()}`).map((run) => {
          const [{ number, kind, at, read }] = run;
          return (
            <li key={number} className={`flex flex-wrap gap-x-1 ${read ? 'text-soft' : 'font-bold'}`}>
              {kind === 'disclosure' ? (
                <Link to="/activity">{t('patient.inbox.kinds.disclosure')}</Link>
              ) : (
                t(`patient.inbox.kinds.${kind}`)
              )}
              {run.length > 1 && (
                <span className="font-normal text-soft">{t('patient.activity.times', { count: run.length })}</span>
              )}
              <time dateTime={at} title={exactly(at)} className="ms-auto font-normal text-soft text-sm">
                {moment(at)}
              </time>
            </li>
          );
        })}
      </ol>
      <ProblemNote error={reading.error} />
      {notices.some(({ read }) => !read) && (
        <Button className="self-start" onPress={() => reading.mutate()} isDisabled={reading.isPending}>
          {t('patient.inbox.markRead')}
        </Button>
      )}
    </section>
  );
}
