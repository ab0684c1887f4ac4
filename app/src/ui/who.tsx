import { useQuery } from '@tanstack/react-query';
import { BadgeCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';

/** Whoever a registrar attests under a key: what kind, by which registrar. */
export function useCredential(subject: string) {
  return useQuery({
    queryKey: ['credential', subject],
    queryFn: async () => {
      const query = { subject, commitment: 'confirmed' as const };
      const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
      return data.find(({ in_effect }) => in_effect) ?? data[0] ?? null;
    },
    staleTime: 60_000,
  });
}

/** Enough of an address to tell it from others at a glance; the whole stands under details. */
export function shortened(address: string): string {
  return `${address.slice(0, 4)}…${address.slice(-4)}`;
}

/** The words for somebody who has a key. */
export function useName(): (subject: string, kind: string | undefined) => string {
  const { t } = useTranslation();
  return (subject, kind) =>
    `${kind ? t(`common.credential.${kind as 'practitioner'}`) : t('common.credential.none')} ${shortened(subject)}`;
}

/** Who somebody is, as far as a registrar vouches for it. */
export function Who({ subject }: { subject: string }) {
  const { t } = useTranslation();
  const { data } = useCredential(subject);
  const name = useName();
  return (
    <span className="inline-flex flex-wrap items-center gap-0.5" title={subject}>
      <span className="font-bold">{name(subject, data?.kind)}</span>
      {data?.in_effect && (
        <span className="inline-flex items-center gap-0.5 text-sm text-well">
          <BadgeCheck aria-hidden className="size-2" />
          {t('common.credential.verified', { registrar: shortened(data.registrar) })}
        </span>
      )}
    </span>
  );
}
