import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IdCard } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Custodians } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Confirm } from '@/ui/confirm';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { forbid, split, store } from './allow';
import { AllowForm } from './allow-form';
import { policyOf } from './data';
import { Openings } from './openings';

/** Whether anybody may open the records in an emergency, who has done so, and how to end it. */
export function EmergencyPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { data, error, isPending, refetch } = useQuery(policyOf(person));
  const [isChanging, change] = useState(false);
  return (
    <>
      <PageHead
        title={t('emergency.title')}
        lead={t('emergency.lead')}
        actions={
          <Link to="/safety/card" className={weightClass('second')}>
            <IdCard aria-hidden className="size-2.5" />
            {t('emergency.card.title')}
          </Link>
        }
      />
      <Openings />
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {data && !data.isAllowed && <p className="font-bold">{t('emergency.off')}</p>}
      {data?.isAllowed && <Allowed custodians={data.custodians} onChange={() => change(true)} />}
      {data && (!data.isAllowed || !data.custodians || isChanging) && (
        <AllowForm isFirst={!data.isAllowed} onDone={() => change(false)} />
      )}
    </>
  );
}

function Allowed({ custodians, onChange }: { custodians: Custodians | undefined; onChange: () => void }) {
  const { t } = useTranslation();
  return (
    <section className="flex flex-col gap-1.5">
      <h2>{t('emergency.on')}</h2>
      {custodians ? (
        <Card className="flex flex-col gap-1">
          <p>{t('emergency.together', { threshold: custodians.threshold, of: custodians.custodians.length })}</p>
          <ul className="flex flex-col gap-0.5">
            {custodians.custodians.map((subject) => (
              <li key={subject}>
                <Who subject={subject} />
              </li>
            ))}
          </ul>
        </Card>
      ) : (
        <Note kind="wait">{t('emergency.nobody')}</Note>
      )}
      {custodians && <Uncovered />}
      <div className="flex flex-wrap gap-1">
        {custodians && <Button onPress={onChange}>{t('emergency.change')}</Button>}
        <Forbid />
      </div>
    </section>
  );
}

/** Records that came past this device, such as from the mailbox: their keys are split here. */
function Uncovered() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const found = { queryKey: ['uncovered', person.vault], queryFn: () => split(person) };
  const { data = [], error, refetch } = useQuery(found);
  const covering = useMutation({
    mutationFn: () => store(person, data),
    onSuccess: () => queries.invalidateQueries(found),
  });
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (covering.error) return <ProblemNote error={covering.error} retry={() => covering.mutate()} />;
  if (data.length === 0) return null;
  return (
    <Note
      kind="wait"
      title={t('emergency.uncovered', { count: data.length })}
      actions={
        <Button onPress={() => covering.mutate()} isDisabled={covering.isPending}>
          {t('emergency.cover')}
        </Button>
      }
    >
      {t('emergency.uncoveredHint')}
    </Note>
  );
}

function Forbid() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [isAsking, ask] = useState(false);
  const forbidding = useMutation({
    mutationFn: () => forbid(person),
    onSuccess: async () => {
      await queries.invalidateQueries(policyOf(person));
      ask(false);
    },
  });
  return (
    <>
      <Button onPress={() => ask(true)}>{t('emergency.forbid')}</Button>
      <Confirm
        title={t('emergency.forbidTitle')}
        action={t('emergency.forbid')}
        doing={forbidding}
        isOpen={isAsking}
        onClose={() => ask(false)}
      >
        <p>{t('emergency.forbidText')}</p>
      </Confirm>
    </>
  );
}
