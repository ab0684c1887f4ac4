import { isAddress } from '@solana/kit';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Purpose } from '@/api/client';
import { CATEGORIES, type Category } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox, Choice } from '@/ui/choice';
import { DayField } from '@/ui/day-field';
import { TextField } from '@/ui/field';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { addressIn, ScanButton } from '@/ui/scan';
import { Steps, Waiting } from '@/ui/waiting';
import { useWho, Who } from '@/ui/who';
import { calendarDay, chainDay, today } from '@/words/say';
import { useRecords } from '../records/data';
import { RecordTitle } from '../records/title';
import { Check, policyOf, type Wanted } from './check';
import { consentsOf } from './data';
import { People } from './directory';
import { grant, PURPOSES, preview, STEPS, type Step } from './grant';

const OFFERED: Purpose[] = ['TREAT', 'FAMRQT', 'HPAYMT'];
const DURATIONS = [7, 30, 90, 365] as const;
const route = getRouteApi('/inside/patient/people/allow');

type Page = 'who' | 'what' | 'why' | 'check';
const PAGES: Page[] = ['who', 'what', 'why', 'check'];

/** Allows somebody, in four steps. */
export function AllowPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const { who = '' } = route.useSearch();
  const [page, go] = useState<Page>('who');
  const [grantee, setGrantee] = useState(who);
  const [scope, setScope] = useState<'all' | 'some'>('all');
  const [kinds, setKinds] = useState<readonly Category[]>([]);
  const [from, setFrom] = useState('');
  const [left, leave] = useState<readonly string[]>([]);
  const [apart, setApart] = useState(false);
  const [purpose, setPurpose] = useState<Purpose>('TREAT');
  const [days, setDays] = useState<(typeof DURATIONS)[number]>(30);
  const [understood, understand] = useState(false);
  const [step, reach] = useState<Step>('store');

  const isKey = isAddress(grantee.trim());
  const { credential, name } = useWho(isKey ? grantee.trim() : '');
  const found = isKey ? (credential.data ?? undefined) : undefined;
  const fromDay = today();
  const untilDay = fromDay + days;
  const records = useRecords();
  const sensitivities = [...new Set(records.data?.flatMap(({ labels }) => labels.sensitivity ?? []))].sort();
  const policy = policyOf({ scope, kinds, from, left, apart, sensitivities });
  const purposes = PURPOSES[purpose];

  const shown = useQuery({
    queryKey: ['preview', person.vault, purposes, policy],
    queryFn: () => preview(person, purposes, policy),
    enabled: page === 'check',
    retry: false,
  });
  const allowing = useMutation({
    mutationFn: async () => {
      if (!found || !shown.data) throw new Error(t('patient.allow.who.notFound'));
      const choice = {
        grantee: grantee.trim(),
        credential: found.credential,
        purposes,
        fromDay,
        untilDay,
        policy,
      };
      return grant(person, choice, shown.data, reach);
    },
    onSuccess: () => queries.invalidateQueries(consentsOf(person)),
  });

  if (allowing.isSuccess) {
    return (
      <>
        <PageHead title={t('patient.allow.done', { name, count: shown.data?.records.length ?? 0 })} />
        <Link to="/people" className={`${weightClass('first')} self-start`}>
          {t('common.nav.people')}
        </Link>
      </>
    );
  }
  const isBroad = scope === 'all' && apart;
  const ready = {
    who: found?.in_effect === true,
    what: scope === 'all' || kinds.length > 0,
    why: true,
    check: shown.data !== undefined && (!isBroad || understood),
  }[page];
  const at = PAGES.indexOf(page);
  const [previous, next] = [PAGES[at - 1], PAGES[at + 1]];
  return (
    <>
      <PageHead title={t(`patient.allow.${page}.title`)} lead={t('patient.allow.step', { step: at + 1 })} />
      <div className="flex max-w-[640px] flex-col gap-3">
        {page === 'who' && (
          <Whom
            grantee={grantee}
            onChange={setGrantee}
            found={isKey ? credential.data : undefined}
            isLooking={isKey && credential.isLoading}
            problem={isKey && <ProblemNote error={credential.error} retry={() => void credential.refetch()} />}
          />
        )}
        {page === 'what' && (
          <What {...{ scope, setScope, kinds, setKinds, from, setFrom, left, leave, apart, setApart }} />
        )}
        {page === 'why' && (
          <>
            <Choice
              label={t('patient.allow.why.purpose')}
              value={purpose}
              onChange={(chosen) => setPurpose(chosen as Purpose)}
              options={OFFERED.map((id) => ({ id, name: t(`patient.purposes.${id}`) }))}
            />
            <Choice
              label={t('patient.allow.why.duration')}
              value={String(days)}
              onChange={(chosen) => setDays(Number(chosen) as (typeof DURATIONS)[number])}
              options={DURATIONS.map((id) => ({
                id: String(id),
                name: t(`patient.allow.why.days_${id}`),
                hint: chainDay(fromDay + id),
              }))}
            />
          </>
        )}
        {page === 'check' && (
          <Check
            sentence={t('patient.allow.check.sentence', {
              name,
              count: shown.data?.records.length ?? 0,
              date: chainDay(untilDay),
              purpose: t(`patient.purposes.${purpose}`),
            })}
            withheld={shown.data?.withheld ?? 0}
            records={shown.data?.records}
            isLoading={shown.isLoading}
          >
            {isBroad && !understood && <Quiz onRight={() => understand(true)} />}
          </Check>
        )}
        <ProblemNote error={records.error} retry={() => void records.refetch()} />
        <ProblemNote error={shown.error} retry={() => void shown.refetch()} />
        <ProblemNote error={allowing.error} />
        {allowing.isPending ? (
          <Card>
            <Steps steps={STEPS.map((one) => t(`patient.allow.steps.${one}`))} at={STEPS.indexOf(step)} />
          </Card>
        ) : (
          <div className="flex flex-wrap gap-1">
            {previous ? (
              <Button onPress={() => go(previous)}>{t('common.back')}</Button>
            ) : (
              <Link to="/people" className={weightClass('second')}>
                {t('common.cancel')}
              </Link>
            )}
            <Button weight="first" isDisabled={!ready} onPress={() => (next ? go(next) : allowing.mutate())}>
              {next ? t('common.next') : t('patient.allow.check.sign')}
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function Whom({
  grantee,
  onChange,
  found,
  isLooking,
  problem,
}: {
  grantee: string;
  onChange: (grantee: string) => void;
  /** Null where nobody attests anybody under this address; undefined where that is not known. */
  found: { subject: string; in_effect: boolean } | null | undefined;
  isLooking: boolean;
  problem: ReactNode;
}) {
  const { t } = useTranslation();
  const { practice } = usePerson().chain.deployment;
  return (
    <>
      {practice && (
        <Button className="self-start" onPress={() => onChange(practice)}>
          {t('patient.allow.who.demo')}
        </Button>
      )}
      <TextField
        label={t('patient.allow.who.search')}
        hint={t('patient.allow.who.hint')}
        value={grantee}
        onChange={onChange}
      />
      <div>
        <ScanButton label={t('meet.search.scan')} onFound={(text) => onChange(addressIn(text) ?? text)} />
      </div>
      {isLooking && <Waiting />}
      {!isAddress(grantee.trim()) && <People words={grantee.trim()} onChoose={onChange} />}
      {found && (
        <Note kind={found.in_effect ? 'done' : 'wait'} title={t('patient.allow.who.found')}>
          <Who subject={found.subject} />
        </Note>
      )}
      {problem}
      {found === null && (
        <Note kind="wait" title={t('patient.allow.who.notFound')}>
          {t('patient.allow.who.unverifiedHint')}
        </Note>
      )}
    </>
  );
}

function What({
  scope,
  setScope,
  kinds,
  setKinds,
  from,
  setFrom,
  left,
  leave,
  apart,
  setApart,
}: Omit<Wanted, 'sensitivities'> & {
  setScope: (scope: Wanted['scope']) => void;
  setKinds: (kinds: readonly Category[]) => void;
  setFrom: (day: string) => void;
  leave: (records: readonly string[]) => void;
  setApart: (apart: boolean) => void;
}) {
  const { t } = useTranslation();
  const kind = useKinds();
  const { data: records } = useRecords();
  const present = new Set(records?.flatMap(({ labels }) => labels.categories));
  const toggle = <T,>(list: readonly T[], one: T, on: boolean) =>
    on ? [...list, one] : list.filter((other) => other !== one);
  return (
    <>
      <Choice
        label={t('patient.allow.what.title')}
        value={scope}
        onChange={(chosen) => setScope(chosen as Wanted['scope'])}
        options={(['all', 'some'] as const).map((id) => ({ id, name: t(`patient.allow.what.${id}`) }))}
      />
      {scope === 'some' && (
        <fieldset className="grid gap-1 sm:grid-cols-2">
          <legend className="mb-1 font-bold">{t('patient.records.kinds')}</legend>
          {CATEGORIES.filter((category) => present.has(category)).map((category) => (
            <Checkbox
              key={category}
              isSelected={kinds.includes(category)}
              onChange={(on) => setKinds(toggle(kinds, category, on))}
            >
              {kind(category)}
            </Checkbox>
          ))}
        </fieldset>
      )}
      <DayField label={t('patient.allow.what.from')} value={from} onChange={setFrom} />
      <Checkbox isSelected={apart} onChange={setApart} hint={t('patient.allow.what.apartHint')}>
        {t('patient.allow.what.apart')}
      </Checkbox>
      {records && records.length > 0 && (
        <details>
          <summary className="min-h-[44px] cursor-pointer py-1 font-bold">{t('patient.allow.what.except')}</summary>
          <div className="flex flex-col gap-1">
            {records.map(({ held, labels }) => (
              <Checkbox
                key={held.record}
                isSelected={left.includes(held.record)}
                onChange={(on) => leave(toggle(left, held.record, on))}
                hint={labels.from ? calendarDay(labels.from) : undefined}
              >
                <RecordTitle held={held} />
              </Checkbox>
            ))}
          </div>
        </details>
      )}
    </>
  );
}

/** Asked before everything is opened. */
function Quiz({ onRight }: { onRight: () => void }) {
  const { t } = useTranslation();
  const [answer, choose] = useState<'keep' | 'gone'>();
  return (
    <Note kind="wait" title={t('patient.allow.quiz.title')}>
      <Choice
        label={t('patient.allow.quiz.broad')}
        value={answer ?? null}
        onChange={(chosen) => {
          choose(chosen as 'keep' | 'gone');
          if (chosen === 'keep') onRight();
        }}
        options={(['gone', 'keep'] as const).map((id) => ({ id, name: t(`patient.allow.quiz.${id}`) }))}
      />
      {answer === 'gone' && <p role="alert">{t('patient.allow.quiz.wrong')}</p>}
    </Note>
  );
}
