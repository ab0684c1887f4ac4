import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Qr } from '@/ui/qr';
import { requestsOf } from '../inbox/data';
import { Asked } from './asked';

/** How often a request is looked for, and for how long: each look is a line of the patient's log. */
const LOOK = 3_000;
const LONG = 120_000;

/** A code that whoever stands in front of the patient scans, to ask; and what they ask. */
export function CodePage() {
  const { t } = useTranslation();
  const person = usePerson();
  const { vault = '' } = person;
  const [since, look] = useState(() => Date.now());
  const [isLooking, setLooking] = useState(true);
  useEffect(() => {
    setLooking(true);
    const timer = setTimeout(() => setLooking(false), since + LONG - Date.now());
    return () => clearTimeout(timer);
  }, [since]);
  const [done, finish] = useState<string>();
  const requests = useQuery({ ...requestsOf(person), refetchInterval: isLooking ? LOOK : false });
  const asked = requests.data ?? [];
  const link = `${location.origin}/care/access?patient=${vault}`;
  return (
    <>
      <Link to="/people" className="inline-flex min-h-[44px] items-center gap-1 self-start">
        <ArrowLeft aria-hidden className="size-2.5 rtl:-scale-x-100" />
        {t('common.nav.people')}
      </Link>
      <PageHead title={t('meet.code.title')} lead={t('meet.code.lead')} />
      {done && <Note kind="done">{done}</Note>}
      <ProblemNote error={requests.error} retry={() => void requests.refetch()} />
      <section aria-live="polite" className="flex flex-col gap-1.5">
        {asked.length > 0 && (
          <>
            <h2>{t('patient.inbox.requests')}</h2>
            <ul className="flex flex-col gap-1.5">
              {asked.map((request) => (
                <li key={request.request}>
                  <Asked request={request} isOpen onAllowed={finish} />
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <Card className="flex flex-wrap items-center gap-3">
        <Qr text={link} label={t('meet.code.picture')} />
        <div className="flex min-w-[240px] flex-1 flex-col gap-1.5">
          <p>{t('meet.code.how')}</p>
          <p className="text-soft">{t('meet.code.safe')}</p>
          <div>
            <p className="text-soft text-sm">{t('meet.code.address')}</p>
            <Address of={vault} />
          </div>
        </div>
      </Card>
      {asked.length === 0 && !done && isLooking && <Note kind="wait">{t('meet.code.waiting')}</Note>}
      {!isLooking && (
        <Note
          title={t('meet.code.paused')}
          actions={<Button onPress={() => look(Date.now())}>{t('meet.code.again')}</Button>}
        >
          {t('meet.code.pausedHint')}
        </Note>
      )}
    </>
  );
}
