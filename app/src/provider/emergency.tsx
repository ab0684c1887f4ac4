import { isAddress } from '@solana/kit';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isRefused } from '@/core';
import type { Emergency } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Choice } from '@/ui/choice';
import { DayField } from '@/ui/day-field';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Select } from '@/ui/select';
import { Steps, Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { duration, exactly, moment } from '@/words/say';
import {
  emergencyCredentialOf,
  isOver,
  MOST,
  openEmergency,
  ownOpenings,
  patientOf,
  type Step,
} from './emergency-data';
import { usePurpose } from './layout';
import { PatientField } from './patient-field';

const HOUR = 3_600;
const HOURS = ['1', '4', '12', '24'] as const;
const STEPS: Step[] = ['sign', 'open'];
const MEANS = ['named', 'told', 'next'] as const;
/** Letters of the shortest reason that says something, and bytes of the longest. */
const [SHORT, LONG] = [10, 1_000];

/** Where a clinician opens records of somebody who cannot be asked. */
export function EmergencyPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const credential = useQuery(emergencyCredentialOf(person));
  const own = useQuery(ownOpenings(person));
  const unreviewed = own.data?.find(({ reviewed }) => !reviewed);
  return (
    <>
      <PageHead title={t('emergency.care.title')} lead={t('emergency.care.lead')} />
      <ProblemNote
        error={credential.error ?? own.error}
        retry={() => void Promise.all([credential.refetch(), own.refetch()])}
      />
      {(credential.isPending || own.isPending) && <Waiting />}
      {credential.data === null && (
        <Note kind="wait" title={t('emergency.care.notForYou')}>
          {t('emergency.care.notForYouHint')}
        </Note>
      )}
      {unreviewed && (
        <Note kind="wait" title={t('emergency.care.waits', { address: shortened(unreviewed.vault) })}>
          {t('emergency.care.waitsHint')}
        </Note>
      )}
      {own.data && own.data.length > 0 && <Own openings={own.data} />}
      {credential.data && own.data && !unreviewed && <OpenForm credential={credential.data.credential} />}
    </>
  );
}

