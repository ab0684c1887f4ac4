import { Link } from '@tanstack/react-router';
import { Eye, FileText, KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/session/state';
import { weightClass } from '@/ui/button';
import { Card } from '@/ui/card';

const answers = [
  { name: 'what', Icon: FileText },
  { name: 'who', Icon: KeyRound },
  { name: 'looked', Icon: Eye },
] as const;

/** The first page: what Aegle is, and the way in. */
export function Welcome() {
  const { t } = useTranslation();
  const { person } = useSession();
  return (
    <>
      <div className="flex max-w-[60ch] flex-col items-start gap-2 py-4">
        <h1 tabIndex={-1} className="text-4xl outline-none">
          {t('patient.welcome.title')}
        </h1>
        <p className="text-lg text-soft">{t('patient.welcome.lead')}</p>
        <Link to={person ? '/records' : '/sign-in'} className={weightClass('first')}>
          {person ? t('common.nav.records') : t('patient.welcome.begin')}
        </Link>
      </div>
      <ul className="grid gap-2 sm:grid-cols-3">
        {answers.map(({ name, Icon }) => (
          <li key={name}>
            <Card className="flex h-full flex-col gap-1">
              <Icon aria-hidden className="size-4 text-act" />
              <h2>{t(`patient.welcome.${name}.title`)}</h2>
              <p className="text-soft">{t(`patient.welcome.${name}.text`)}</p>
            </Card>
          </li>
        ))}
      </ul>
    </>
  );
}
