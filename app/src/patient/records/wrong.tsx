import { useMutation, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeldRecord } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Dialog } from '@/ui/dialog';
import { ProblemNote } from '@/ui/problem';
import { Waiting } from '@/ui/waiting';
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
      <Dialog
        title={t('records.mark.title')}
        isOpen={asking}
        onClose={() => ask(false)}
        isBusy={marking.isPending}
        actions={
          <>
            <Button onPress={() => ask(false)} isDisabled={marking.isPending}>
              {t('common.cancel')}
            </Button>
            <Button weight="harm" onPress={() => marking.mutate()} isDisabled={marking.isPending}>
              {t('records.mark.confirm')}
            </Button>
          </>
        }
      >
        <p>{t('records.mark.text')}</p>
        <p>{t('records.mark.instead')}</p>
        {marking.isPending && <Waiting for={t('records.mark.marking')} />}
        <ProblemNote error={marking.error} />
      </Dialog>
    </>
  );
}