function Own({ openings }: { openings: readonly Emergency[] }) {
  const { t } = useTranslation();
  const purpose = usePurpose();
  return (
    <section className="flex flex-col gap-1.5">
      <h2>{t('emergency.care.own')}</h2>
      <ul className="flex flex-col gap-1">
        {openings.map((opening) => {
          const ends = new Date(opening.expiresAt * 1000);
          return (
            <li key={opening.breakGlass}>
              <Card className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                <span className="font-bold" title={opening.vault}>
                  {t('provider.patients.one', { address: shortened(opening.vault) })}
                </span>
                <bdi className="min-w-0 text-soft">{opening.reason}</bdi>
                <span className="text-soft text-sm" title={exactly(ends)}>
                  {t(isOver(opening) ? 'emergency.openings.over' : 'emergency.openings.until', { when: moment(ends) })}
                </span>
                <span className={`text-sm ${opening.reviewed ? 'text-well' : 'text-wait'}`}>
                  {t(opening.reviewed ? 'emergency.care.reviewed' : 'emergency.care.unreviewed')}
                </span>
                {!isOver(opening) && (
                  <Link
                    to="/care/emergency/$opening"
                    params={{ opening: opening.breakGlass }}
                    search={{ purpose }}
                    className={`${weightClass('second')} ms-auto`}
                  >
                    {t('emergency.care.read')}
                  </Link>
                )}
              </Card>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function OpenForm({ credential }: { credential: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const purpose = usePurpose();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address, setAddress] = useState('');
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState<(typeof HOURS)[number]>('4');
  const [scope, setScope] = useState<'all' | 'since'>('all');
  const [since, setSince] = useState('');
  const [step, reach] = useState<Step>('sign');
  const vault = address.trim();
  const isKey = isAddress(vault);
  const patient = useQuery({ ...patientOf(vault), enabled: isKey });
  const there = patient.data?.records ?? [];
  const wanted = there
    .filter(({ minted }) => scope === 'all' || (since !== '' && (minted.at ?? '') >= since))
    .slice(0, MOST)
    .map(({ record }) => record);
  const said = reason.trim();
  const isLong = new TextEncoder().encode(said).length > LONG;
  const opening = useMutation({
    mutationFn: () => {
      const seconds = Number(hours) * HOUR;
      return openEmergency(person, { vault, records: wanted, reason: said, credential, seconds }, reach);
    },
    onSuccess: async (breakGlass) => {
      await queries.invalidateQueries(ownOpenings(person));
      await navigate({ to: '/care/emergency/$opening', params: { opening: breakGlass }, search: { purpose } });
    },
  });
  const isReady = patient.data?.isAllowed && wanted.length > 0 && said.length >= SHORT && !isLong;
  const isBusy = opening.isPending;
  const unknown = isRefused(patient.error, 'not_found');
  return (
    <section className="flex max-w-[720px] flex-col gap-2">
      <h2>{t('emergency.care.open')}</h2>
      <ul className="flex list-disc flex-col gap-0.5 ps-3">
        {MEANS.map((one) => (
          <li key={one}>{t(`emergency.care.means.${one}`)}</li>
        ))}
      </ul>
      <PatientField
        value={address}
        onChange={setAddress}
        error={unknown ? t('emergency.care.nobody') : undefined}
        isDisabled={isBusy}
      />
      {isKey && patient.isLoading && <Waiting />}
      {!unknown && <ProblemNote error={patient.error} retry={() => void patient.refetch()} />}
      {patient.data && !patient.data.isAllowed && (
        <Note kind="wait" title={t('emergency.care.forbidden')}>
          {t('emergency.care.forbiddenHint')}
        </Note>
      )}
      {patient.data?.isAllowed && there.length === 0 && <Note>{t('emergency.care.empty')}</Note>}
      {patient.data?.isAllowed && there.length > 0 && (
        <>
          <Choice
            label={t('emergency.care.which')}
            value={scope}
            onChange={(chosen) => setScope(chosen === 'since' ? 'since' : 'all')}
            isDisabled={isBusy}
            options={[
              {
                id: 'all',
                name: t('emergency.care.all', { number: Math.min(there.length, MOST) }),
                hint: there.length > MOST ? t('emergency.care.most', { number: MOST }) : undefined,
              },
              { id: 'since', name: t('emergency.care.since'), hint: t('emergency.care.sinceHint') },
            ]}
          />
          {scope === 'since' && (
            <>
              <DayField label={t('emergency.care.sinceDay')} value={since} onChange={setSince} />
              {since && <p role="status">{t('emergency.care.found', { number: wanted.length })}</p>}
            </>
          )}
          <TextField
            label={t('emergency.care.reason')}
            hint={t('emergency.care.reasonHint')}
            error={isLong ? t('emergency.care.reasonLong') : undefined}
            lines={3}
            value={reason}
            // What is signed is one line.
            onChange={(text) => setReason(text.replace(/\s/g, ' '))}
            isDisabled={isBusy}
          />
          <Select
            label={t('emergency.care.length')}
            value={hours}
            onChange={setHours}
            options={HOURS.map((id) => ({ id, name: duration(Number(id) * HOUR) }))}
          />
          {isRefused(opening.error, 'not_permitted') ? (
            <Note kind="harm" title={t('common.error.title')}>
              {t('emergency.care.refused')}
            </Note>
          ) : (
            <ProblemNote error={opening.error} />
          )}
          {isBusy ? (
            <Card>
              <Steps steps={STEPS.map((one) => t(`emergency.care.steps.${one}`))} at={STEPS.indexOf(step)} />
            </Card>
          ) : (
            <Button weight="first" className="self-start" isDisabled={!isReady} onPress={() => opening.mutate()}>
              {t('emergency.care.sign')}
            </Button>
          )}
        </>
      )}
    </section>
  );
}
