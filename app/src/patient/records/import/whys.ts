import type { TFunction } from 'i18next';
import type words from '@/words/en/records.json';

type Why = keyof (typeof words)['import']['whys'];

/** Beginnings of the core's reasons, which are English, and the words for them. */
const WHYS: [begins: string, why: Why][] = [
  ['the file cannot be read', 'unreadable'],
  ['the compressed data', 'damaged'],
  ['it is not UTF-8', 'json'],
  ['it is not JSON', 'json'],
  ['it ends before', 'json'],
  ['it has more bytes', 'large'],
  ['it is nested deeper', 'large'],
  ['it is not a FHIR resource', 'foreign'],
  ['FHIR R4 has no such', 'foreign'],
  ['the entry has no resource', 'empty'],
  ['it is about a patient that', 'unknown'],
  ['it is about one of several', 'ambiguous'],
  ['it is about another patient', 'other'],
  ['it says nothing of', 'unreferenced'],
  ['the same bytes', 'duplicate'],
  ['its record would have', 'labels'],
];

/** A reason for which something of a file became no record. */
export function whyOf(reason: string, t: TFunction): string {
  const why = WHYS.find(([begins]) => reason.startsWith(begins))?.[1];
  return why ? t(`records.import.whys.${why}`) : reason;
}
