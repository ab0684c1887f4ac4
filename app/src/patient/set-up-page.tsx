import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Printer } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Step, setUp } from '@/session/set-up';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Steps } from '@/ui/waiting';

const STEPS: Step[] = ['key', 'sign', 'vault', 'store'];

/** Explains once, then makes the vault, then shows the recovery code. */
export function SetUpPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const [step, reach] = useState<Step>('key');
  const [invitation, setInvitation] = useState('');
  const settingUp = useMutation({ mutationFn: () => setUp(person, invitation.trim(), reach) });
  if (settingUp.data !== undefined) return <RecoveryCode code={settingUp.data} />;
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
          <Button weight="first" className="self-start" onPress={() => settingUp.mutate()}>
            {t('patient.setup.begin')}
          </Button>
        )}
      </div>
    </>
  );
}

function RecoveryCode({ code }: { code: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [kept, keep] = useState(false);
  return (
    <>
      <PageHead title={t('patient.setup.code.title')} lead={t('patient.setup.code.lead')} />
      <Card className="flex flex-col items-start gap-2">
        <p className="select-all break-all font-bold text-xl tracking-wide" data-testid="recovery-code" dir="ltr">
          {code}
        </p>
        <Button onPress={() => print()}>
          <Printer aria-hidden className="size-2.5" />
          {t('patient.setup.code.print')}
        </Button>
      </Card>
      <Checkbox isSelected={kept} onChange={keep}>
        {t('patient.setup.code.confirm')}
      </Checkbox>
      <div className="flex flex-wrap items-center gap-2">
        <Button weight="first" isDisabled={!kept} onPress={() => navigate({ to: '/records' })}>
          {t('patient.setup.code.done')}
        </Button>
        <Button weight="quiet" onPress={() => navigate({ to: '/records' })}>
          {t('patient.setup.code.later')}
        </Button>
      </div>
      <Note>{t('patient.setup.code.laterHint')}</Note>
    </>
  );
}
