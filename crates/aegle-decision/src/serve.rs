//! What is not reading: acting for the patient, and being somebody a registrar attests.

use aegle::state::{CredentialStatus, DAY, Right, period_holds};

use crate::{
    ChainView, CredentialView, DelegateView, Key, Request, RuleId, VaultView, Views,
    standing::{Acting, Standing},
};

/// Whether `caller` owns the vault, or is a delegate with `right`; without a right, owners only.
///
/// A vault that is confirmed and not final yet has had no other owner.
///
/// # Errors
/// The rule that refuses.
pub fn serve(views: &Views, caller: &Key, right: Option<Right>, now: i64) -> Result<(), RuleId> {
    let Views { finalized, confirmed, withdrawals_pending, .. } = views;
    let vault = confirmed.vault.ok_or(RuleId::NoVault)?;
    if vault.owner == *caller && finalized.vault.is_none_or(|vault| vault.owner == *caller) {
        return Ok(());
    }
    let right = right.ok_or(RuleId::NotActing)?;
    if *withdrawals_pending {
        return Err(RuleId::WithdrawalPending);
    }
    delegate(confirmed, caller, right, now).ok_or(RuleId::NotActing)??;
    match delegate(finalized, caller, right, now) {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) | None => Err(RuleId::NotFinalYet),
    }
}

fn delegate(view: &ChainView, caller: &Key, right: Right, now: i64) -> Option<Result<(), RuleId>> {
    let (vault, delegate) = view.vault.zip(view.delegate.filter(|delegate| delegate.key == *caller))?;
    Some(judge(&vault, &delegate, right, now))
}

fn judge(vault: &VaultView, delegate: &DelegateView, right: Right, now: i64) -> Result<(), RuleId> {
    let refusals = [
        (delegate.removed, RuleId::DelegateRemoved),
        (delegate.delegate_epoch != vault.delegate_epoch, RuleId::DelegateEarlierEpoch),
        (now >= i64::from(delegate.until_day) * DAY, RuleId::DelegateExpired),
        (delegate.rights & right as u8 == 0, RuleId::DelegateRightMissing),
    ];
    refusals.into_iter().find(|(refused, _)| *refused).map_or(Ok(()), |(_, rule)| Err(rule))
}

/// The credentials of `caller`, of any kind, that are in effect, final and confirmed.
///
/// # Errors
/// The rule that refuses, where there is none.
pub fn attested(views: &Views, caller: &Key, now: i64) -> Result<Vec<Key>, RuleId> {
    let Views { finalized, confirmed, withdrawals_pending, .. } = views;
    if *withdrawals_pending {
        return Err(RuleId::WithdrawalPending);
    }
    let counts = |view: &&CredentialView| {
        view.subject == *caller
            && view.status == CredentialStatus::Active
            && !view.registrar_removed
            && period_holds(view.from_day, view.until_day, now)
    };
    let known: Vec<_> = confirmed.credentials.iter().filter(counts).map(|view| view.credential).collect();
    let both = finalized.credentials.iter().filter(counts).map(|view| view.credential);
    let credentials: Vec<_> = both.filter(|credential| known.contains(credential)).collect();
    if credentials.is_empty() { Err(RuleId::CredentialMissing) } else { Ok(credentials) }
}

/// The credentials that let the caller read for the purpose, whatever the consents say; none where the
/// purpose needs none.
///
/// # Errors
/// The rule that refuses.
pub fn credentials(views: &Views, request: &Request) -> Result<Vec<Key>, RuleId> {
    Standing::new(views, request)?.credentials(Acting::Named)
}
