import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Expired, Failed } from '@/chain/node';
import { programMessage } from '@/chain/program-error';
import { Broken, Refused, Unreachable } from '@/core';
import { Declined, WrongNetwork } from '@/wallet';
import { Button } from './button';
import { Note } from './note';

/** What went wrong and what it means, in a sentence. */
export function sentence(error: unknown, t: TFunction): string {
  if (error instanceof Declined) return t('common.error.declined');
  if (error instanceof WrongNetwork)
    return t('common.network.wrongHint', { network: error.message.replace('solana:', '') });
  if (error instanceof Expired) return t('common.error.expired');
  if (error instanceof Unreachable) return t('common.error.unreachable');
  if (error instanceof Failed) return t('common.error.program', { message: programMessage(error) });
  if (error instanceof Broken) return t('common.error.broken');
  if (error instanceof Refused) {
    const { code, detail, status } = error.problem;
    if (code === 'rate_limited' || code === 'relay_limit') return t('common.error.tooMany');
    if (code === 'not_signed_in' || code === 'session_ended') return t('common.error.ended');
    if (code === 'not_permitted') return t('common.error.notPermitted');
    if (code === 'behind' || code === 'not_ready') return t('common.network.behindHint');
    if (status >= 500) return t('common.error.server');
    return t('common.error.other', { message: detail });
  }
  return t('common.error.other', { message: error instanceof Error ? error.message : String(error) });
}

/** An error with a way on. Nothing is shown where there is none. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  if (!error) return null;
  const isChoice = error instanceof Declined;
  return (
    <Note
      kind={isChoice ? 'plain' : 'harm'}
      title={isChoice ? undefined : t('common.error.title')}
      actions={retry && <Button onPress={retry}>{t('common.retry')}</Button>}
    >
      <p>{sentence(error, t)}</p>
      {error instanceof Refused && error.problem.request_id && (
        <p className="text-soft text-sm">{t('common.error.reference', { id: error.problem.request_id })}</p>
      )}
    </Note>
  );
}
