import { useQueries, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { DoorClosed } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isRefused } from '@/core';
import { weightClass } from '@/ui/button';
import { Card } from '@/ui/card';
import { consentOf } from './data';
import { usePurpose } from './layout';

/**
 * Whether what is read has to be closed: the server refused it after it had been open, or the chain says that no
 * consent it was open by stands any more. What was read is forgotten then.
 */
export function useClosing(of: string, by: readonly (string | null | undefined)[], error: unknown): boolean {
  const queries = useQueryClient();
  const consents = [...new Set(by.filter((consent) => typeof consent === 'string'))];
  const said = useQueries({ queries: consents.map(consentOf) });
  const isOver = said.length > 0 && said.every(({ data }) => data !== undefined && !data.in_effect);
  // Where one of several ended, the server says what is left.
  const ended = said.filter(({ data }) => data?.in_effect === false).length;
  useEffect(() => {
    if (ended > 0) void queries.invalidateQueries({ queryKey: ['care', 'records'] });
  }, [ended, queries]);
  const isRefusedNow = isRefused(error, 'not_permitted');
  // It was open on this page; a page that never was says what the server said.
  const [wasOpen, setOpen] = useState(false);
  const [closed, close] = useState<string>();
  useEffect(() => {
    if (consents.length > 0) setOpen(true);
  }, [consents.length]);
  const mustClose = isOver || (isRefusedNow && wasOpen);
  useEffect(() => {
    if (!mustClose) return;
    close(of);
    // What was read goes; what the chain says of the consents is public and stays.
    const isRead = ([area, what]: readonly unknown[]) => area === 'care' && what !== 'consent';
    queries.removeQueries({ predicate: ({ queryKey }) => isRead(queryKey) });
  }, [mustClose, of, queries]);
  return mustClose || closed === of;
}

/** Says that a permission ended, where there was something to read. */
export function Closed() {
  const { t } = useTranslation();
  const purpose = usePurpose();
  return (
    <Card className="flex flex-col items-start gap-1.5">
      <div role="alert" className="flex flex-col gap-1">
        <DoorClosed aria-hidden className="size-4 text-wait" />
        <h1>{t('provider.closed.title')}</h1>
        <p>{t('provider.closed.text')}</p>
      </div>
      <Link to="/care" search={{ purpose }} className={weightClass('second')}>
        {t('provider.closed.back')}
      </Link>
    </Card>
  );
}
