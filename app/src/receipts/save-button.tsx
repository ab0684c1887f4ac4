import { useMutation } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/button';
import { ProblemNote } from '@/ui/problem';
import { save } from '@/ui/save';
import { Waiting } from '@/ui/waiting';
import { bundleOf, placeOf } from './bundle';

/** Hands out the log's receipt for a reading of one's own, with everything that opens it. */
export function SaveReceipt({ receipt }: { receipt: string }) {
  const { t } = useTranslation();
  const saving = useMutation({
    mutationFn: async () => {
      const bundle = new Blob([await bundleOf(receipt)], { type: 'application/json' });
      save(bundle, `receipt-${placeOf(receipt)}.json`);
    },
  });
  return (
    <div className="flex flex-col items-start gap-1">
      <Button onPress={() => saving.mutate()} isPending={saving.isPending}>
        <ReceiptText aria-hidden className="size-2.5" />
        {t('records.one.receipt')}
      </Button>
      <p className="text-soft text-sm">{t('records.one.receiptHint')}</p>
      {saving.isPending && <Waiting for={t('records.one.collecting')} />}
      <ProblemNote error={saving.error} />
    </div>
  );
}
