import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card } from '@/ui/card';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { keyToRegister } from './reading';

/** What somebody whom nobody attests yet gives to a registrar. */
export function Register() {
  const { t } = useTranslation();
  const person = usePerson();
  const making = useMutation({ mutationFn: () => keyToRegister(person) });
  return (
    <Card className="flex flex-col items-start gap-1.5">
      <h2>{t('provider.register.title')}</h2>
      <p>{t('provider.register.lead')}</p>
      <div>
        <p className="text-soft text-sm">{t('provider.register.wallet')}</p>
        <Address of={person.signer.address} />
      </div>
      {making.data === undefined ? (
        <Button onPress={() => making.mutate()} isDisabled={making.isPending}>
          <KeyRound aria-hidden className="size-2.5" />
          {t('provider.register.make')}
        </Button>
      ) : (
        <div role="status">
          <p className="text-soft text-sm">{t('provider.register.key')}</p>
          <Address of={making.data} />
        </div>
      )}
      {making.isPending && <Waiting for={t('provider.key.waiting')} />}
      <ProblemNote error={making.error} />
    </Card>
  );
}
