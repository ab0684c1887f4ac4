import { Copy } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button';

/** An address or key in full, to be copied: for details. */
export function Address({ of }: { of: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(of);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-0.5">
      <code dir="ltr" className="min-w-0 break-all text-sm">
        {of}
      </code>
      <Button weight="quiet" onPress={() => void copy()} aria-label={`${t('common.copy')}: ${of}`}>
        <Copy aria-hidden className="size-2" />
        <span aria-live="polite">{copied && t('common.copied')}</span>
      </Button>
    </span>
  );
}
