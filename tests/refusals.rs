//! Every error that an instruction can raise is provoked by a test of the program, and no test provokes
//! another. It reads what the tests of the target `program` noted, which runs before it.

use std::collections::BTreeSet;

use aegle_client::aegle::AegleError::{self, *};
use aegle_tests::{
    refusals::{INSTRUCTIONS, Refusal, last_run},
    vm::ACCOUNT_ALREADY_IN_USE,
};
use anchor_lang::error::ErrorCode;

/// Raised before an instruction's own rules, by each.
const FRAMEWORK: &[ErrorCode] = &[
    ErrorCode::AccountNotEnoughKeys,
    ErrorCode::AccountNotSigner,
    ErrorCode::AccountNotInitialized,
    ErrorCode::AccountDiscriminatorMismatch,
    ErrorCode::AccountOwnedByWrongProgram,
];

const EXPECTED: &[AegleError] = &[OwnerMismatch, KeyEpochMismatch, ConsentEpochMismatch, DelegateEpochMismatch];
const DELEGATED: &[AegleError] =
    &[Unauthorized, DelegateMismatch, DelegateRemoved, DelegateEpochMismatch, DelegateExpired, DelegateRightMissing];

/// What one instruction raises by its own rules.
struct Refuses {
    instruction: &'static str,
    /// Whether it creates an account, which fails where there is one.
    creates: bool,
    errors: &'static [&'static [AegleError]],
}

