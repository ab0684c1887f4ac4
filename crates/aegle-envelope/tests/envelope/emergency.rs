//! A content key split over custodians: what together opens it, and what does not.

use aegle_decision::{Document, Key, Statement};
use aegle_envelope::{
    ContentKey, Custodian, CustodianPlan, KeyShare, Release, SealedKeyShare, SecretKey,
    emergency::{EmergencyError, StatementError, candidate_keys, read_statement, verify_signature},
};
use ed25519_dalek::{Signer, SigningKey};

use crate::rng;

const RECORD: Key = Key([1; 32]);
const BREAK_GLASS: Key = Key([2; 32]);

fn secret(place: u8) -> SecretKey {
    SecretKey::generate(&mut rng(200 + u64::from(place)))
}

fn plan(threshold: u8, custodians: u8) -> CustodianPlan {
    let custodians = (0..custodians)
        .map(|place| Custodian { custodian: Key([100 + place; 32]), encryption_key: secret(place).encryption_key() });
    CustodianPlan { kind: Default::default(), vault: Key([7; 32]), threshold, custodians: custodians.collect() }
}

fn clinician() -> SecretKey {
    SecretKey::generate(&mut rng(300))
}

/// The key of [`RECORD`] dealt over 2 of 3, released to the clinician by `who`.
fn released(key: &ContentKey, who: &[u8]) -> Vec<KeyShare> {
    let dealt = plan(2, 3).deal(&RECORD, key, &mut rng(1)).unwrap();
    let released = who.iter().map(|place| {
        let custodian = Key([100 + place; 32]);
        let share = dealt[usize::from(*place)].open_dealt(&RECORD, &custodian, &secret(*place)).unwrap();
        let release = Release { break_glass: BREAK_GLASS, record: RECORD, custodian };
        let sealed = share.release(&release, &clinician().encryption_key(), &mut rng(2)).unwrap();
        sealed.open_released(&release, &clinician()).unwrap()
    });
    released.collect()
}

fn opens(threshold: u8, shares: &[KeyShare], key: &ContentKey) -> bool {
    candidate_keys(threshold, shares).any(|candidate| candidate.to_bytes() == key.to_bytes())
}

#[test]
fn two_of_three_custodians_give_the_key_and_one_does_not() {
    let key = ContentKey::generate(&mut rng(5));
    for who in [[0, 1], [0, 2], [1, 2]] {
        assert!(opens(2, &released(&key, &who), &key), "{who:?}");
    }
    assert!(opens(2, &released(&key, &[0, 1, 2]), &key), "one more than needed");
    for who in 0..3 {
        assert_eq!(candidate_keys(2, &released(&key, &[who])).count(), 0);
        assert_eq!(candidate_keys(2, &released(&key, &[who, who])).count(), 0, "the same share twice");
        assert!(!opens(1, &released(&key, &[who]), &key), "a server that names a lower threshold");
    }
}

#[test]
fn a_false_share_is_left_out_where_there_are_enough_true_ones() {
    let key = ContentKey::generate(&mut rng(5));
    let mut shares = released(&key, &[0, 1]);
    shares.extend(released(&ContentKey::generate(&mut rng(6)), &[2]));
    assert!(opens(2, &shares, &key));
    assert!(!opens(2, &shares[1..], &key));
}

#[test]
fn inv_8_a_share_opens_to_its_custodian_for_its_record_and_to_its_clinician_for_its_opening_alone() {
    let key = ContentKey::generate(&mut rng(5));
    let custodian = Key([100; 32]);
    let dealt = plan(2, 3).deal(&RECORD, &key, &mut rng(1)).unwrap()[0];
    assert!(dealt.open_dealt(&RECORD, &custodian, &secret(1)).is_err(), "another custodian's key");
    assert!(dealt.open_dealt(&RECORD, &Key([101; 32]), &secret(0)).is_err(), "another custodian's name");
    assert!(dealt.open_dealt(&Key([9; 32]), &custodian, &secret(0)).is_err(), "another record");
    let mut altered = dealt;
    altered.0[40] ^= 1;
    assert!(altered.open_dealt(&RECORD, &custodian, &secret(0)).is_err());

    let release = Release { break_glass: BREAK_GLASS, record: RECORD, custodian };
    let share = dealt.open_dealt(&RECORD, &custodian, &secret(0)).unwrap();
    let sealed = share.release(&release, &clinician().encryption_key(), &mut rng(2)).unwrap();
    assert!(sealed.open_released(&release, &clinician()).is_ok());
    assert!(sealed.open_released(&release, &secret(0)).is_err(), "another clinician");
    for other in [
        Release { break_glass: Key([9; 32]), ..release },
        Release { record: Key([9; 32]), ..release },
        Release { custodian: Key([9; 32]), ..release },
    ] {
        assert!(sealed.open_released(&other, &clinician()).is_err());
    }
    assert!(sealed.open_dealt(&RECORD, &custodian, &clinician()).is_err(), "what is released is not what is dealt");
    assert!(SealedKeyShare(dealt.0).open_released(&release, &secret(0)).is_err());
}

#[test]
fn a_plan_can_be_met_and_names_nobody_twice() {
    let key = ContentKey::generate(&mut rng(5));
    for (threshold, count) in [(0, 3), (4, 3), (1, 0), (1, 11)] {
        assert_eq!(plan(threshold, count).deal(&RECORD, &key, &mut rng(1)).err(), Some(EmergencyError::Threshold));
    }
    let mut twice = plan(2, 3);
    twice.custodians[2].custodian = twice.custodians[0].custodian;
    assert_eq!(twice.validate(), Err(EmergencyError::Twice));
    assert_eq!(plan(10, 10).deal(&RECORD, &key, &mut rng(1)).unwrap().len(), 10);
}

#[test]
fn a_statement_counts_by_its_clinicians_signature_over_its_very_bytes() {
    let clinician = SigningKey::from_bytes(&[8; 32]);
    let statement = Document::new(Statement {
        kind: Default::default(),
        vault: Key([7; 32]),
        break_glass_id: [3; 32],
        clinician: Key(clinician.verifying_key().to_bytes()),
        credential: Key([4; 32]),
        encryption_key: [5; 32],
        records: [RECORD].into(),
        reason: "Unconscious after a fall".into(),
        expires_at: 1_800_000_000,
    });
    let bytes = statement.bytes().to_vec();
    let signature = clinician.sign(&bytes).to_bytes();
    assert_eq!(read_statement(bytes.clone(), &signature).unwrap(), statement);
    let other = SigningKey::from_bytes(&[9; 32]).sign(&bytes).to_bytes();
    assert_eq!(read_statement(bytes.clone(), &other), Err(StatementError::Signature));
    let spaced = [&bytes[..1], b" ", &bytes[1..]].concat();
    assert_eq!(read_statement(spaced, &signature), Err(StatementError::Signature), "equal JSON, other bytes");
    assert!(verify_signature(&statement, &Key([0; 32]), &signature).is_err(), "a key of small order");
    let mut empty = statement.value().clone();
    empty.records.clear();
    let empty = Document::new(empty);
    let signature = clinician.sign(empty.bytes()).to_bytes();
    assert!(matches!(read_statement(empty.bytes().to_vec(), &signature), Err(StatementError::Document(_))));
}
