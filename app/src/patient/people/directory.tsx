import { useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { Button } from '@/ui/button';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
import { Who } from '@/ui/who';

/** Letters from which on names are looked for. */
const FEW = 2;

/** People whose published name or specialty has some words in it. Each stands as the chain vouches for them. */
export function People({ words, onChoose }: { words: string; onChoose: (subject: string) => void }) {
  const { t } = useTranslation();
  const search = useDeferredValue(words);
  const { data, error, isLoading, refetch } = useQuery({
    queryKey: ['people', search],
    queryFn: async () => (await ok(api.GET('/v1/profiles', { params: { query: { search } } }))).data,
    enabled: search.length >= FEW && search.length <= 64,
    staleTime: 60_000,
  });
  return (
    <>
      <ProblemNote error={error} retry={() => void refetch()} />
      {isLoading && <Waiting />}
      {data && data.length > 0 && (
        <section className="flex flex-col gap-1">
          <h2 className="font-bold text-base">{t('meet.search.people')}</h2>
          <ul className="flex flex-col gap-1">
            {data.map(({ account, subject }) => (
              <li key={account}>
                <Button className="w-full justify-start text-start" onPress={() => onChoose(subject)}>
                  <Who subject={subject} />
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {data?.length === 0 && <p role="status">{t('meet.search.nobody')}</p>}
    </>
  );
}
