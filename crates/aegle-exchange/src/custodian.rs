//! Who keeps shares of content keys for emergencies.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::state::{
    Credential, CredentialKind, CredentialStatus, EMERGENCIES_ALLOWED, Registrar, Vault, period_holds,
};
use aegle_decision::{Document, Key};
use aegle_envelope::{
    ContentKey, Custodian, CustodianPlan, EncryptionKey,
    emergency::{EmergencyError, verify_signature},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Secrets,
    wire::{Bytes, HeldRecord},
};

/// The key that `credential` attests for `custodian`, where it counts at `now` by the ledger's clock; `registrar` is
/// who issued it.
pub fn attested_key(custodian: Key, credential: &Credential, registrar: &Registrar, now: i64) -> Option<EncryptionKey> {
    let counts = credential.subject.to_bytes() == custodian.0
        && credential.kind == CredentialKind::Custodian
        && credential.status == CredentialStatus::Active
        && period_holds(credential.from_day, credential.until_day, now)
        && registrar.removed_slot == 0;
    counts.then_some(EncryptionKey(credential.encryption_key))
}

/// Who is to keep shares, for the owner to sign.
///
/// # Errors
/// A threshold that cannot be reached, too many custodians, or one named twice.
pub fn new_plan(vault: Key, threshold: u8, custodians: Vec<Custodian>) -> Result<Document<CustodianPlan>, Error> {
    let plan = CustodianPlan { kind: Default::default(), vault, threshold, custodians };
    plan.validate()?;
    Ok(Document::new(plan))
}

/// A share of a record's content key for a custodian.
#[derive(Debug, Serialize)]
pub struct NewKeyShare {
    custodian: Key,
    recipient: EncryptionKey,
    threshold: u8,
    share: Bytes<81>,
}

/// Who keeps shares, as the server has it.
#[derive(Clone, Debug, Deserialize)]
pub struct SignedPlan {
    plan: Option<String>,
    signature: Option<Bytes<64>>,
}

impl SignedPlan {
    /// The plan of `vault`, which is `state` on chain, as its owner signed it; none where nobody keeps shares.
    ///
    /// # Errors
    /// A plan that is another vault's or signed by somebody else.
    pub fn read(self, state: &Vault, vault: Key) -> Result<Option<CustodianPlan>, Error> {
        let Some((plan, signature)) = self.plan.zip(self.signature) else { return Ok(None) };
        let plan: Document<CustodianPlan> = Document::read(plan.into_bytes())?;
        plan.value().validate()?;
        // A new owner names custodians anew.
        match verify_signature(&plan, &Key(state.owner.to_bytes()), &signature.0) {
            Err(EmergencyError::Signature) => return Ok(None),
            other => other?,
        }
        if plan.value().vault != vault {
            return Err(Error::Chain("who keeps shares is of another vault"));
        }
        Ok(Some(plan.value().clone()))
    }

    /// The same where the vault allows emergencies.
    ///
    /// # Errors
    /// As those of [`SignedPlan::read`].
    pub fn in_effect(self, state: &Vault, vault: Key) -> Result<Option<CustodianPlan>, Error> {
        if state.emergency_policy == EMERGENCIES_ALLOWED { self.read(state, vault) } else { Ok(None) }
    }
}

/// Splits the key of `record` over the custodians of `plan`.
///
/// # Errors
/// A plan that is not valid, a custodian's key of low order.
pub fn shares(
    plan: &CustodianPlan,
    record: Key,
    key: &ContentKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<NewKeyShare>, Error> {
    let dealt = plan.deal(&record, key, rng)?;
    let shares =
        plan.custodians.iter().zip(dealt).map(|(Custodian { custodian, encryption_key }, share)| NewKeyShare {
            custodian: *custodian,
            recipient: *encryption_key,
            threshold: plan.threshold,
            share: Bytes(share.0),
        });
    Ok(shares.collect())
}

/// A share that the server keeps.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct DealtShare {
    record: Key,
    custodian: Key,
    recipient: EncryptionKey,
    threshold: u8,
}

/// Shares of one record's key.
#[derive(Debug, Serialize)]
pub struct RecordShares {
    record: Key,
    shares: Vec<NewKeyShare>,
}

/// The records whose shares, of those that were `dealt`, are not those of the plan.
pub fn uncovered<'a>(
    plan: &CustodianPlan,
    dealt: &[DealtShare],
    records: impl IntoIterator<Item = &'a HeldRecord>,
) -> Vec<&'a HeldRecord> {
    let wanted: BTreeSet<_> =
        plan.custodians.iter().map(|entry| (entry.custodian, entry.encryption_key, plan.threshold)).collect();
    let mut kept: BTreeMap<Key, BTreeSet<_>> = BTreeMap::new();
    for DealtShare { record, custodian, recipient, threshold } in dealt {
        kept.entry(*record).or_default().insert((*custodian, *recipient, *threshold));
    }
    records.into_iter().filter(|held| kept.get(&held.record) != Some(&wanted)).collect()
}

/// Splits the keys of records over the custodians of `plan`. Those that no key at hand opens are left out.
///
/// # Errors
/// As those of [`shares`].
pub fn deal<'a>(
    plan: &CustodianPlan,
    records: impl IntoIterator<Item = &'a HeldRecord>,
    secrets: &Secrets,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<RecordShares>, Error> {
    let mut dealt = Vec::new();
    for held in records {
        let Ok(key) = held.content_key(secrets) else { continue };
        dealt.push(RecordShares { record: held.record, shares: shares(plan, held.record, &key, rng)? });
    }
    Ok(dealt)
}
