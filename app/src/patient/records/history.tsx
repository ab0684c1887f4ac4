import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { HeldRecord } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Card } from '@/ui/card';
import { Note } from '@/ui/note';
import { Who } from '@/ui/who';
import { exactly, moment } from '@/words/say';
import { detailsOf } from './data';

const link = 'inline-flex min-h-[44px] items-center';

/** What became of a record that is looked at, where it is not the one that counts. */
export function Standing({ held: { status }, newest }: { held: HeldRecord; newest: string | undefined }) {
  const { t } = useTranslation();
  if (status === 'entered_in_error') return <Note kind="harm" title={t('records.one.wrong')} />;
  if (status !== 'amended') return null;
  return (
    <Note kind="wait" title={t('records.one.replaced')}>
      {newest && (
        <Link to="/records/$record" params={{ record: newest }} className={link}>
          {t('records.one.newest')}
        </Link>
      )}
    </Note>
  );
}

/** Every version of a record, the newest first, with when it came and from whom. */
export function Versions({ versions, record }: { versions: readonly HeldRecord[]; record: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const details = useQueries({ queries: versions.map((held) => detailsOf(person, held)) });
  if (versions.length < 2) return null;
  return (
    <Card className="flex flex-col gap-1">
      <h2>{t('records.versions.title')}</h2>
      <ol className="flex flex-col">
        {versions.map((held, index) => {
          const name = t('records.versions.number', { version: held.version });
          const issuer = details[index]?.data?.issue?.issuer;
          return (
            <li key={held.record} className="flex min-h-[44px] flex-wrap items-center gap-x-1.5">
              {held.record === record ? (
                <span className="font-bold">{name}</span>
              ) : (
                <Link to="/records/$record" params={{ record: held.record }} className={link}>
                  {name}
                </Link>
              )}
              <span className="text-soft" title={exactly(held.minted_at)}>
                {t('records.versions.added', { when: moment(held.minted_at) })}
              </span>
              {issuer ? <Who subject={issuer} /> : <span className="text-soft">{t('records.versions.you')}</span>}
              {held.status === 'entered_in_error' && (
                <span className="text-harm text-sm">{t('patient.records.wrong')}</span>
              )}
              {held.record === record && <span className="text-soft text-sm">{t('records.versions.here')}</span>}
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
