//! What opens in an emergency, and what a custodian releases.

use aegle::state::{CredentialKind, CredentialStatus};
use aegle_decision::{Base, Key, Policy, Purpose, RuleId, decide_opening, decide_release};

use crate::world::*;

const CUSTODIAN: Key = Key([30; 32]);

/// A world whose grantee is about to open.
fn about_to_open() -> World {
    let mut world = World::new();
    world.ask_in_an_emergency();
    world.views.emergencies[0].opened = None;
    world
}

fn opening(world: &World, unreviewed: bool) -> Result<Key, RuleId> {
    decide_opening(&world.views, world.views.emergencies[0].statement.value(), unreviewed, &world.request)
}

type Step = fn(&mut World);

#[test]
fn inv_1_an_opening_takes_a_vault_that_allows_it_a_credential_in_force_and_a_time_limit() {
    assert_eq!(opening(&about_to_open(), false), Ok(CREDENTIAL));
    assert_eq!(opening(&about_to_open(), true), Err(RuleId::EmergencyUnreviewed));
    let refused: [(RuleId, Step); 10] = [
        (RuleId::NoVault, |w| w.both(|chain| chain.vault = None)),
        (RuleId::WithdrawalPending, |w| w.views.withdrawals_pending = true),
        (RuleId::OpeningMismatch, |w| w.statement(|signed| signed.vault = STRANGER)),
        (RuleId::OpeningMismatch, |w| w.statement(|signed| signed.clinician = STRANGER)),
        (RuleId::PurposeNotGranted, |w| w.request.purpose = Purpose::Treatment),
        (RuleId::EmergencyForbidden, |w| w.vault(|vault| vault.emergencies_allowed = false)),
        (RuleId::NotFinalYet, |w| w.views.finalized.vault.as_mut().unwrap().emergencies_allowed = false),
        (RuleId::EmergencyExpired, |w| w.statement(|signed| signed.expires_at -= 3_600)),
        (RuleId::CredentialWrongKind, |w| w.credential(|credential| credential.kind = CredentialKind::Organization)),
        (RuleId::CredentialRevoked, |w| w.views.confirmed.credentials[0].status = CredentialStatus::Revoked),
    ];
    for (rule, step) in refused {
        let mut world = about_to_open();
        step(&mut world);
        assert_eq!(opening(&world, false), Err(rule));
    }
}

/// A world in which a custodian asks for what an opening lets it release.
fn about_to_release() -> World {
    let mut world = World::new();
    world.ask_in_an_emergency();
    world.request.caller.key = CUSTODIAN;
    world.both(|chain| chain.credentials = vec![credential(CREDENTIAL, CUSTODIAN, CredentialKind::Custodian)]);
    world
}

#[test]
fn inv_1_a_custodian_releases_for_an_opening_in_effect_and_reads_nothing() {
    let release = |world: &World| decide_release(&world.views, &world.views.emergencies[0], &world.request);
    assert_eq!(release(&about_to_release()), Ok(vec![CREDENTIAL]));
    assert_eq!(about_to_release().read().rule(), RuleId::NoConsent);
    let refused: [(RuleId, Step); 8] = [
        (RuleId::EmergencyNotOpened, |w| w.views.emergencies[0].opened = None),
        (RuleId::EmergencyExpired, |w| w.statement(|signed| signed.expires_at -= 3_600)),
        (RuleId::OpeningMismatch, |w| w.views.emergencies[0].signature[0] ^= 1),
        (RuleId::VaultMismatch, |w| w.statement(|signed| signed.vault = STRANGER)),
        (RuleId::EmergencyForbidden, |w| w.views.confirmed.vault.as_mut().unwrap().emergencies_allowed = false),
        (RuleId::CredentialWrongKind, |w| w.credential(|credential| credential.kind = CredentialKind::Practitioner)),
        (RuleId::CredentialMissing, |w| w.request.caller.key = STRANGER),
        (RuleId::WithdrawalPending, |w| w.views.withdrawals_pending = true),
    ];
    for (rule, step) in refused {
        let mut world = about_to_release();
        step(&mut world);
        assert_eq!(release(&world), Err(rule));
    }
}

#[test]
fn an_emergency_takes_nothing_away_that_a_consent_opens() {
    let mut world = World::new();
    world.consent(|consent| consent.purposes = Purpose::EmergencyTreatment as u16);
    world.request.purpose = Purpose::EmergencyTreatment;
    assert_eq!(world.read().rule(), RuleId::ConsentBase);
    world.views.emergencies = vec![open(BREAK_GLASS, statement(world.request.now + 60))];
    assert_eq!(world.read().rule(), RuleId::BreakGlass { break_glass: BREAK_GLASS });
    world.statement(|signed| signed.records = [STUDY].into());
    assert_eq!(world.read().rule(), RuleId::ConsentBase);
    world.policy(|policy| *policy = Policy { base: Base::BreakGlassOnly, ..policy.clone() });
    assert_eq!(world.read().rule(), RuleId::BreakGlassOnly);
    world.statement(|signed| signed.records = [RECORD].into());
    assert_eq!(world.read().rule(), RuleId::BreakGlass { break_glass: BREAK_GLASS });
}

#[test]
fn a_statement_names_records_and_one_line_of_reason() {
    let valid = |change: fn(&mut aegle_decision::Statement)| {
        let mut statement = statement(0);
        change(&mut statement);
        statement.validate().is_ok()
    };
    assert!(valid(|_| ()));
    assert!(!valid(|statement| statement.records.clear()));
    assert!(!valid(|statement| statement.records = (0..257u16).map(numbered).collect()));
    assert!(!valid(|statement| statement.reason = "  ".into()));
    assert!(!valid(|statement| statement.reason = "a\nb".into()));
    assert!(!valid(|statement| statement.reason = "a".repeat(1_001)));
}

fn numbered(number: u16) -> Key {
    let mut key = Key::default();
    key.0[..2].copy_from_slice(&number.to_le_bytes());
    key
}
