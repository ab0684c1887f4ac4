import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Person } from '@/session/state';
import { weightClass } from '@/ui/button';
import { Note } from '@/ui/note';
import { isUnreviewed, openedOf } from './opened';

/** Tells a patient, wherever they are, that an emergency waits for them. */
export function EmergencyStrip({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { data } = useQuery(openedOf(person));
  if (!data?.some(isUnreviewed)) return null;
  return (
    <div className="mx-auto w-full max-w-[1080px] px-2 pt-2 print:hidden">
      <Note
        kind="wait"
        title={t('common.emergency.title')}
        actions={
          <Link to="/safety/emergency" className={weightClass('second')}>
            {t('common.emergency.look')}
          </Link>
        }
      />
    </div>
  );
}
