import { isAddress } from '@solana/kit';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '@/api/client';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Checkbox, Choice } from '@/ui/choice';
import { Confirm } from '@/ui/confirm';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { ScanButton } from '@/ui/scan';
import { Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { calendarDay, chainDay, list, today } from '@/words/say';
import { readAddress } from './cards';
import { delegatesOf } from './data';
import { addDelegate, agentOf, RIGHTS, type Right, removeDelegate } from './delegates';

const PERIODS = [30, 90, 365] as const;
const CHOICES = Object.keys(RIGHTS) as Right[];

/** Who may act for the patient. */
export function DelegatesPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const delegates = useQuery(delegatesOf(person));
  const agent = useQuery(agentOf(person));
  const refresh = () => queries.invalidateQueries({ queryKey: ['safety'] });
  return (
    <>
      <PageHead title={t('safety.delegates.title')} lead={t('safety.delegates.lead')} />
      <div className="flex max-w-[640px] flex-col gap-3">
        <ProblemNote
          error={delegates.error ?? agent.error}
          retry={() => void Promise.all([delegates.refetch(), agent.refetch()])}
        />
        {delegates.isPending && <Waiting />}
        {delegates.data?.length === 0 && (
          <Empty title={t('safety.delegates.none')}>{t('safety.delegates.noneHint')}</Empty>
        )}
        {!!delegates.data?.length && (
          <ul className="flex flex-col gap-1.5">
            {delegates.data.map((delegate) => (
              <li key={delegate.delegate}>
                <One delegate={delegate} isAgent={delegate.key === agent.data?.key} onChanged={refresh} />
              </li>
            ))}
          </ul>
        )}
        {agent.data && !agent.data.in_effect && <Agent agentKey={agent.data.key} onChanged={refresh} />}
        <Adding onChanged={refresh} />
      </div>
    </>
  );
}

/** Somebody who may act, and the button that ends it. */
function One({
  delegate: { key, rights, until },
  isAgent,
  onChanged,
}: {
  delegate: Schema['Delegate'];
  isAgent: boolean;
  onChanged: () => void;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const [isAsking, ask] = useState(false);
  const name = isAgent ? t('safety.delegates.agent') : t('safety.delegates.somebody', { key: shortened(key) });
  const removing = useMutation({
    mutationFn: () => removeDelegate(person, key),
    onSuccess: () => {
      ask(false);
      onChanged();
    },
  });
  return (
    <Card className="flex flex-col gap-1">
      <h2 title={key}>{name}</h2>
      <p>
        {t('safety.delegates.may', {
          rights: list(rights.map((right) => t(`safety.delegates.says.${right}`))),
          date: calendarDay(until),
        })}
      </p>
      <Button className="self-start" onPress={() => ask(true)}>
        {t('safety.delegates.stop')}
      </Button>
      <Confirm
        title={t('safety.delegates.stopTitle', { name })}
        action={t('safety.delegates.stop')}
        doing={removing}
        isOpen={isAsking}
        onClose={() => ask(false)}
      >
        <p>{t('safety.delegates.stopHint')}</p>
      </Confirm>
    </Card>
  );
}

/** The server's own helper: it takes in what is sent to the patient and can read nothing. */
function Agent({ agentKey, onChanged }: { agentKey: string; onChanged: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const untilDay = today() + 365;
  const allowing = useMutation({
    mutationFn: () => addDelegate(person, agentKey, ['mint'], untilDay),
    onSuccess: onChanged,
  });
  return (
    <Card className="flex flex-col gap-1.5">
      <h2>{t('safety.delegates.agent')}</h2>
      <p>{t('safety.delegates.agentHint', { date: chainDay(untilDay) })}</p>
      <ProblemNote error={allowing.error} />
      {allowing.isPending && <Waiting for={t('common.signIn.waiting')} />}
      <Button className="self-start" onPress={() => allowing.mutate()} isDisabled={allowing.isPending}>
        {t('safety.delegates.allowAgent')}
      </Button>
    </Card>
  );
}

function Adding({ onChanged }: { onChanged: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const [given, give] = useState('');
  const [rights, setRights] = useState<readonly Right[]>([]);
  const [days, setDays] = useState<(typeof PERIODS)[number]>(90);
  const key = readAddress(given);
  const isOwn = key === person.signer.address;
  const untilDay = today() + days;
  const adding = useMutation({
    mutationFn: async () => {
      if (key) await addDelegate(person, key, rights, untilDay);
    },
    onSuccess: () => {
      give('');
      setRights([]);
      onChanged();
    },
  });
  const error = isOwn
    ? t('safety.delegates.own')
    : given.trim() && !(key && isAddress(key))
      ? t('safety.recover.vaultWrong')
      : undefined;
  return (
    <section className="flex flex-col gap-2">
      <h2>{t('safety.delegates.add')}</h2>
      <TextField
        label={t('safety.delegates.key')}
        hint={t('safety.delegates.keyHint')}
        error={error}
        value={given}
        onChange={give}
        isDisabled={adding.isPending}
      />
      <div className="self-start">
        <ScanButton label={t('safety.guardians.scan')} onFound={give} />
      </div>
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-bold">{t('safety.delegates.rights')}</legend>
        {CHOICES.map((right) => (
          <Checkbox
            key={right}
            isSelected={rights.includes(right)}
            onChange={(on) => setRights(on ? [...rights, right] : rights.filter((other) => other !== right))}
            hint={t(`safety.delegates.hints.${right}`)}
            isDisabled={adding.isPending}
          >
            {t(`safety.delegates.names.${right}`)}
          </Checkbox>
        ))}
      </fieldset>
      <Choice
        label={t('safety.delegates.until')}
        value={String(days)}
        onChange={(chosen) => setDays(Number(chosen) as (typeof PERIODS)[number])}
        options={PERIODS.map((id) => ({
          id: String(id),
          name: t(`patient.allow.why.days_${id}`),
          hint: chainDay(today() + id),
        }))}
      />
      {rights.includes('grant') && <Note kind="wait">{t('safety.delegates.grantWarning')}</Note>}
      <ProblemNote error={adding.error} />
      {adding.isPending && <Waiting for={t('common.signIn.waiting')} />}
      <Button
        weight="first"
        className="self-start"
        isDisabled={!key || isOwn || rights.length === 0 || adding.isPending}
        onPress={() => adding.mutate()}
      >
        {t('safety.delegates.allow')}
      </Button>
    </section>
  );
}
