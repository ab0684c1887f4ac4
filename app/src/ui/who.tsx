import { useQuery } from '@tanstack/react-query';
import { BadgeCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { useSession } from '@/session/state';

/** Whoever a registrar attests under a key: what kind, by which registrar. */
export function useCredential(subject: string) {
  return useQuery({
    queryKey: ['credential', subject],
    queryFn: async () => {
      const query = { subject, commitment: 'confirmed' as const };
      const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
      return data.find(({ in_effect }) => in_effect) ?? data[0] ?? null;
    },
    enabled: subject !== '',
    staleTime: 60_000,
  });
}

/** Enough of an address to tell it from others at a glance; the whole stands under details. */
export function shortened(address: string): string {
  return `${address.slice(0, 4)}…${address.slice(-4)}`;
}

/** Somebody in words: by name where a registrar vouches for one that the person shows, by kind and key otherwise. */
export function useWho(subject: string) {
  const { t } = useTranslation();
  const { person } = useSession();
  const credential = useCredential(subject);
  const { data } = credential;
  const names = useQuery({
    queryKey: ['name', subject, data?.credential],
    queryFn: async () => {
      if (!person || !data) return null;
      const { namedBy } = await import('@/chain/names');
      return (await namedBy(person.chain, subject, data.credential)) ?? null;
    },
    enabled: person !== undefined && typeof data?.credential === 'string',
    staleTime: 60_000,
  });
  const named = names.data;
  const kind = data ? t(`common.credential.${data.kind as 'practitioner'}`) : t('common.credential.none');
  // What the node says counts beside what the server says.
  const isVerified = data?.in_effect === true && named?.in_effect !== false;
  return {
    credential,
    name: named?.name ?? `${kind} ${shortened(subject)}`,
    specialty: named?.specialty ?? undefined,
    registrar: isVerified ? (named?.registrar ?? shortened(data.registrar)) : undefined,
  };
}

/** Who somebody is, as far as a registrar vouches for it. */
export function Who({ subject }: { subject: string }) {
  const { t } = useTranslation();
  const { name, specialty, registrar } = useWho(subject);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-0.5" title={subject}>
      <bdi className="font-bold">{specialty ? t('common.credential.named', { name, specialty }) : name}</bdi>
      {registrar && (
        <span className="inline-flex items-center gap-0.5 font-normal text-sm text-well">
          <BadgeCheck aria-hidden className="size-2 shrink-0" />
          {t('common.credential.verified', { registrar })}
        </span>
      )}
    </span>
  );
}
