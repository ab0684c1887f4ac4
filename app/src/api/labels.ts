import type { Schema } from './client';

/** What the server may know of a record; `docs/labels.md`. */
export interface Labels {
  categories: string[];
  types: string[];
  /** First and last day of care, `2026-11-22`. */
  from?: string | null;
  until?: string | null;
  sensitivity?: string[];
  /** Key of who issued it. */
  author?: string | null;
}

/** The version of labels that is written. */
export const LABELS = 'aegle:labels:v1' as const;

export type HeldRecord = Schema['HeldRecord'];

/** The labels of a record, whose very text the chain's commitment covers. */
export function labelsOf({ opening }: Pick<HeldRecord, 'opening'>): Labels {
  const labels = JSON.parse(opening.labels) as Partial<Labels>;
  return { ...labels, categories: labels.categories ?? [], types: labels.types ?? [] };
}

/** Kinds of care a record can be of; a closed vocabulary. */
export const CATEGORIES = [
  'encounter',
  'laboratory',
  'vital-signs',
  'imaging',
  'medication',
  'immunization',
  'condition',
  'allergy',
  'procedure',
  'document',
  'social-history',
  'family-history',
  'survey',
  'care-plan',
  'device',
  'financial',
  'demographics',
  'other',
] as const;
export type Category = (typeof CATEGORIES)[number];

export function isCategory(text: string): text is Category {
  return (CATEGORIES as readonly string[]).includes(text);
}
