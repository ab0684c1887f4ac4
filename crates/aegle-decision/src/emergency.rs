//! Records opened in an emergency: what a clinician signs, and who may open, release and read by it.

use std::collections::BTreeSet;

use aegle::state::CredentialKind;
use serde::{Deserialize, Serialize};
use solana_sha256_hasher::hashv;

use crate::{Action, Document, DocumentError, Key, Purpose, Request, RuleId, Views, standing::Standing};

/// Most records of one statement.
const MAX_RECORDS: usize = 256;
/// Longest reason, in bytes.
const MAX_REASON: usize = 1_000;
/// Kinds of credentials under which an emergency is opened: those of somebody who answers in person.
pub(crate) const CLINICIANS: &[CredentialKind] = &[CredentialKind::Practitioner];

/// What a clinician signs to open records in an emergency: Ed25519 over the document's very bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    pub kind: StatementVersion,
    pub vault: Key,
    /// Random; of the account on chain.
    #[serde(with = "hex::serde")]
    pub break_glass_id: [u8; 32],
    /// Who signs, and under which credential.
    pub clinician: Key,
    pub credential: Key,
    /// X25519 key of that credential, to which custodians encrypt their shares.
    #[serde(with = "hex::serde")]
    pub encryption_key: [u8; 32],
    /// The records asked for, and no others.
    pub records: BTreeSet<Key>,
    /// For the patient, in the clinician's words.
    pub reason: String,
    /// First second no more in effect, since the Unix epoch.
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatementVersion {
    #[default]
    #[serde(rename = "aegle:break-glass:v1")]
    V1,
}

impl Statement {
    /// # Errors
    /// No or too many records, no or too long a reason, or one with control characters.
    pub fn validate(&self) -> Result<(), DocumentError> {
        let invalid = |what| Err(DocumentError::Invalid(what));
        if !(1..=MAX_RECORDS).contains(&self.records.len()) {
            return invalid("it names 1 to 256 records");
        }
        if self.reason.trim().is_empty() || self.reason.len() > MAX_REASON {
            return invalid("its reason has 1 to 1,000 bytes");
        }
        if self.reason.chars().any(char::is_control) {
            return invalid("its reason is one line of text");
        }
        Ok(())
    }
}

/// A signed statement with what the chain, as of the confirmed slot, has of its opening.
///
/// Whether the signature is the clinician's is for who takes the statement in; here it only counts that
/// the chain committed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Account of the opening.
    pub break_glass: Key,
    pub statement: Document<Statement>,
    pub signature: [u8; 64],
    pub salt: [u8; 32],
    /// None where it is not on chain.
    pub opened: Option<BreakGlassView>,
}

/// An opening as the chain has it. It counts as soon as it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakGlassView {
    pub vault: Key,
    pub break_glass_id: [u8; 32],
    pub commitment: [u8; 32],
    /// First second no more in effect.
    pub expires_at: i64,
}

impl Emergency {
    /// SHA-256 over the salt, the statement's bytes and the signature.
    pub fn commitment(statement: &Document<Statement>, signature: &[u8; 64], salt: &[u8; 32]) -> [u8; 32] {
        hashv(&[salt, statement.bytes(), signature]).to_bytes()
    }

    /// Whether the opening on chain is that of this statement, and not over.
    ///
    /// # Errors
    /// [`RuleId::EmergencyNotOpened`], [`RuleId::OpeningMismatch`], [`RuleId::EmergencyExpired`].
    pub fn in_effect(&self, now: i64) -> Result<(), RuleId> {
        let opened = self.opened.ok_or(RuleId::EmergencyNotOpened)?;
        let statement = self.statement.value();
        let of_statement = BreakGlassView {
            vault: statement.vault,
            break_glass_id: statement.break_glass_id,
            commitment: Self::commitment(&self.statement, &self.signature, &self.salt),
            expires_at: statement.expires_at,
        };
        if opened != of_statement {
            return Err(RuleId::OpeningMismatch);
        }
        if now >= opened.expires_at {
            return Err(RuleId::EmergencyExpired);
        }
        Ok(())
    }
}

/// Whether the caller may open what `statement` says; the credential that counts.
///
/// `unreviewed` says whether an earlier opening of the same clinician waits for its patient's review.
///
/// # Errors
/// The rule that refuses.
pub fn decide_opening(
    views: &Views,
    statement: &Statement,
    unreviewed: bool,
    request: &Request,
) -> Result<Key, RuleId> {
    let standing = Standing::new(views, request)?;
    if views.withdrawals_pending {
        return Err(RuleId::WithdrawalPending);
    }
    if statement.vault != standing.vault || statement.clinician != request.caller.key {
        return Err(RuleId::OpeningMismatch);
    }
    if request.purpose != Purpose::EmergencyTreatment {
        return Err(RuleId::PurposeNotGranted);
    }
    standing.emergencies_allowed()?;
    // How far ahead it may end is for the program, by the ledger's clock.
    if request.now >= statement.expires_at {
        return Err(RuleId::EmergencyExpired);
    }
    if unreviewed {
        return Err(RuleId::EmergencyUnreviewed);
    }
    standing.emergency_credential(&statement.credential)?;
    Ok(statement.credential)
}

/// Whether the caller, a custodian, may have and hand on shares for `emergency`; the credentials that
/// count.
///
/// # Errors
/// The rule that refuses.
pub fn decide_release(views: &Views, emergency: &Emergency, request: &Request) -> Result<Vec<Key>, RuleId> {
    let standing = Standing::new(views, request)?;
    if views.withdrawals_pending {
        return Err(RuleId::WithdrawalPending);
    }
    if emergency.statement.value().vault != standing.vault {
        return Err(RuleId::VaultMismatch);
    }
    if (request.purpose, request.action) != (Purpose::EmergencyTreatment, Action::Read) {
        return Err(RuleId::PurposeNotGranted);
    }
    emergency.in_effect(request.now)?;
    standing.emergencies_allowed()?;
    standing.callers_credentials(&[CredentialKind::Custodian])
}
