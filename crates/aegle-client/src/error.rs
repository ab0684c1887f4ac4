//! The program's refusals as a person reads them: what happened, and what to do.

use aegle::AegleError as E;
use anchor_lang::error::ErrorCode;
use solana_instruction_error::InstructionError;
use solana_transaction_error::TransactionError;

/// A refusal of the program, by its stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramError {
    /// Which instruction of the transaction, counted from zero.
    pub instruction: u8,
    pub code: u32,
}

/// What a code means and what its reader does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub code: u32,
    pub name: String,
    pub message: String,
    pub advice: &'static str,
}

impl ProgramError {
    /// The program's refusal in `error`, if it is one.
    pub fn of(error: &TransactionError) -> Option<Self> {
        match error {
            TransactionError::InstructionError(instruction, InstructionError::Custom(code)) => {
                Some(Self { instruction: *instruction, code: *code })
            }
            _ => None,
        }
    }

    /// What it means; none for codes of other programs.
    pub fn explain(&self) -> Option<Explanation> {
        explanations().find(|explanation| explanation.code == self.code)
    }
}

const REFRESH: &str = "Read the vault again, check that you still want this, and sign a new transaction.";

/// Every refusal of the program with what to do, in the order of the codes.
const ADVICE: &[(E, &str)] = &[
    (E::Unauthorized, "Sign with the vault's owner, or with a delegate's key that has the right for this."),
    (E::OwnerMismatch, REFRESH),
    (E::KeyEpochMismatch, REFRESH),
    (E::ConsentEpochMismatch, REFRESH),
    (E::DelegateEpochMismatch, REFRESH),
    (E::Paused, "Wait until the operator resumes the program. Revoking, removing a delegate and erasing still work."),
    (E::NotUpgradeAuthority, "Sign with the upgrade authority of the deployed program."),
    (E::NotGovernance, "Sign with the governance authority named in the configuration."),
    (E::InvalidRecoveryDelay, "Give a shortest delay above zero and a longest that is not below it, in seconds."),
    (E::InvalidRecordUri, "Give a public address of 1 to 80 bytes."),
    (E::ZeroKey, "Give a key; all zeros is none."),
    (E::ZeroCommitment, "Give a commitment made with a random salt; all zeros is none."),
    (E::DelegateIsOwner, "Nothing to do: the owner has every right already. Give a delegate a key of its own."),
    (E::InvalidRights, "Choose at least one of mint, grant, revoke and read."),
    (E::DelegateMismatch, "Name the delegate account of this vault and of the key that signs."),
    (E::DelegateRemoved, "Ask the owner. A removed delegate stays removed; the owner can add a new key."),
    (E::DelegateExpired, "Ask the owner to add a new key with a later end."),
    (E::DelegateRightMissing, "Ask the owner, or someone who has this right."),
    (E::DelegateMintCapReached, "Ask the owner to mint this record."),
    (
        E::InvalidPeriod,
        "Choose days that begin before they end, end in the future and span at most 100 years; an emergency lasts at \
         most 24 hours.",
    ),
    (E::RecordMismatch, "Name a record of this vault."),
    (E::LineageMismatch, "Mint a new record without a previous one; amend one with it."),
    (E::RecordNotActive, "Amend the newest version; a version already amended or entered in error stays as it is."),
    (E::RecordAlreadyInError, "Nothing to do: the record is already marked."),
    (E::RecordErased, "Nothing to do: the record is gone and only its tombstone remains."),
    (E::TokenMismatch, "Name the token account that holds this record's token."),
    (E::RentPayerMismatch, "Name the account that paid the rent; the record says which."),
    (E::InvalidPurposes, "Choose at least one of the known purposes of use."),
    (E::InvalidActions, "Choose at least one of read, annotate, contribute, export and compute."),
    (E::ConsentMismatch, "Name a consent of this vault."),
    (E::ConsentRevoked, "Nothing to do: the consent is revoked. To allow again, grant a new one."),
    (E::GranteeMismatch, "Sign with the key the consent was granted to, and give the salt you received with it."),
    (E::CounterOverflow, "This vault cannot count further; create a new one."),
    (E::TokenInPlace, "Nothing to do: the token is in the owner's account."),
    (E::InvalidGuardians, "Name at most ten guardians and how many of them, at least one, propose a recovery."),
    (E::GuardianMismatch, "Sign with the guardian's key, and give the guardian list as the owner made it last."),
    (E::GuardianIsOwner, "Name somebody else: a guardian is there for when the owner's key is lost or stolen."),
    (E::NoGuardianChange, "Nothing to do: these guardians are in effect."),
    (E::GuardianChangeNotDue, "Wait until the vault's delay has passed; the vault says when."),
    (E::GuardianChangeDue, "Apply the change of guardians, then try again."),
    (E::GuardianEpochMismatch, "The guardians of today propose a new recovery."),
    (E::RecoveryMismatch, "Name a recovery of this vault."),
    (E::NewOwnerIsOwner, "Name another wallet as new owner."),
    (E::RecoveryPending, "Wait until the pending recovery is executed, vetoed or over."),
    (E::RecoveryNotPending, "Look the recovery up: it was vetoed, executed or replaced, or lacks approvals."),
    (E::RecoveryAlreadyApproved, "Nothing to do: another guardian must approve."),
    (E::RecoveryExecuted, "Nothing to do: the vault has its new owner."),
    (E::RecoveryNotDue, "Wait until the delay has passed; the recovery says when."),
    (E::RecoveryLapsed, "The guardians propose a new recovery."),
    (E::RecoveryVetoTooLate, "Nothing stops this recovery now; if you are the owner, ask your guardians."),
    (E::RecoveryUnanimous, "Nothing stops this recovery; if you are the owner, ask your guardians."),
    (E::NotNewOwner, "Sign with the wallet that the recovery names as new owner."),
    (E::NotRegistrar, "Sign with the registrar's key."),
    (E::RegistrarRemoved, "Ask another registrar; a removed one stays removed."),
    (E::InvalidCredentialKinds, "Choose at least one kind of credential."),
    (E::CredentialKindNotAllowed, "Ask a registrar for this kind of credential."),
    (E::CredentialMismatch, "Name a credential of this registrar."),
    (
        E::CredentialRevisionMismatch,
        "Read the credential again, check that you still want this, and sign a new transaction.",
    ),
    (E::CredentialSuspended, "Nothing to do: the credential is suspended."),
    (E::CredentialNotSuspended, "Nothing to do: the credential is not suspended."),
    (E::CredentialRevoked, "Nothing to do: the credential is revoked. A new one takes another key."),
    (
        E::EmergencyForbidden,
        "Ask the patient; nobody opens these records in an emergency unless the patient allows it.",
    ),
    (E::InvalidEmergencyPolicy, "Give 0 to forbid opening records in an emergency, or 1 to allow it."),
    (E::BreakGlassMismatch, "Name an emergency opening of this vault."),
    (E::BreakGlassReviewed, "Nothing to do: the opening is reviewed."),
    (
        E::AuditRootMismatch,
        "Read this operator's newest root, give its number plus one, and name it; the first, 0, names none.",
    ),
    (E::AuditLogShrunk, "Stop: entries of the disclosure log are missing. Restore it before anchoring."),
    (E::AuditLogForked, "Stop: the disclosure log is not the one that was anchored. Restore it before anchoring."),
    (E::AuditLogTooLarge, "Give the number of entries that the log has."),
];

