import { useTranslation } from 'react-i18next';
import type { Guardians, Recovery, Vault } from '@/program/generated';
import { duration, exactly, moment } from '@/words/say';
import { approvalsOf, isUnanimous, standingOf } from './standing';

/** What guardians can do, as a sentence. */
export function useGuardianSentence() {
  const { t } = useTranslation();
  return ({ count, threshold, recoveryDelay }: Guardians): string => {
    const delay = duration(Number(recoveryDelay));
    if (count === 0) return t('safety.guardians.none');
    if (count > 1 && count === threshold) return t('safety.guardians.allOf', { count, delay });
    return t('safety.guardians.someOf', { count, threshold, delay });
  };
}

/** A moment of the ledger, near today in words. */
export function At({ seconds }: { seconds: bigint }) {
  const at = new Date(Number(seconds) * 1000);
  return (
    <time dateTime={at.toISOString()} title={exactly(at)}>
      {moment(at)}
    </time>
  );
}

/** Where a recovery stands, as a sentence. */
export function StandingSentence({ recovery, vault, now }: { recovery: Recovery; vault: Vault; now: number }) {
  const { t } = useTranslation();
  const standing = standingOf(recovery, vault, now);
  const when = (seconds: bigint) => moment(new Date(Number(seconds) * 1000));
  const isFixed = isUnanimous(recovery, vault.guardians);
  const key = standing === 'waiting' && isFixed ? 'waitingAll' : standing;
  return (
    <p>
      {t(`safety.standing.${key}`, {
        approvals: approvalsOf(recovery),
        threshold: vault.guardians.threshold,
        all: vault.guardians.count,
        at: when(recovery.executableAt),
        until: when(recovery.lapsesAt),
      })}
    </p>
  );
}
