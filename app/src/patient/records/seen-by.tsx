import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { usePerson } from '@/session/state';
import { Card } from '@/ui/card';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';
import { calendarDay, list } from '@/words/say';
import { type Allowed, usePeople } from '../people/data';

/** What the server says that somebody would see, record by record. */
interface Explanation {
  records: { record: string | null; verdict: Verdict; consents: Verdict[] }[];
}
interface Verdict {
  outcome: 'permit' | 'deny';
  consent: string | null;
}

/** Who can see one record now: the server decides it as it would decide their request. */
export function SeenBy({ record }: { record: string }) {
  const { t } = useTranslation();
  const { vault: patient = '' } = usePerson();
  const people = usePeople();
  // The server knows whether one that waits counts yet, and whether one counts that nobody says is final.
  const standing = (people.data ?? []).filter(({ state }) => state === 'effect' || state === 'waiting');
  // What a permission opens is the same for each of its purposes.
  const asked = standing.flatMap((one) => one.purposes.slice(0, 1).map((purpose) => ({ one, purpose })));
  const answers = useQueries({
    queries: asked.map(({ one: { grantee, consent, state }, purpose }) => ({
      // An answer from before a record was there says nothing of it.
      queryKey: ['explain', patient, grantee, purpose, consent, state, record],
      queryFn: async () => {
        const { data } = await ok(api.GET('/v1/explain', { params: { query: { patient, grantee, purpose } } }));
        return (data as unknown as Explanation).records;
      },
      staleTime: 60_000,
    })),
  });
  const seeing = asked.filter(({ one: { consent } }, index) => {
    const said = answers[index]?.data?.find((one) => one.record === record);
    const own = said?.consents.find((verdict) => verdict.consent === consent);
    return said?.verdict.outcome === 'permit' && own?.outcome === 'permit';
  });
  const isPending = people.isPending || answers.some((answer) => answer.isPending);
  const error = people.error ?? answers.find((answer) => answer.error)?.error;
  return (
    <section className="flex flex-col gap-1">
      <h2>{t('records.seenBy.title')}</h2>
      <ProblemNote error={error} />
      {isPending && <Waiting />}
      {/* Nobody is said to be the only one while somebody's answer is missing. */}
      {!isPending && !error && (
        <Card>
          {seeing.length === 0 && <p>{t('records.seenBy.nobody')}</p>}
          <ul className="flex flex-col gap-1">
            {seeing.map(({ one }) => (
              <li key={one.consent}>
                <Line one={one} />
              </li>
            ))}
          </ul>
          <p className="mt-1 flex flex-wrap gap-x-2">
            <Link to="/people">{t('records.seenBy.change')}</Link>
            <Link to="/activity">{t('records.seenBy.looked')}</Link>
          </p>
        </Card>
      )}
    </section>
  );
}

function Line({ one: { grantee, purposes, until } }: { one: Allowed }) {
  const { t } = useTranslation();
  const purpose = list(purposes.map((code) => t(`patient.purposes.${code}`)));
  return (
    <>
      <Who subject={grantee} />{' '}
      <span className="text-soft">{t('records.seenBy.terms', { purpose, date: calendarDay(until) })}</span>
    </>
  );
}
