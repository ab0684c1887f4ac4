use serde::{Deserialize, Serialize};

use crate::Key;

/// What an outcome rests on. Stable: receipts and explanations carry the names.
///
/// Ordered by how near to a permit a refusal came. Where several consents refuse, the nearest is
/// named, so that the order of consents makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum RuleId {
    // The vault.
    /// There is none.
    NoVault,
    /// The two views, or the view and the record, are of different vaults.
    VaultMismatch,
    /// A withdrawal may be about to come back; see [`Views::withdrawals_pending`](crate::Views).
    WithdrawalPending,

    // Whether somebody acts for the patient.
    /// The caller is not the owner nor, where delegates may as well, one of them.
    NotActing,
    /// There is none such (a result, a request, a share), or it is not the caller's.
    NotThere,
    DelegateRemoved,
    DelegateEarlierEpoch,
    DelegateExpired,
    DelegateRightMissing,
    /// The right to read covers reading and exporting.
    DelegateActionNotCovered,

    // Whether a consent stands.
    /// None names the caller, or the one that does is not on the chain.
    NoConsent,
    /// What was handed in is not what the chain committed to.
    OpeningMismatch,
    Revoked,
    EarlierEpoch,
    Expired,
    NotYetInEffect,
    /// By now, what was read had to be erased.
    EraseByPassed,
    PurposeNotGranted,
    ActionNotGranted,

    // Whether an opening in an emergency stands.
    /// The vault forbids emergencies.
    EmergencyForbidden,
    /// The opening is not confirmed on chain.
    EmergencyNotOpened,
    EmergencyExpired,
    /// An earlier opening of this clinician waits for its patient's review.
    EmergencyUnreviewed,

    // Whether the grantee is who may read for the purpose.
    CredentialMissing,
    CredentialWrongKind,
    CredentialRevoked,
    CredentialSuspended,
    /// It counts no more, since its registrar does not.
    CredentialRegistrarRemoved,
    CredentialExpired,
    CredentialNotYetValid,
    /// It is not one to open records with in an emergency.
    CredentialNotForEmergencies,
    /// An organization reads through a practitioner, and none acts.
    PractitionerMissing,
    /// The practitioner who acts has no credential that counts.
    PractitionerUnqualified,

    // Whether the record can be read at all.
    RecordMissing,
    /// The two views differ in what the record is.
    RecordMismatch,
    RecordErased,

    /// The confirmed view permits and the finalized one does not, yet.
    NotFinalYet,

    // Whether a consent covers the record.
    /// The server knows no labels of it.
    LabelsMissing,
    /// The base opens nothing, and there is no rule that does.
    BaseDeny,
    CategoryNotCovered,
    TypeNotCovered,
    TimeNotCovered,
    AuthorNotCovered,
    StudyNotCovered,
    RecordNotCovered,
    /// Only an emergency would open it.
    BreakGlassOnly,
    /// It is sensitive in a way that is not opened.
    Sensitivity,
    /// A rule of `deny` touches it.
    Exception {
        index: usize,
    },

    // What permits.
    Owner,
    DelegateRead,
    ConsentBase,
    ConsentPermitRule {
        index: usize,
    },
    /// An opening in an emergency, by its account.
    BreakGlass {
        break_glass: Key,
    },
}

impl RuleId {
    pub fn permits(self) -> bool {
        self >= Self::Owner
    }
}
