import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Disclosure } from '@/ui/disclosure';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { recoveriesOf } from './data';
import { veto } from './guardians';
import { isUnanimous, standingOf } from './standing';
import { At } from './words';

/** Says that guardians are about to give the records to another wallet, and lets the owner stop it. */
export default function Alarm() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const { vault = '' } = person;
  const { data } = useQuery(recoveriesOf(person, vault));
  const stopping = useMutation({
    mutationFn: (recovery: string) => veto(person, recovery),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['safety'] }),
  });
  if (stopping.isSuccess) return <Note kind="done">{t('safety.alarm.stopped')}</Note>;
  const pending = data?.asked.find(({ recovery }) =>
    ['waiting', 'due'].includes(standingOf(recovery, data.vault, data.now)),
  );
  if (!data || !pending) return null;
  const { address, recovery } = pending;
  const canStop =
    standingOf(recovery, data.vault, data.now) === 'waiting' && !isUnanimous(recovery, data.vault.guardians);
  return (
    <Note
      kind="wait"
      title={t('safety.alarm.title')}
      actions={
        canStop && (
          <Button weight="harm" onPress={() => stopping.mutate(address)} isDisabled={stopping.isPending}>
            {t('safety.alarm.stop')}
          </Button>
        )
      }
    >
      <p>
        {t('safety.alarm.from')} <At seconds={recovery.executableAt} />
      </p>
      <p>{t(canStop ? 'safety.alarm.hint' : 'safety.alarm.late')}</p>
      <Disclosure label={t('safety.guardian.newWallet')}>{() => <Address of={recovery.newOwner} />}</Disclosure>
      <ProblemNote error={stopping.error} />
      {stopping.isPending && <Waiting for={t('common.signIn.waiting')} />}
    </Note>
  );
}
