import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isRefused } from '@/core';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox, Choice } from '@/ui/choice';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { list, moment } from '@/words/say';
import {
  addressOf,
  confirm,
  type Subscription,
  subscribe,
  subscriptionsOf,
  TOPICS,
  type Topic,
  unsubscribe,
} from './data';

/** Where the patient is told what happens, beside the inbox. */
export function NotificationsPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { data, error, isPending, refetch } = useQuery(subscriptionsOf(person));
  return (
    <>
      <PageHead title={t('notices.title')} lead={t('notices.lead')} />
      <section className="flex max-w-[640px] flex-col gap-1.5">
        <h2>{t('notices.where')}</h2>
        <ProblemNote error={error} retry={() => void refetch()} />
        {isPending && <Waiting />}
        <ul className="flex flex-col gap-1">
          <li>
            <Card className="flex flex-wrap items-baseline gap-x-2">
              <span className="font-bold">{t('notices.inbox')}</span>
              <span className="text-soft">{t('notices.inboxHint')}</span>
            </Card>
          </li>
          {data?.map((subscription) => (
            <li key={subscription.subscription}>
              <Row subscription={subscription} />
            </li>
          ))}
        </ul>
        {data?.length === 0 && <p className="text-soft">{t('notices.none')}</p>}
      </section>
      <Add />
    </>
  );
}

function Row({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => unsubscribe(person, subscription),
    onSettled: () => queries.invalidateQueries(subscriptionsOf(person)),
  });
  const { target, kinds, confirmed, failing_since: failing, ended_at: ended } = subscription;
  const where = addressOf(target);
  const state = ended
    ? t('notices.state.ended', { when: moment(ended) })
    : failing
      ? t('notices.state.failing', { when: moment(failing) })
      : t(confirmed ? 'notices.state.on' : 'notices.state.code');
  const topics =
    kinds.length === TOPICS.length ? [t('notices.everything')] : kinds.map((kind) => t(`notices.topics.${kind}`));
  return (
    <Card className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
      <bdi className="min-w-0 break-all font-bold">{where}</bdi>
      <span className={ended || failing || !confirmed ? 'text-wait' : 'text-well'}>{state}</span>
      <span className="text-soft text-sm">{list(topics)}</span>
      <Button
        weight="quiet"
        className="ms-auto"
        aria-label={t('notices.removeFrom', { where })}
        isDisabled={removing.isPending}
        onPress={() => removing.mutate()}
      >
        <Trash2 aria-hidden className="size-2.5" />
        {t('notices.remove')}
      </Button>
      <ProblemNote error={removing.error} />
      {!confirmed && !ended && <Code subscription={subscription.subscription} />}
    </Card>
  );
}

type Way = 'email' | 'webhook';

function Add() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [way, setWay] = useState<Way>('email');
  const [where, setWhere] = useState('');
  const [topics, setTopics] = useState<readonly Topic[]>(TOPICS);
  const adding = useMutation({
    mutationFn: () => {
      const address = where.trim();
      return subscribe(person, way === 'email' ? { email: { address } } : { webhook: { url: address } }, topics);
    },
    onSuccess: () => setWhere(''),
    onSettled: () => queries.invalidateQueries(subscriptionsOf(person)),
  });
  const isFit = way === 'email' ? /^\S+@\S+$/.test(where.trim()) : /^https:\/\/./.test(where.trim());
  return (
    <section className="flex max-w-[640px] flex-col gap-2">
      <h2>{t('notices.add')}</h2>
      {adding.data?.secret && (
        <Note kind="done" title={t('notices.secretTitle')}>
          <p>{t('notices.secretLead')}</p>
          <Address of={adding.data.secret} />
        </Note>
      )}
      {adding.data?.code_sent && <Note kind="wait" title={t('notices.codeSent')} />}
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (isFit && topics.length > 0 && !adding.isPending) adding.mutate();
        }}
      >
        <Choice
          label={t('notices.way')}
          value={way}
          onChange={(chosen) => {
            setWay(chosen === 'webhook' ? 'webhook' : 'email');
            adding.reset();
          }}
          options={(['email', 'webhook'] as const).map((id) => ({
            id,
            name: t(`notices.${id}`),
            hint: t(`notices.${id}Hint`),
          }))}
        />
        <TextField
          label={t(way === 'email' ? 'notices.address' : 'notices.url')}
          hint={way === 'webhook' && t('notices.urlHint')}
          type={way === 'email' ? 'email' : 'url'}
          value={where}
          onChange={setWhere}
        />
        <fieldset className="flex flex-col gap-1">
          <legend className="pb-1 font-bold">{t('notices.what')}</legend>
          {TOPICS.map((topic) => (
            <Checkbox
              key={topic}
              isSelected={topics.includes(topic)}
              onChange={(isChosen) => setTopics(isChosen ? [...topics, topic] : topics.filter((one) => one !== topic))}
            >
              {t(`notices.topics.${topic}`)}
            </Checkbox>
          ))}
          {topics.length === 0 && <p className="text-wait">{t('notices.some')}</p>}
        </fieldset>
        <Problem error={adding.error} />
        <Button
          type="submit"
          weight="first"
          className="self-start"
          isDisabled={!isFit || topics.length === 0}
          isPending={adding.isPending}
        >
          {t('notices.save')}
        </Button>
      </form>
    </section>
  );
}

/** The code that came by mail. */
function Code({ subscription }: { subscription: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [code, setCode] = useState('');
  const confirming = useMutation({
    mutationFn: () => confirm(person, subscription, code.trim()),
    onSuccess: () => queries.invalidateQueries(subscriptionsOf(person)),
  });
  return (
    <form
      className="flex w-full flex-wrap items-end gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim() && !confirming.isPending) confirming.mutate();
      }}
    >
      <TextField
        label={t('notices.code')}
        hint={t('notices.codeHint')}
        error={isRefused(confirming.error, 'code_wrong') ? t('notices.codeWrong') : undefined}
        value={code}
        onChange={setCode}
        inputMode="numeric"
        autoComplete="one-time-code"
      />
      <Button type="submit" isDisabled={!code.trim() || confirming.isPending}>
        {t('notices.confirm')}
      </Button>
      {!isRefused(confirming.error, 'code_wrong') && <Problem error={confirming.error} />}
    </form>
  );
}

/** What the server says of where it cannot send, in words of its own. */
function Problem({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  if (isRefused(error, 'mail_off')) return <Note kind="wait">{t('notices.off')}</Note>;
  if (isRefused(error, 'too_many_subscriptions')) return <Note kind="wait">{t('notices.tooMany')}</Note>;
  return <ProblemNote error={error} />;
}