const fn creates(instruction: &'static str, errors: &'static [&'static [AegleError]]) -> Refuses {
    Refuses { instruction, creates: true, errors }
}

const fn changes(instruction: &'static str, errors: &'static [&'static [AegleError]]) -> Refuses {
    Refuses { instruction, creates: false, errors }
}

const REFUSES: &[Refuses] = &[
    creates("init_config", &[&[NotUpgradeAuthority, ZeroKey, InvalidRecoveryDelay, InvalidRecordUri]]),
    changes("set_pause", &[&[NotGovernance]]),
    creates("create_vault", &[&[Paused, ZeroKey]]),
    changes("rotate_key", &[EXPECTED, &[Unauthorized, ZeroKey, CounterOverflow]]),
    changes("set_delegate_mint_cap", &[EXPECTED, &[Unauthorized]]),
    creates(
        "add_delegate",
        &[EXPECTED, &[Paused, Unauthorized, ZeroKey, DelegateIsOwner, InvalidRights, InvalidPeriod]],
    ),
    changes("remove_delegate", &[&[Unauthorized, DelegateMismatch, DelegateRemoved]]),
    creates(
        "mint_record",
        &[
            EXPECTED,
            DELEGATED,
            &[Paused, ZeroCommitment, DelegateMintCapReached, RecordMismatch, LineageMismatch, CounterOverflow],
        ],
    ),
    creates(
        "amend_record",
        &[
            EXPECTED,
            DELEGATED,
            &[
                Paused,
                ZeroCommitment,
                DelegateMintCapReached,
                RecordMismatch,
                LineageMismatch,
                RecordNotActive,
                RecordErased,
                CounterOverflow,
            ],
        ],
    ),
    changes("mark_record_entered_in_error", &[DELEGATED, &[RecordMismatch, RecordErased, RecordAlreadyInError]]),
    changes("erase_record", &[&[Unauthorized, RecordMismatch, RecordErased, RentPayerMismatch, TokenMismatch]]),
    changes(
        "reissue_record",
        &[
            EXPECTED,
            &[
                Paused,
                Unauthorized,
                RecordMismatch,
                RecordErased,
                RentPayerMismatch,
                TokenMismatch,
                TokenInPlace,
                CounterOverflow,
            ],
        ],
    ),
    creates(
        "grant_consent",
        &[EXPECTED, DELEGATED, &[Paused, ZeroCommitment, InvalidPurposes, InvalidActions, InvalidPeriod]],
    ),
    changes("revoke_consent", &[DELEGATED, &[ConsentMismatch, ConsentRevoked]]),
    changes("revoke_all_consents", &[DELEGATED, &[CounterOverflow]]),
    changes("check_consent", &[&[Paused, ConsentMismatch, InvalidPurposes, InvalidActions, GranteeMismatch]]),
    changes(
        "change_guardians",
        &[
            EXPECTED,
            &[
                Paused,
                Unauthorized,
                InvalidGuardians,
                ZeroCommitment,
                InvalidRecoveryDelay,
                NoGuardianChange,
                GuardianChangeDue,
                RecoveryPending,
                CounterOverflow,
            ],
        ],
    ),
    changes(
        "apply_guardian_change",
        &[&[Paused, NoGuardianChange, GuardianChangeNotDue, RecoveryPending, CounterOverflow]],
    ),
    creates(
        "propose_recovery",
        &[&[
            GuardianEpochMismatch,
            DelegateEpochMismatch,
            NewOwnerIsOwner,
            GuardianChangeDue,
            GuardianIsOwner,
            GuardianMismatch,
            ZeroKey,
            RecoveryPending,
            InvalidRecoveryDelay,
        ]],
    ),
    changes(
        "approve_recovery",
        &[&[
            RecoveryMismatch,
            GuardianEpochMismatch,
            DelegateEpochMismatch,
            GuardianChangeDue,
            GuardianIsOwner,
            GuardianMismatch,
            RecoveryExecuted,
            RecoveryLapsed,
            RecoveryAlreadyApproved,
            RecoveryPending,
            InvalidRecoveryDelay,
        ]],
    ),
    changes(
        "veto_recovery",
        &[&[Unauthorized, RecoveryMismatch, RecoveryNotPending, RecoveryVetoTooLate, RecoveryUnanimous]],
    ),
    changes(
        "execute_recovery",
        &[&[
            Paused,
            NotNewOwner,
            RecoveryMismatch,
            RecoveryNotPending,
            RecoveryNotDue,
            RecoveryLapsed,
            CounterOverflow,
        ]],
    ),
    creates("add_registrar", &[&[Paused, NotGovernance, ZeroKey, InvalidCredentialKinds, ZeroCommitment]]),
    changes("remove_registrar", &[&[NotGovernance, RegistrarRemoved]]),
    creates(
        "issue_credential",
        &[&[Paused, NotRegistrar, RegistrarRemoved, CredentialKindNotAllowed, ZeroKey, ZeroCommitment, InvalidPeriod]],
    ),
    changes(
        "renew_credential",
        &[&[
            Paused,
            NotRegistrar,
            RegistrarRemoved,
            CredentialMismatch,
            CredentialRevisionMismatch,
            CredentialRevoked,
            ZeroKey,
            ZeroCommitment,
            InvalidPeriod,
            CounterOverflow,
        ]],
    ),
    changes(
        "suspend_credential",
        &[&[NotRegistrar, CredentialMismatch, CredentialRevoked, CredentialSuspended, CounterOverflow]],
    ),
    changes(
        "reinstate_credential",
        &[&[
            Paused,
            NotRegistrar,
            RegistrarRemoved,
            CredentialMismatch,
            CredentialRevisionMismatch,
            CredentialRevoked,
            CredentialNotSuspended,
            CounterOverflow,
        ]],
    ),
    changes("revoke_credential", &[&[NotRegistrar, CredentialMismatch, CredentialRevoked, CounterOverflow]]),
    changes("set_emergency_policy", &[EXPECTED, &[Paused, Unauthorized, InvalidEmergencyPolicy]]),
    creates("open_break_glass", &[&[Paused, EmergencyForbidden, ZeroCommitment, InvalidPeriod]]),
    changes("review_break_glass", &[DELEGATED, &[BreakGlassMismatch, BreakGlassReviewed]]),
    creates(
        "anchor_audit_root",
        &[&[ZeroCommitment, AuditLogTooLarge, AuditRootMismatch, AuditLogShrunk, AuditLogForked]],
    ),
];

impl Refuses {
    fn refusals(&self) -> impl Iterator<Item = Refusal> {
        let own = self.errors.iter().copied().flatten().map(|error| u32::from(*error));
        let framework = FRAMEWORK.iter().map(|error| *error as u32);
        let exists = self.creates.then_some(ACCOUNT_ALREADY_IN_USE);
        let all = own.chain(framework).chain(exists);
        // The one state that init_config reads is the loader's, which has no discriminator.
        let none = (self.instruction == "init_config").then_some(ErrorCode::AccountDiscriminatorMismatch as u32);
        all.filter(move |code| Some(*code) != none).map(|code| (self.instruction.to_owned(), code))
    }
}

/// INV-3: each instruction of the IDL, each error it can raise.
#[test]
fn every_instruction_raises_every_error_it_can_and_no_other() {
    let provoked = last_run().expect("run the target `program` first: cargo test -p aegle-tests --test program");
    let expected: BTreeSet<Refusal> = REFUSES.iter().flat_map(Refuses::refusals).collect();
    let missing: Vec<_> = expected.difference(&provoked).collect();
    assert!(missing.is_empty(), "no test provokes {missing:?}");
    let own = u32::from(Unauthorized)..;
    let unexpected: Vec<_> =
        provoked.difference(&expected).filter(|(_, code)| own.contains(code) || *code == 0).collect();
    assert!(unexpected.is_empty(), "not known to be raised: {unexpected:?}");
}

#[test]
fn the_table_names_every_instruction_once_and_every_error() {
    let named: Vec<&str> = REFUSES.iter().map(|refuses| refuses.instruction).collect();
    let distinct: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(distinct.len(), named.len());
    assert_eq!(distinct, INSTRUCTIONS.values().map(String::as_str).collect());
    let raised: BTreeSet<u32> = REFUSES.iter().flat_map(Refuses::refusals).map(|(_, code)| code).collect();
    let own = aegle_client::error::explanations().filter(|explained| explained.code >= u32::from(Unauthorized));
    let never: Vec<String> =
        own.filter(|explained| !raised.contains(&explained.code)).map(|explained| explained.name).collect();
    assert!(never.is_empty(), "no instruction raises {never:?}");
}
