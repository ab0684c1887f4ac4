import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { core } from '@/core';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { PageHead } from '@/ui/card';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { RecoveryCode } from '@/ui/recovery-code';
import { Waiting } from '@/ui/waiting';
import { keyringsOf } from './data';

/** Makes a new recovery code in the place of the one before. */
export function CodePage() {
  const { t } = useTranslation();
  const { vault = '' } = usePerson();
  const navigate = useNavigate();
  const making = useMutation({
    mutationFn: async () => {
      const { code, body } = await core().withCode(await keyringsOf(vault));
      await ok(api.POST('/v1/keyrings', { body }));
      return code;
    },
  });
  if (making.data !== undefined) {
    return (
      <>
        <RecoveryCode code={making.data} done={t('common.done')} onDone={() => void navigate({ to: '/settings' })} />
        <Note kind="wait">{t('safety.code.old')}</Note>
      </>
    );
  }
  return (
    <>
      <PageHead title={t('safety.code.title')} lead={t('safety.code.lead')} />
      <div className="flex max-w-[64ch] flex-col gap-2">
        <p>{t('safety.code.opens')}</p>
        <p>{t('safety.code.replaces')}</p>
        <ProblemNote error={making.error} />
        {making.isPending ? (
          <Waiting />
        ) : (
          <Button weight="first" className="self-start" onPress={() => making.mutate()}>
            {t('safety.code.make')}
          </Button>
        )}
      </div>
    </>
  );
}
