import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RefreshCw, Siren } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { TextField } from '@/ui/field';
import { ProblemNote } from '@/ui/problem';
import { addressIn, ScanButton } from '@/ui/scan';
import { Waiting } from '@/ui/waiting';
import { shortened, useCredential } from '@/ui/who';
import { calendarDay, exactly, moment } from '@/words/say';
import { consentOf, patientsOf } from './data';
import { usePurpose } from './layout';

/** From this many on, one is looked for rather than read through. */
const MANY = 5;

/** Who lets the caller read. */
export function PatientsPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const purpose = usePurpose();
  const words = { purpose: t(`provider.purposes.${purpose}`) };
  const { data, error, isPending, isFetching, refetch } = useQuery(patientsOf(person, purpose));
  const queries = useQueryClient();
  useEffect(() => {
    // A window beside another is never hidden: it is chosen, and its list asked for anew where that is no longer new.
    const { queryKey } = patientsOf(person, purpose);
    const look = () => void queries.refetchQueries({ queryKey, stale: true }, { cancelRefetch: false });
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [queries, person, purpose]);
  const [wanted, want] = useState('');
  const found = data?.filter(({ patient }) => patient.includes(wanted.trim()));
  const { data: credential } = useCredential(person.signer.address);
  const ask = (
    <Link to="/care/access" search={{ purpose }} className={weightClass('second')}>
      {t('provider.patients.ask')}
    </Link>
  );
  const actions = (
    <>
      {data && data.length > 0 && (
        <Button isPending={isFetching} onPress={() => void refetch()}>
          <RefreshCw aria-hidden className="size-2.5" />
          {t('provider.patients.again')}
        </Button>
      )}
      {ask}
      {credential?.emergency && (
        <Link to="/care/emergency" search={{ purpose }} className={weightClass('second')}>
          <Siren aria-hidden className="size-2.5" />
          {t('provider.patients.emergency')}
        </Link>
      )}
    </>
  );
  return (
    <>
      <PageHead title={t('provider.patients.title')} lead={t('provider.patients.lead', words)} actions={actions} />
      <ProblemNote error={error} retry={() => void refetch()} />
      {isPending && <Waiting />}
      {data && data.length > MANY && (
        <div className="flex max-w-[640px] flex-wrap items-end gap-1">
          <div className="min-w-0 flex-1">
            <TextField
              label={t('provider.patients.find')}
              hint={t('provider.patients.findHint')}
              value={wanted}
              onChange={want}
            />
          </div>
          <ScanButton label={t('provider.patients.scan')} onFound={(text) => want(addressIn(text) ?? text)} />
        </div>
      )}
      {data?.length === 0 && (
        <Empty title={t('provider.patients.empty')} action={ask}>
          {t('provider.patients.emptyHint', words)}
        </Empty>
      )}
      {data && data.length > 0 && found?.length === 0 && <p role="status">{t('provider.patients.none')}</p>}
      <ul className="flex flex-col gap-1">
        {found?.map(({ patient, consents }) => (
          <li key={patient}>
            <Patient vault={patient} consents={consents} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Patient({ vault, consents }: { vault: string; consents: readonly string[] }) {
  const { t } = useTranslation();
  const purpose = usePurpose();
  const said = useQueries({ queries: consents.map((consent) => ({ ...consentOf(consent), refetchInterval: 15_000 })) });
  const standing = said.flatMap(({ data }) => (data?.in_effect ? [data] : []));
  const isOver = standing.length === 0 && said.length > 0 && said.every(({ data }) => data !== undefined);
  const until = standing
    .map((consent) => consent.until)
    .sort()
    .at(-1);
  const since = standing
    .flatMap(({ granted }) => granted.at ?? [])
    .sort()
    .at(-1);
  return (
    <Card className="relative flex flex-wrap items-baseline gap-x-2 gap-y-0.5 hover:border-act">
      <Link
        to="/care/$vault"
        params={{ vault }}
        search={{ purpose }}
        title={vault}
        className="font-bold text-ink no-underline after:absolute after:inset-0"
      >
        {t('provider.patients.one', { address: shortened(vault) })}
      </Link>
      {since && (
        <span className="text-soft text-sm" title={exactly(since)}>
          {t('provider.patients.since', { when: moment(since) })}
        </span>
      )}
      <span className="ms-auto text-soft text-sm">
        {isOver ? t('provider.patients.ended') : until && t('provider.patients.until', { date: calendarDay(until) })}
      </span>
    </Card>
  );
}
