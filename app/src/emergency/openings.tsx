import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Schema } from '@/api/client';
import { labelsOf } from '@/api/labels';
import type { Emergency } from '@/core/pkg/aegle_web';
import { recordsOf } from '@/patient/records/data';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card } from '@/ui/card';
import { Disclosure } from '@/ui/disclosure';
import { useKinds } from '@/ui/kinds';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { calendarDay, exactly, moment } from '@/words/say';
import { review } from './allow';
import { statementsOf } from './data';
import { isUnreviewed, openedOf } from './opened';

/** What was opened in emergencies: who, why, what, until when; those that wait for the patient first. */
export function Openings() {
  const { t } = useTranslation();
  const person = usePerson();
  const opened = useQuery(openedOf(person));
  const statements = useQuery({
    ...statementsOf(person, opened.data ?? []),
    enabled: opened.data !== undefined,
  });
  const openings = [...(opened.data ?? [])].sort(
    (one, other) => Number(isUnreviewed(other)) - Number(isUnreviewed(one)),
  );
  return (
    <section className="flex flex-col gap-1.5">
      <h2>{t('emergency.openings.title')}</h2>
      <ProblemNote
        error={opened.error ?? statements.error}
        retry={() => void Promise.all([opened.refetch(), statements.refetch()])}
      />
      {(opened.isPending || statements.isLoading) && <Waiting />}
      {opened.data?.length === 0 && <p className="text-soft">{t('emergency.openings.none')}</p>}
      <ul className="flex flex-col gap-1.5">
        {statements.data &&
          openings.map((opening) => (
            <li key={opening.break_glass}>
              <Opening opening={opening} said={statements.data.get(opening.break_glass)} />
            </li>
          ))}
      </ul>
    </section>
  );
}

function Opening({ opening, said }: { opening: Schema['BreakGlass']; said: Emergency | undefined }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const reviewing = useMutation({
    mutationFn: () => review(person, opening.break_glass),
    onSuccess: () => queries.invalidateQueries(openedOf(person)),
  });
  const waits = isUnreviewed(opening);
  const { opened, expires_at: expires, in_effect: isOpen } = opening;
  return (
    <Card className={`flex flex-col gap-1 ${waits ? 'border-wait' : ''}`}>
      <p className={waits ? 'font-bold text-wait' : 'text-soft'}>
        {t(waits ? 'emergency.openings.waits' : 'emergency.openings.reviewed')}
      </p>
      {said ? (
        <>
          <p>
            <Who subject={said.clinician} /> {t('emergency.openings.says')}
          </p>
          <blockquote className="border-line border-s-4 ps-1.5">
            <bdi>{said.reason}</bdi>
          </blockquote>
          <Disclosure label={t('emergency.openings.records', { count: said.records.length })}>
            {() => <Records of={said.records} />}
          </Disclosure>
        </>
      ) : (
        <p>{t('emergency.openings.unexplained')}</p>
      )}
      <p className="text-soft text-sm">
        {opened.at && <span title={exactly(opened.at)}>{t('emergency.openings.at', { when: moment(opened.at) })}</span>}{' '}
        <span title={exactly(expires)}>
          {t(isOpen ? 'emergency.openings.until' : 'emergency.openings.over', { when: moment(expires) })}
        </span>
      </p>
      <Disclosure label={t('common.details')}>{() => <Address of={opening.break_glass} />}</Disclosure>
      <ProblemNote error={reviewing.error} />
      {reviewing.isPending && <Waiting for={t('common.signIn.waiting')} />}
      {waits && (
        <div className="flex flex-wrap items-center gap-1">
          <Button weight="first" onPress={() => reviewing.mutate()} isDisabled={reviewing.isPending}>
            {t('emergency.openings.review')}
          </Button>
          <p className="text-soft text-sm">{t('emergency.openings.reviewHint')}</p>
        </div>
      )}
    </Card>
  );
}

function Records({ of }: { of: readonly string[] }) {
  const { t } = useTranslation();
  const kind = useKinds();
  const { data, isPending } = useQuery(recordsOf(usePerson()));
  if (isPending) return <Waiting />;
  return (
    <ul className="flex list-disc flex-col gap-0.5 ps-3">
      {of.map((record) => {
        const held = data?.find((one) => one.record === record);
        const labels = held && labelsOf(held);
        return (
          <li key={record} title={record}>
            {labels ? kind(...labels.categories) : t('emergency.openings.gone')}
            {labels?.from && <span className="text-soft"> · {calendarDay(labels.from)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
