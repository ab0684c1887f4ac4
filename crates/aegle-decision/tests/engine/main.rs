mod documents;
mod emergencies;
mod equality;
mod explaining;
mod finality;
mod generator;
mod properties;
mod reference;
mod rules;
mod world;

use aegle_decision::{Key, RuleId};

/// One of each. What joins the enum fails to compile here until it is in the list.
const ALL_RULES: [RuleId; 53] = {
    use RuleId::*;
    const fn listed(rule: RuleId) -> RuleId {
        match rule {
            NoVault
            | VaultMismatch
            | WithdrawalPending
            | NotActing
            | NotThere
            | DelegateRemoved
            | DelegateEarlierEpoch
            | DelegateExpired
            | DelegateRightMissing
            | DelegateActionNotCovered
            | NoConsent
            | OpeningMismatch
            | Revoked
            | EarlierEpoch
            | Expired
            | NotYetInEffect
            | EraseByPassed
            | PurposeNotGranted
            | ActionNotGranted
            | EmergencyForbidden
            | EmergencyNotOpened
            | EmergencyExpired
            | EmergencyUnreviewed
            | CredentialMissing
            | CredentialWrongKind
            | CredentialRevoked
            | CredentialSuspended
            | CredentialRegistrarRemoved
            | CredentialExpired
            | CredentialNotYetValid
            | CredentialNotForEmergencies
            | PractitionerMissing
            | PractitionerUnqualified
            | RecordMissing
            | RecordMismatch
            | RecordErased
            | NotFinalYet
            | LabelsMissing
            | BaseDeny
            | CategoryNotCovered
            | TypeNotCovered
            | TimeNotCovered
            | AuthorNotCovered
            | StudyNotCovered
            | RecordNotCovered
            | BreakGlassOnly
            | Sensitivity
            | Exception { .. }
            | Owner
            | DelegateRead
            | ConsentBase
            | ConsentPermitRule { .. }
            | BreakGlass { .. } => rule,
        }
    }
    [
        listed(NoVault),
        VaultMismatch,
        WithdrawalPending,
        NotActing,
        NotThere,
        DelegateRemoved,
        DelegateEarlierEpoch,
        DelegateExpired,
        DelegateRightMissing,
        DelegateActionNotCovered,
        NoConsent,
        OpeningMismatch,
        Revoked,
        EarlierEpoch,
        Expired,
        NotYetInEffect,
        EraseByPassed,
        PurposeNotGranted,
        ActionNotGranted,
        EmergencyForbidden,
        EmergencyNotOpened,
        EmergencyExpired,
        EmergencyUnreviewed,
        CredentialMissing,
        CredentialWrongKind,
        CredentialRevoked,
        CredentialSuspended,
        CredentialRegistrarRemoved,
        CredentialExpired,
        CredentialNotYetValid,
        CredentialNotForEmergencies,
        PractitionerMissing,
        PractitionerUnqualified,
        RecordMissing,
        RecordMismatch,
        RecordErased,
        NotFinalYet,
        LabelsMissing,
        BaseDeny,
        CategoryNotCovered,
        TypeNotCovered,
        TimeNotCovered,
        AuthorNotCovered,
        StudyNotCovered,
        RecordNotCovered,
        BreakGlassOnly,
        Sensitivity,
        Exception { index: 0 },
        Owner,
        DelegateRead,
        ConsentBase,
        ConsentPermitRule { index: 0 },
        BreakGlass { break_glass: Key([0; 32]) },
    ]
};
