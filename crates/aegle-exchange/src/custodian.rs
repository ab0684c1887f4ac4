//! Who keeps shares of content keys for emergencies.

use aegle_client::state::{EMERGENCIES_ALLOWED, Vault};
use aegle_decision::{Document, Key};
use aegle_envelope::{
    ContentKey, Custodian, CustodianPlan, EncryptionKey,
    emergency::{EmergencyError, verify_signature},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{Error, wire::Bytes};

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
