import { useMutation, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeldRecord } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Confirm } from '@/ui/confirm';
import { recordsOf } from './data';
import { markWrong } from './versions';

/** Marks a record as wrong, after saying what that means. */
export function MarkWrong({ held }: { held: HeldRecord }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [asking, ask] = useState(false);
  const marking = useMutation({
    mutationFn: () => markWrong(person, held),
    onSuccess: async () => {
      await queries.invalidateQueries(recordsOf(person));
      ask(false);
    },
  });
  return (
    <>
      <Button weight="quiet" onPress={() => ask(true)}>
        <TriangleAlert aria-hidden className="size-2.5" />
        {t('records.mark.begin')}
      </Button>
      <Confirm
        title={t('records.mark.title')}
        action={t('records.mark.confirm')}
        doing={marking}
        waiting={t('records.mark.marking')}
        isOpen={asking}
        onClose={() => ask(false)}
      >
        <p>{t('records.mark.text')}</p>
        <p>{t('records.mark.instead')}</p>
      </Confirm>
    </>
  );
}
