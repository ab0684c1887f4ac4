import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Nobody is shown a spinner for what is there in a moment. */
const SHOWN_AFTER = 250;

/** Says what is waited for, once it takes longer than a moment. */
export function Waiting({ for: what }: { for?: ReactNode }) {
  const { t } = useTranslation();
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), SHOWN_AFTER);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p role="status" className="flex items-center gap-1.5 py-3 text-soft">
      {shown && (
        <>
          <span aria-hidden className="size-2 animate-spin rounded-full border-2 border-line border-t-act" />
          {what ?? t('common.loading')}
        </>
      )}
    </p>
  );
}

/** Steps of something that takes a while, with how far it is. */
export function Steps({ steps, at }: { steps: ReactNode[]; at: number }) {
  return (
    <ol className="flex flex-col gap-1" aria-live="polite">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the steps do not move
        <li key={index} aria-current={index === at ? 'step' : undefined} className={index > at ? 'text-soft' : ''}>
          <span aria-hidden className="me-1 inline-block w-3 text-center">
            {index < at ? '✓' : index === at ? '•' : '·'}
          </span>
          {step}
          {index === at && '…'}
        </li>
      ))}
    </ol>
  );
}
