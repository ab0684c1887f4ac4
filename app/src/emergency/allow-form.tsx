import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Select } from '@/ui/select';
import { Steps, Waiting } from '@/ui/waiting';
import { useWho } from '@/ui/who';
import { allow, type Step } from './allow';
import { custodiansThere, policyOf } from './data';

const STEPS: Step[] = ['name', 'store', 'sign', 'split', 'final'];
const MEANS = ['split', 'open', 'review', 'trust'] as const;
/** Most custodians of a vault. */
const MOST = 10;

/** Says what it means to allow emergencies, and lets the patient choose who keeps the parts of keys. */
export function AllowForm({ isFirst, onDone }: { isFirst: boolean; onDone: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const { data: there, error, isPending, refetch } = useQuery(custodiansThere());
  const [chosen, choose] = useState<readonly string[]>([]);
  const [wanted, want] = useState<number>();
  const [step, reach] = useState<Step>('name');
  // Two thirds of them, unless the patient says otherwise.
  const threshold = Math.min(wanted ?? Math.ceil((chosen.length * 2) / 3), chosen.length);
  const allowing = useMutation({
    mutationFn: () => {
      const custodians = (there ?? []).filter(({ subject }) => chosen.includes(subject));
      return allow(person, custodians, threshold, reach);
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['uncovered'] });
      await queries.invalidateQueries(policyOf(person));
      onDone();
    },
  });
  return (
    <section className="flex max-w-[720px] flex-col gap-2">
      <h2>{t(isFirst ? 'emergency.allowTitle' : 'emergency.change')}</h2>
      <ul className="flex list-disc flex-col gap-0.5 ps-3">
        {MEANS.map((one) => (
          <li key={one}>{t(`emergency.means.${one}`)}</li>
        ))}
      </ul>
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {there?.length === 0 && <Empty title={t('emergency.keepers.none')}>{t('emergency.keepers.noneHint')}</Empty>}
      {there && there.length > 0 && (
        <>
          <fieldset className="flex flex-col gap-1" disabled={allowing.isPending}>
            <legend className="pb-1 font-bold">{t('emergency.keepers.label')}</legend>
            <p className="text-soft">{t('emergency.keepers.hint')}</p>
            {there.map(({ subject }) => {
              const isChosen = chosen.includes(subject);
              return (
                <Keeper
                  key={subject}
                  subject={subject}
                  isChosen={isChosen}
                  isDisabled={allowing.isPending || (!isChosen && chosen.length === MOST)}
                  onChange={(on) => choose(on ? [...chosen, subject] : chosen.filter((one) => one !== subject))}
                />
              );
            })}
          </fieldset>
          {chosen.length > 1 && (
            <Select
              label={t('emergency.keepers.needed')}
              value={String(threshold)}
              onChange={(count) => want(Number(count))}
              options={chosen.map((_, index) => ({
                id: String(index + 1),
                name: t('emergency.keepers.of', { threshold: index + 1, of: chosen.length }),
              }))}
            />
          )}
          {threshold === 1 && <Note kind="wait">{t('emergency.keepers.alone')}</Note>}
          <ProblemNote error={allowing.error} />
          {allowing.isPending ? (
            <Card>
              <Steps steps={STEPS.map((one) => t(`emergency.steps.${one}`))} at={STEPS.indexOf(step)} />
            </Card>
          ) : (
            <div className="flex flex-wrap items-center gap-1">
              <Button weight="first" isDisabled={threshold === 0} onPress={() => allowing.mutate()}>
                {t(isFirst ? 'emergency.allow' : 'emergency.save')}
              </Button>
              {!isFirst && <Button onPress={onDone}>{t('common.cancel')}</Button>}
              <p className="text-soft text-sm">{t('emergency.wallet')}</p>
            </div>
          )}
        </>
      )}
    </section>
  );
}

function Keeper({
  subject,
  isChosen,
  isDisabled,
  onChange,
}: {
  subject: string;
  isChosen: boolean;
  isDisabled: boolean;
  onChange: (isChosen: boolean) => void;
}) {
  const { t } = useTranslation();
  const { name, registrar } = useWho(subject);
  return (
    <Checkbox
      isSelected={isChosen}
      isDisabled={isDisabled}
      onChange={onChange}
      hint={registrar && t('common.credential.verified', { registrar })}
    >
      <bdi title={subject}>{name}</bdi>
    </Checkbox>
  );
}
