//! Who somebody is: as far as the chain commits to it, and no further.

use aegle_client::{
    Pubkey,
    commitment::commit,
    pda,
    state::{Credential, CredentialKind, CredentialStatus, DAY, Registrar},
};
use aegle_decision::Key;
use aegle_exchange::profile::{Named, Published, named};

const SUBJECT: Key = Key([7; 32]);
const CREDENTIAL: Key = Key([8; 32]);
const DOCTOR: &str = r#"{"name":"Dr Ada Example","specialty":"cardiology"}"#;
const BOARD: &str = r#"{"name":"Example Board"}"#;
/// Within the credential's days.
const NOW: i64 = 15 * DAY;

fn registrar() -> Registrar {
    Registrar {
        version: 1,
        bump: 255,
        rent_payer: Pubkey::default(),
        authority: Pubkey::from([9; 32]),
        kinds: 1,
        profile_commitment: commit(&[1; 32], BOARD.as_bytes()),
        added_slot: 1,
        added_at: 1,
        removed_slot: 0,
        removed_at: 0,
    }
}

fn credential() -> Credential {
    Credential {
        version: 1,
        bump: 255,
        kind: CredentialKind::Practitioner,
        status: CredentialStatus::Active,
        emergency: false,
        rent_payer: Pubkey::default(),
        registrar: pda::find_registrar(&registrar().authority).0,
        subject: Pubkey::from(SUBJECT.0),
        encryption_key: [3; 32],
        profile_commitment: commit(&[2; 32], DOCTOR.as_bytes()),
        from_day: 10,
        until_day: 20,
        revision: 0,
        issued_slot: 1,
        issued_at: 1,
        changed_slot: 1,
        changed_at: 1,
    }
}

fn published() -> [Published; 2] {
    let board = Key(credential().registrar.to_bytes());
    [(CREDENTIAL, [2; 32], DOCTOR), (board, [1; 32], BOARD)].map(|(account, salt, profile)| Published {
        account,
        salt,
        profile: profile.into(),
    })
}

fn by(credential: &Credential, registrar: &Registrar, published: &[Published], now: i64) -> Option<Named> {
    named(&SUBJECT, (CREDENTIAL, credential), registrar, published, now)
}

#[test]
fn somebody_is_named_as_far_as_the_chain_commits_to_it() {
    let found = by(&credential(), &registrar(), &published(), NOW).unwrap();
    let texts = [&found.name, &found.specialty, &found.registrar].map(|text| text.as_deref().unwrap());
    assert_eq!((texts, found.in_effect), (["Dr Ada Example", "cardiology", "Example Board"], true));

    let nothing = by(&credential(), &registrar(), &[], NOW).unwrap();
    assert_eq!((nothing.name, nothing.registrar, nothing.in_effect), (None, None, true));
    type Change = fn(&mut [Published; 2]);
    let changes: [(&str, Change); 3] = [
        ("another name", |published| published[0].profile = DOCTOR.replace("Ada", "Bob")),
        ("another salt", |published| published[0].salt = [4; 32]),
        ("of another account", |published| published[0].account = Key([5; 32])),
    ];
    for (what, change) in changes {
        let mut changed = published();
        change(&mut changed);
        let found = by(&credential(), &registrar(), &changed, NOW).unwrap();
        assert_eq!((found.name, found.registrar.as_deref()), (None, Some("Example Board")), "{what}");
    }
}

#[test]
fn a_credential_of_somebody_else_or_of_another_registrar_names_nobody() {
    let other = Credential { subject: Pubkey::from([6; 32]), ..credential() };
    assert_eq!(by(&other, &registrar(), &published(), NOW), None);
    let other = Registrar { authority: Pubkey::from([6; 32]), ..registrar() };
    assert_eq!(by(&credential(), &other, &published(), NOW), None);
}

#[test]
fn inv_2_a_credential_that_does_not_count_is_not_in_effect() {
    let counts = |credential: &Credential, registrar: &Registrar, now| {
        by(credential, registrar, &published(), now).unwrap().in_effect
    };
    assert!(counts(&credential(), &registrar(), 10 * DAY));
    for (what, now) in [("not yet", 10 * DAY - 1), ("no more", 20 * DAY)] {
        assert!(!counts(&credential(), &registrar(), now), "{what}");
    }
    for status in [CredentialStatus::Suspended, CredentialStatus::Revoked] {
        assert!(!counts(&Credential { status, ..credential() }, &registrar(), NOW), "{status:?}");
    }
    assert!(!counts(&credential(), &Registrar { removed_slot: 5, ..registrar() }, NOW), "its registrar was removed");
}
