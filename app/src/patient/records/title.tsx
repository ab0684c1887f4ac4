import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type HeldRecord, labelsOf } from '@/api/labels';
import { usePerson } from '@/session/state';
import { useKinds } from '@/ui/kinds';
import { detailsOf } from './data';

/** How far below the screen what is next is made ready. */
const AHEAD = '400px';

/**
 * What a record is called; its kind until that is known. A title is inside the record's lock, and opening it is a
 * request and a line of the log: only what comes near the screen is opened.
 */
export function RecordTitle({ held }: { held: HeldRecord }) {
  const { t } = useTranslation();
  const person = usePerson();
  const kinds = useKinds();
  const place = useRef<HTMLSpanElement>(null);
  const [isNear, comeNear] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver(([seen]) => seen?.isIntersecting && comeNear(true), { rootMargin: AHEAD });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  const { data, isLoading } = useQuery({ ...detailsOf(person, held), enabled: isNear && held.status !== 'erased' });
  return (
    <span ref={place}>
      {data?.title ?? (isLoading ? t('patient.records.opening') : kinds(...labelsOf(held).categories))}
    </span>
  );
}
