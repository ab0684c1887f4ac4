import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, QrCode } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { SwitchView } from '@/ui/switch-view';
import { Waiting } from '@/ui/waiting';
import { useWho, Who } from '@/ui/who';
import { calendarDay, list, moment } from '@/words/say';
import { type Allowed, consentsOf, type Policy, usePeople } from './data';
import { Key } from './key';
import { revoke, revokeAll } from './revoke';

/** Who can see it? */
export function PeoplePage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = usePeople();
  // Kept here: the key goes to those that ended while the dialog still says so.
  const [stopping, stop] = useState<Allowed>();
  const [view, show] = useState<'picture' | 'list'>('picture');
  const current = data?.filter(({ state }) => state !== 'ended') ?? [];
  const ended = data?.filter(({ state }) => state === 'ended') ?? [];
  const code = (
    <Link to="/people/code" className={weightClass('second')}>
      <QrCode aria-hidden className="size-2.5" />
      {t('meet.code.show')}
    </Link>
  );
  const allow = (
    <Link to="/people/allow" search={{ who: undefined }} className={weightClass('first')}>
      <KeyRound aria-hidden className="size-2.5" />
      {t('patient.people.allow')}
    </Link>
  );
  return (
    <>
      <PageHead
        title={t('patient.people.title')}
        lead={current.length > 0 ? t('patient.people.lead') : undefined}
        actions={
          <>
            {code}
            {current.length > 0 && allow}
          </>
        }
      />
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {data && current.length === 0 && (
        <Empty title={t('patient.people.only')} action={allow}>
          {t('patient.people.onlyHint')}
        </Empty>
      )}
      {current.length > 0 && (
        <section className="flex flex-col gap-1.5">
          <div className="flex flex-wrap items-center justify-between gap-1">
            <h2>{t('patient.people.keychain')}</h2>
            <SwitchView
              label={t('meet.keys.view')}
              value={view}
              onChange={show}
              options={(['picture', 'list'] as const).map((id) => ({ id, name: t(`meet.keys.${id}`) }))}
            />
          </div>
          {view === 'picture' ? (
            <Keychain keys={current} onStop={stop} />
          ) : (
            <ul className="flex flex-col gap-1.5">
              {current.map((one) => (
                <li key={one.consent}>
                  <Permission {...one} onStop={() => stop(one)} />
                </li>
              ))}
            </ul>
          )}
          {current.length > 1 && <StopAll />}
        </section>
      )}
      {stopping && <StopDialog {...stopping} onClose={() => stop(undefined)} />}
      {ended.length > 0 && (
        <details>
          <summary className="min-h-[44px] cursor-pointer py-1 font-bold">
            {t('patient.people.ended')} ({ended.length})
          </summary>
          <ul className="flex flex-col gap-1.5">
            {ended.map((one) => (
              <li key={one.consent}>
                <Permission {...one} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** What a policy opens, in words. */
export function useOpens(): (policy: Policy) => string {
  const { t } = useTranslation();
  const kind = useKinds();
  return ({ base, permit, deny, sensitivity }) => {
    const all = base === 'all-normal' || base === 'basic-normal';
    const parts = all
      ? [t(sensitivity.length > 0 ? 'patient.people.everythingApart' : 'patient.people.everything')]
      : permit.flatMap(({ categories = [] }) => categories.map((category) => kind(category)));
    const left = deny.reduce((count, { records = [] }) => count + records.length, 0);
    const opens = parts.length > 0 ? list(parts) : t('patient.people.nothing');
    return left > 0 ? `${opens}, ${t('patient.people.except', { count: left })}` : opens;
  };
}

function Permission({ onStop, ...one }: Allowed & { onStop?: () => void }) {
  const { t } = useTranslation();
  return (
    <Card className={`grid gap-2 sm:grid-cols-[104px_1fr_auto] ${one.state === 'ended' ? 'opacity-80' : ''}`}>
      <Key {...one} />
      <Facts {...one} />
      {onStop && (
        <Button className="self-start" onPress={onStop}>
          {t('patient.people.stop')}
        </Button>
      )}
    </Card>
  );
}

/** The same keys as they hang on a ring: each says on its tag what the list says. */
function Keychain({ keys, onStop }: { keys: readonly Allowed[]; onStop: (one: Allowed) => void }) {
  const { t } = useTranslation();
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,300px),1fr))] gap-y-3">
      {keys.map((one) => (
        <li key={one.consent} className="flex flex-col items-center border-edge border-t-4 px-1">
          <div className="-mt-2">
            <Key {...one} hangs />
          </div>
          <Card className="flex w-full flex-1 flex-col justify-between gap-1.5">
            <Facts {...one} />
            <Button className="self-start" onPress={() => onStop(one)}>
              {t('patient.people.stop')}
            </Button>
          </Card>
        </li>
      ))}
    </ul>
  );
}

/** Who, what, for what, until when, and whether it was used. */
function Facts({ grantee, policy, purposes, until, state, from, lastUsed }: Allowed) {
  const { t } = useTranslation();
  const opens = useOpens();
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <h3>
        <Who subject={grantee} />
      </h3>
      <p>
        <span className="text-soft">{t('patient.people.opens')}: </span>
        {opens(policy)}
      </p>
      <p className="text-soft">
        {t('patient.people.for')} {list(purposes.map((purpose) => t(`patient.purposes.${purpose}`)))}
        {' · '}
        {t('patient.people.until', { date: calendarDay(until) })}
      </p>
      <p className="text-sm">
        <span className={state === 'effect' ? 'text-well' : state === 'ended' ? 'text-soft' : 'text-wait'}>
          {t(`patient.people.state.${state}`, { date: calendarDay(from) })}
        </span>
        {' · '}
        <span className="text-soft">
          {lastUsed ? t('patient.people.last', { when: moment(new Date(lastUsed * 1000)) }) : t('patient.people.never')}
        </span>
      </p>
    </div>
  );
}

function StopDialog({ consent, grantee, opened, onClose }: Allowed & { onClose: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const { name } = useWho(grantee);
  const stopping = useMutation({
    mutationFn: () => revoke(person, consent),
    onSuccess: () => queries.invalidateQueries(consentsOf(person)),
  });
  const seen =
    opened.size > 0 ? t('patient.people.stopSeen', { count: opened.size }) : t('patient.people.stopSeenNone');
  return (
    <Confirm
      title={t('patient.people.stopTitle', { name })}
      action={t('patient.people.stop')}
      doing={stopping}
      done={<Note kind="done">{t('patient.people.stopped')}</Note>}
      isOpen
      onClose={onClose}
    >
      <p>{t('patient.people.stopText', { seen })}</p>
    </Confirm>
  );
}

function StopAll() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [asking, ask] = useState(false);
  const stopping = useMutation({
    mutationFn: () => revokeAll(person),
    onSuccess: async () => {
      await queries.invalidateQueries(consentsOf(person));
      ask(false);
    },
  });
  return (
    <>
      <Button weight="quiet" className="self-start text-harm" onPress={() => ask(true)}>
        {t('patient.people.stopAll')}
      </Button>
      <Confirm
        title={t('patient.people.stopAll')}
        action={t('patient.people.stopAll')}
        doing={stopping}
        isOpen={asking}
        onClose={() => ask(false)}
      >
        <p>{t('patient.people.stopAllText')}</p>
      </Confirm>
    </>
  );
}
