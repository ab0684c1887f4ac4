import { type Guardians, type Recovery, RecoveryStatus, type Vault } from '@/program/generated';

/** Where a recovery stands at a time of the ledger. */
export type Standing = 'executed' | 'lapsed' | 'replaced' | 'proposed' | 'vetoed' | 'waiting' | 'due';

export function standingOf(recovery: Recovery, vault: Vault, now: number): Standing {
  const isPending = recovery.status === RecoveryStatus.Pending;
  // A pending one stops every change of guardians and of the owner.
  const isReplaced =
    recovery.guardianEpoch !== vault.guardianEpoch ||
    recovery.delegateEpoch !== vault.delegateEpoch ||
    isChangeDue(vault, now);
  if (recovery.status === RecoveryStatus.Executed) return 'executed';
  if (now >= Number(recovery.lapsesAt)) return 'lapsed';
  if (isReplaced && !isPending) return 'replaced';
  if (recovery.status === RecoveryStatus.Proposed) return 'proposed';
  if (recovery.status === RecoveryStatus.Vetoed) return 'vetoed';
  return now < Number(recovery.executableAt) ? 'waiting' : 'due';
}

/** Whether other guardians are to be put in effect now: those before have no say any more. */
export function isChangeDue({ guardiansDueAt }: Vault, now: number): boolean {
  return guardiansDueAt !== 0n && now >= Number(guardiansDueAt);
}

/** How many guardians approved. */
export function approvalsOf({ approvals }: Recovery): number {
  return approvals.toString(2).replaceAll('0', '').length;
}

/** Whether all guardians approved: the owner's veto counts no more. One alone never are all. */
export function isUnanimous(recovery: Recovery, { count }: Guardians): boolean {
  return count > 1 && approvalsOf(recovery) === count;
}

/** Whether the guardian at this place approved. */
export function hasApproved({ approvals }: Recovery, place: number): boolean {
  return (approvals & (1 << place)) !== 0;
}
