import { useTranslation } from 'react-i18next';
import { isCategory } from '@/api/labels';
import { list } from '@/words/say';

/** The words for kinds of care, in a row. */
export function useKinds(): (...categories: readonly string[]) => string {
  const { t } = useTranslation();
  return (...categories) =>
    list(categories.map((category) => t(`patient.kinds.${isCategory(category) ? category : 'other'}`)));
}
