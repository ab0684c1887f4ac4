import { useTranslation } from 'react-i18next';
import { isCategory, type Labels } from '@/api/labels';
import { list } from '@/words/say';

/** The words for kinds of care, in a row. */
export function useKinds(): (...categories: readonly string[]) => string {
  const { t } = useTranslation();
  return (...categories) =>
    list(categories.map((category) => t(`patient.kinds.${isCategory(category) ? category : 'other'}`)));
}

interface Labelled {
  labels: Labels;
}

function grouped<R extends Labelled>(
  records: readonly R[],
  namesOf: (record: R) => readonly string[],
): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const record of records) {
    for (const name of namesOf(record)) groups.set(name, [...(groups.get(name) ?? []), record]);
  }
  return groups;
}

/** Records by the year of their care; those without a date under no name. */
export function byYear<R extends Labelled>(records: readonly R[]): Map<string, R[]> {
  return grouped(records, ({ labels }) => [labels.from?.slice(0, 4) ?? '']);
}

/** Records by kind, under each of theirs, in the order of the words. */
export function byKind<R extends Labelled>(
  records: readonly R[],
  name: (category: string) => string,
): Map<string, R[]> {
  const groups = grouped(records, ({ labels }) => labels.categories.map((category) => name(category)));
  return new Map([...groups].sort(([left], [right]) => left.localeCompare(right)));
}
