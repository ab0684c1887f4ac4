import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CATEGORIES, type Category } from '@/api/labels';
import { Card } from '@/ui/card';
import { Waiting } from '@/ui/waiting';
import { useRecords } from '../records/data';
import { RecordTitle } from '../records/title';
import type { Policy } from './data';

/** What somebody is to see. */
export interface Wanted {
  /** Sensitivities of the records there are, all of which a policy has to name to open them. */
  sensitivities: readonly string[];
  scope: 'all' | 'some';
  kinds: readonly Category[];
  from: string;
  left: readonly string[];
  apart: boolean;
}

/** The choice as the document that is committed to (`docs/access.md`). */
export function policyOf({ scope, kinds, from, left, apart, sensitivities }: Wanted): Policy {
  const time = from ? { from } : {};
  const all = scope === 'all' && !from;
  const permit = all ? [] : [{ categories: scope === 'all' ? [...CATEGORIES] : [...kinds], ...time }];
  return {
    // What is signed is of version 2, which names the recipient's key.
    kind: 'aegle:policy:v1',
    base: all ? 'all-normal' : 'deny',
    permit,
    deny: left.length > 0 ? [{ records: [...left] }] : [],
    sensitivity: apart ? [...sensitivities] : [],
  };
}

/** Exactly what is about to be allowed. */
export function Check({
  sentence,
  withheld,
  records,
  isLoading,
  children,
}: {
  sentence: string;
  withheld: number;
  records: readonly string[] | undefined;
  isLoading: boolean;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const all = useRecords();
  if (isLoading) return <Waiting />;
  if (!records) return null;
  const shown = new Set(records);
  const listed = all.data?.filter(({ held }) => shown.has(held.record)) ?? [];
  return (
    <>
      <Card className="flex flex-col gap-1.5">
        <p className="font-bold text-lg">{sentence}</p>
        <p>{t('patient.allow.check.withheld', { count: withheld })}</p>
        {listed.length > 0 && (
          <details open={listed.length <= 5}>
            <summary className="min-h-[44px] cursor-pointer py-1">{t('patient.allow.check.list')}</summary>
            <ul className="list-disc ps-3">
              {listed.map(({ held }) => (
                <li key={held.record}>
                  <RecordTitle held={held} />
                </li>
              ))}
            </ul>
          </details>
        )}
        <p className="text-soft">{t('patient.allow.check.later')}</p>
        <p className="text-soft text-sm">{t('patient.allow.check.words')}</p>
      </Card>
      {children}
    </>
  );
}
