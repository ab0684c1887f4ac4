import { useTranslation } from 'react-i18next';
import type { Purpose } from '@/api/client';

/** Purposes for which somebody else than the patient reads. An emergency has a way of its own. */
export const PURPOSES = ['TREAT', 'HPAYMT', 'HOPERAT', 'PUBHLTH', 'HRESCH', 'FAMRQT'] as const;
export type ReadingPurpose = (typeof PURPOSES)[number];

export function isReadingPurpose(text: unknown): text is ReadingPurpose {
  return PURPOSES.some((purpose) => purpose === text);
}

/** The bits that purposes have on the chain. */
export const PURPOSE_BITS: Record<Purpose, number> = {
  TREAT: 1,
  ETREAT: 2,
  HPAYMT: 4,
  HOPERAT: 8,
  HRESCH: 16,
  PUBHLTH: 32,
  FAMRQT: 64,
  PATRQT: 128,
  HMARKT: 256,
};

/** Purposes by their bits, in words. */
export function usePurposes(): (bits: number) => string[] {
  const { t } = useTranslation();
  return (bits) =>
    (Object.keys(PURPOSE_BITS) as Purpose[])
      .filter((purpose) => (bits & PURPOSE_BITS[purpose]) !== 0)
      .map((purpose) => t(`provider.purposes.${purpose}`));
}
