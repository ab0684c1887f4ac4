import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Step, setUp } from '@/session/set-up';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { RecoveryCode } from '@/ui/recovery-code';
import { Steps } from '@/ui/waiting';

const STEPS: Step[] = ['key', 'sign', 'vault', 'store'];

/** Explains once, then makes the vault, then shows the recovery code. */
export function SetUpPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const [step, reach] = useState<Step>('key');
  const [invitation, setInvitation] = useState('');
  const settingUp = useMutation({ mutationFn: () => setUp(person, invitation.trim(), reach) });
  if (settingUp.data !== undefined) return <FirstCode code={settingUp.data} />;
  return (
    <>
      <PageHead title={t('patient.setup.title')} lead={t('patient.setup.lead')} />
      <div className="flex max-w-[64ch] flex-col gap-2">
        <p>{t('patient.setup.how')}</p>
        <p>{t('patient.setup.labels')}</p>
        {person.chain.deployment.invitations && (
          <TextField
            label={t('patient.setup.invitation')}
            hint={t('patient.setup.invitationHint')}
            value={invitation}
            onChange={setInvitation}
            isDisabled={settingUp.isPending}
          />
        )}
        <ProblemNote error={settingUp.error} />
        {settingUp.isPending ? (
          <Card>
            <Steps steps={STEPS.map((name) => t(`patient.setup.steps.${name}`))} at={STEPS.indexOf(step)} />
          </Card>
        ) : (
          <>
            <Button weight="first" className="self-start" onPress={() => settingUp.mutate()}>
              {t('patient.setup.begin')}
            </Button>
            <Link to="/recover" className={`${weightClass('quiet')} self-start`}>
              {t('patient.setup.lost')}
            </Link>
            <Link to="/guardian" className={`${weightClass('quiet')} self-start`}>
              {t('patient.setup.guardian')}
            </Link>
          </>
        )}
      </div>
    </>
  );
}

function FirstCode({ code }: { code: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const goOn = () => void navigate({ to: '/records' });
  return (
    <>
      <RecoveryCode code={code} done={t('patient.setup.code.done')} onDone={goOn}>
        <Button weight="quiet" onPress={goOn}>
          {t('patient.setup.code.later')}
        </Button>
      </RecoveryCode>
      <Note>{t('patient.setup.code.laterHint')}</Note>
    </>
  );
}