/// What the framework's checks mean to a user of this program.
const FRAMEWORK_ADVICE: &[(ErrorCode, &str)] = &[
    (ErrorCode::AccountNotInitialized, "Check the address and the network: nothing is there yet."),
    (ErrorCode::AccountDiscriminatorMismatch, "Check the address: it is an account of another kind."),
    (ErrorCode::AccountOwnedByWrongProgram, "Check the address: it is not an account of this program."),
    (ErrorCode::AccountNotSigner, "Sign with every key the instruction names as signer."),
    (ErrorCode::ConstraintSeeds, "Derive the address from its seeds; this client does so by itself."),
    (ErrorCode::ConstraintAddress, "Use the address the program expects; this client does so by itself."),
    (ErrorCode::InvalidProgramId, "Name the genuine program; this client does so by itself."),
    (ErrorCode::InstructionDidNotDeserialize, "Build the instruction with the client of the deployed version."),
];

/// Every code that this client explains, the program's own first.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    let own = ADVICE.iter().map(|(error, advice)| Explanation {
        code: u32::from(*error),
        name: error.name(),
        message: error.to_string(),
        advice,
    });
    let framework = FRAMEWORK_ADVICE.iter().map(|(error, advice)| Explanation {
        code: *error as u32,
        name: error.name(),
        message: error.to_string(),
        advice,
    });
    own.chain(framework)
}

impl std::fmt::Display for ProgramError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.explain() {
            Some(Explanation { code, name, message, advice }) => write!(f, "{message}. {advice} ({name}, {code})"),
            None => write!(f, "The transaction was refused with code {}", self.code),
        }
    }
}

impl std::error::Error for ProgramError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_program_is_explained_once_and_in_order() {
        let codes: Vec<u32> = ADVICE.iter().map(|(error, _)| u32::from(*error)).collect();
        let last = u32::from(E::AuditLogTooLarge);
        assert_eq!(codes, (6000..=last).collect::<Vec<_>>());
    }
}
