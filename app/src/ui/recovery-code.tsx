import { Printer } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button';
import { Card, PageHead } from './card';
import { Checkbox } from './choice';

/** Shows a recovery code, once. `children` are other ways on than having kept it. */
export function RecoveryCode({
  code,
  done,
  onDone,
  children,
}: {
  code: string;
  done: ReactNode;
  onDone: () => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
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
        <Button weight="first" isDisabled={!kept} onPress={onDone}>
          {done}
        </Button>
        {children}
      </div>
    </>
  );
}
