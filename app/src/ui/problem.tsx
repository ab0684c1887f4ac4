import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Expired, Failed, NodeAway, Unconfirmed } from '@/chain/errors';
import { Broken, isRefused, Refused, Unreachable } from '@/core';
import { useRenewal } from '@/session/renew';
import { Declined, NoWalletApp, WrongNetwork } from '@/wallet';
import { Button } from './button';
import { Outdated } from './later';
import { Note } from './note';

/** What went wrong and what it means, in a sentence. */
export function sentence(error: unknown, t: TFunction): string {
  if (error instanceof Declined) return t('common.error.declined');
  if (error instanceof WrongNetwork)
    return t('common.network.wrongHint', { network: error.message.replace('solana:', '') });
  if (error instanceof NoWalletApp) return t(`common.walletApp.${error.reason}`);
  if (error instanceof Expired) return t('common.error.expired');
  if (error instanceof Unreachable) return t('common.error.unreachable');
  if (error instanceof NodeAway) return t('common.error.node');
  if (error instanceof Unconfirmed) return t('common.error.unconfirmed');
  if (error instanceof Outdated) return t('common.error.outdated');
  if (error instanceof Failed) return t('common.error.program', { message: error.message.replace(/\.$/, '') });
  if (error instanceof Broken) return t('common.error.broken');
  if (error instanceof Refused) {
    const { code, detail, status } = error.problem;
    if (code === 'rate_limited') return t('common.error.tooMany');
    if (code === 'relay_limit') return t('common.error.relayLimit');
    if (hasEnded(error)) return t('common.error.ended');
    if (code === 'not_permitted') return t('common.error.notPermitted');
    if (code === 'behind' || code === 'not_ready') return t('common.network.behindHint');
    if (status >= 500) return t('common.error.server');
    return t('common.error.other', { message: detail });
  }
  return t('common.error.other', { message: error instanceof Error ? error.message : String(error) });
}

/** Whether the server knows no session any more. */
function hasEnded(error: unknown): boolean {
  return isRefused(error, 'not_signed_in', 'session_ended');
}

/** An error with a way on. Nothing is shown where there is none. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  if (!error) return null;
  if (hasEnded(error)) return <Ended error={error} retry={retry} />;
  const isChoice = error instanceof Declined;
  return (
    <Note
      kind={isChoice ? 'plain' : 'harm'}
      title={isChoice ? undefined : t('common.error.title')}
      actions={<WayOn error={error} retry={retry} />}
    >
      <p>{sentence(error, t)}</p>
      {error instanceof Refused && error.problem.request_id && (
        <p className="text-soft text-sm">{t('common.error.reference', { id: error.problem.request_id })}</p>
      )}
    </Note>
  );
}

function WayOn({ error, retry }: { error: unknown; retry: (() => void) | undefined }) {
  const { t } = useTranslation();
  if (error instanceof Outdated) return <Button onPress={() => location.reload()}>{t('common.error.reload')}</Button>;
  return retry && <Button onPress={retry}>{t('common.retry')}</Button>;
}

/** The session ended on this page: it is renewed where it is, and what was typed stays. */
function Ended({ error, retry }: { error: unknown; retry: (() => void) | undefined }) {
  const { t } = useTranslation();
  const renewal = useRenewal(retry);
  // Another session may end on this page.
  if (renewal.isSuccess && renewal.variables === error) return <Note kind="done">{t('common.error.renewed')}</Note>;
  return (
    <Note
      kind="wait"
      title={t('common.error.ended')}
      actions={
        <Button weight="first" onPress={() => renewal.mutate(error)} isPending={renewal.isPending}>
          {t('common.signIn.title')}
        </Button>
      }
    >
      {renewal.error && <p role="alert">{sentence(renewal.error, t)}</p>}
    </Note>
  );
}
