//! Every way back to a patient's keys, alone, and what none of them opens.

use aegle_decision::Key;
use aegle_envelope::{
    Keyring, KeyringError, RecoveryCode, RootSecret, SecretKey,
    keyring::{Guardian, RecoveryPlace, Share, WalletMessage, WalletSecret},
};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signer, SigningKey};
use rand::Rng;
use sha2::{Digest, Sha512};

use crate::rng;

const VAULT: Key = Key([7; 32]);
const EPOCH: u32 = 3;
const RECOVERY: Key = Key([5; 32]);

fn wallet(seed: u64) -> SigningKey {
    SigningKey::from_bytes(&rng(seed).r#gen())
}

fn message(owner: &SigningKey, key_epoch: u32) -> WalletMessage {
    let owner = Key(owner.verifying_key().to_bytes());
    WalletMessage::new("aegle.example", "https://aegle.example/", owner, VAULT, key_epoch).unwrap()
}

fn unlock(owner: &SigningKey, key_epoch: u32) -> WalletSecret {
    let message = message(owner, key_epoch);
    let signature = owner.sign(message.to_string().as_bytes()).to_bytes();
    message.signed(&signature, &signature).unwrap()
}

fn guardian(place: u8) -> (Guardian, SecretKey) {
    let secret = SecretKey::generate(&mut rng(100 + u64::from(place)));
    (Guardian { guardian: Key([100 + place; 32]), encryption_key: secret.encryption_key() }, secret)
}

/// A keyring with all wraps, as the server stores it.
fn stored(root: &RootSecret) -> Keyring {
    let mut keyring = Keyring::new(VAULT, EPOCH);
    keyring.set_wallet(root, &unlock(&wallet(1), EPOCH), &mut rng(10)).unwrap();
    keyring.set_code(root, &code(), &mut rng(11)).unwrap();
    let guardians: Vec<_> = (0..5).map(|place| guardian(place).0).collect();
    keyring.set_guardians(root, 3, &guardians, &mut rng(12)).unwrap();
    serde_json::from_str(&serde_json::to_string(&keyring).unwrap()).unwrap()
}

fn root() -> RootSecret {
    RootSecret::generate(&mut rng(13))
}

fn code() -> RecoveryCode {
    RecoveryCode::generate(&mut rng(14))
}

fn is_root(opened: Result<RootSecret, KeyringError>) -> bool {
    opened.is_ok_and(|opened| opened.to_bytes() == root().to_bytes())
}

fn shares(keyring: &Keyring, places: &[u8]) -> Vec<Share> {
    let open = |place: &u8| {
        let (guardian, secret) = guardian(*place);
        keyring.open_share(&guardian.guardian, &secret).unwrap()
    };
    places.iter().map(open).collect()
}

#[test]
fn the_wallet_alone_opens_the_keyring() {
    let keyring = stored(&root());
    assert!(is_root(keyring.open_with_wallet(&unlock(&wallet(1), EPOCH))));
    assert!(!is_root(keyring.open_with_wallet(&unlock(&wallet(2), EPOCH))), "another wallet");
    assert!(!is_root(keyring.open_with_wallet(&unlock(&wallet(1), EPOCH + 1))), "a signature for another epoch");
    let mut other = Keyring::new(VAULT, EPOCH);
    assert_eq!(other.set_wallet(&root(), &unlock(&wallet(1), EPOCH + 1), &mut rng(1)), Err(KeyringError::OtherEpoch));
}

#[test]
fn a_wallet_that_signs_differently_each_time_or_wrongly_is_refused() {
    let owner = wallet(1);
    let signature = owner.sign(message(&owner, EPOCH).to_string().as_bytes()).to_bytes();
    let other = wallet(2).sign(message(&owner, EPOCH).to_string().as_bytes()).to_bytes();
    let refused = |first: &[u8; 64], second: &[u8; 64]| message(&owner, EPOCH).signed(first, second).err();
    assert_eq!(refused(&signature, &other), Some(KeyringError::Signature));
    assert_eq!(refused(&other, &other), Some(KeyringError::Signature));

    // Another signature of the same key that verifies: its nonce is not the one of RFC 8032.
    let text = message(&owner, EPOCH).to_string();
    let nonce = Scalar::from_bytes_mod_order([4; 32]);
    let point = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
    let challenge = Sha512::digest([&point, owner.verifying_key().as_bytes(), text.as_bytes()].concat());
    let scalar = Scalar::from_bytes_mod_order(owner.to_scalar().to_bytes());
    let answer = nonce + Scalar::from_bytes_mod_order_wide(&challenge.into()) * scalar;
    let randomized = [point, answer.to_bytes()].concat().try_into().unwrap();
    assert_eq!(refused(&signature, &randomized), Some(KeyringError::Undetermined));
}

#[test]
fn the_message_names_domain_owner_vault_and_epoch_and_no_time() {
    let owner = wallet(1);
    let address = Key(owner.verifying_key().to_bytes());
    assert_eq!(
        message(&owner, EPOCH).to_string(),
        format!(
            "aegle.example wants you to sign in with your Solana account:\n{address}\n\n\
             Unlock your health records. Whoever has this signature can read them: sign it nowhere but at \
             aegle.example.\n\nURI: https://aegle.example/\nVersion: 1\nResources:\n- aegle:vault:{VAULT}:3"
        )
    );
    for (domain, uri) in [
        ("", "https:///"),
        ("aegle.example\nURI: x", "https://aegle.example\nURI: x/"),
        ("aegle.example", "https://evil.example/aegle.example"),
        ("aegle.example", "https://aegle.example.evil/"),
        ("aegle.example", "https://aegle.example@evil.example/"),
        ("aegle.example", "aegle.example"),
        ("aegle.example", "https://aegle.example/ x"),
    ] {
        assert_eq!(WalletMessage::new(domain, uri, address, VAULT, 1), Err(KeyringError::Domain), "{domain} {uri}");
    }
}

#[test]
fn the_code_alone_opens_the_keyring_as_it_is_typed() {
    let keyring = stored(&root());
    let printed = code().text();
    assert_eq!(printed.len(), 44);
    for typed in [printed.to_string(), printed.to_lowercase(), printed.replace('-', " "), printed.replace('0', "o")] {
        assert!(is_root(keyring.open_with_code(&typed.parse().unwrap())), "{typed}");
    }
    let other = RecoveryCode::generate(&mut rng(15));
    assert_eq!(keyring.open_with_code(&other).err(), Some(KeyringError::Opening));
}

#[test]
fn every_single_typing_error_in_a_code_is_found() {
    let printed = code().text();
    let place_of = |place: usize| printed.as_bytes()[place];
    let mut tried = 0;
    for place in (0..printed.len()).filter(|place| place_of(*place) != b'-') {
        for typed in b"0123456789ABCDEFGHJKMNPQRSTVWXYZU".iter().filter(|typed| **typed != place_of(place)) {
            let mut wrong = printed.as_bytes().to_vec();
            wrong[place] = *typed;
            assert_eq!(String::from_utf8(wrong).unwrap().parse::<RecoveryCode>().err(), Some(KeyringError::Code));
            tried += 1;
        }
        let mut swapped = printed.replace('-', "").into_bytes();
        let place = tried / 32 - 1;
        if place + 1 < swapped.len() && swapped[place] != swapped[place + 1] {
            swapped.swap(place, place + 1);
            assert_eq!(String::from_utf8(swapped).unwrap().parse::<RecoveryCode>().err(), Some(KeyringError::Code));
        }
    }
    assert_eq!(tried, 36 * 32);
    for wrong in ["", "-", &printed[..43], &format!("{}0", &*printed), "é"] {
        assert_eq!(wrong.parse::<RecoveryCode>().err(), Some(KeyringError::Code));
    }
}

#[test]
fn as_many_guardians_as_the_threshold_open_the_keyring_and_one_less_does_not() {
    let keyring = stored(&root());
    for three in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
        assert!(is_root(keyring.open_with_shares(&shares(&keyring, &three))));
    }
    assert!(is_root(keyring.open_with_shares(&shares(&keyring, &[0, 1, 2, 3, 4]))));
    for two in [&[0, 1][..], &[4], &[], &[2, 2, 2]] {
        let refused = keyring.open_with_shares(&shares(&keyring, two)).err();
        assert_eq!(refused, Some(KeyringError::TooFewShares));
    }
}

#[test]
fn fewer_shares_under_a_lowered_threshold_open_nothing() {
    let keyring = stored(&root());
    let text = serde_json::to_string(&keyring).unwrap();
    let lowered: Keyring = serde_json::from_str(&text.replace(r#""threshold":3"#, r#""threshold":2"#)).unwrap();
    assert_eq!(lowered.open_with_shares(&shares(&keyring, &[0, 1])).err(), Some(KeyringError::Opening));
}

#[test]
fn shares_that_are_not_of_this_keyring_do_no_harm_while_enough_are() {
    let keyring = stored(&root());
    let mut other = Keyring::new(VAULT, EPOCH);
    let guardians: Vec<_> = (0..5).map(|place| guardian(place).0).collect();
    other.set_guardians(&root(), 3, &guardians, &mut rng(77)).unwrap();
    let mut mixed = shares(&other, &[0, 1]);
    mixed.extend(shares(&keyring, &[2, 3, 4]));
    assert!(is_root(keyring.open_with_shares(&mixed)));
    assert_eq!(keyring.open_with_shares(&mixed[..4]).err(), Some(KeyringError::Opening));
}

#[test]
fn a_share_opens_for_its_guardian_alone() {
    let keyring = stored(&root());
    let (first, secret) = guardian(0);
    let (second, _) = guardian(1);
    assert!(keyring.open_share(&first.guardian, &secret).is_ok());
    assert!(matches!(keyring.open_share(&second.guardian, &secret), Err(KeyringError::Wrap(_))));
    assert_eq!(keyring.open_share(&Key([1; 32]), &secret).err(), Some(KeyringError::NoGuardian));
}

#[test]
fn a_stored_list_of_guardians_that_is_too_long_is_no_harm() {
    let keyring = stored(&root());
    let mut value = serde_json::to_value(&keyring).unwrap();
    let share = value["guardians"]["shares"][0].clone();
    value["guardians"]["shares"] = vec![share; 300].into();
    let long: Keyring = serde_json::from_value(value).unwrap();
    let (unknown, secret) = (Key([1; 32]), guardian(0).1);
    assert_eq!(long.open_share(&unknown, &secret).err(), Some(KeyringError::NoGuardian));
}

#[test]
fn guardians_that_cannot_reach_the_threshold_and_keys_of_low_order_are_refused() {
    let guardians: Vec<_> = (0..11).map(|place| guardian(place).0).collect();
    let mut keyring = Keyring::new(VAULT, EPOCH);
    for (threshold, count) in [(0, 3), (4, 3), (3, 11), (1, 0)] {
        let refused = keyring.set_guardians(&root(), threshold, &guardians[..count], &mut rng(1));
        assert_eq!(refused, Err(KeyringError::Threshold));
    }
    let mut low = guardians[..3].to_vec();
    low[1].encryption_key.0 = [0; 32];
    assert!(matches!(keyring.set_guardians(&root(), 2, &low, &mut rng(1)), Err(KeyringError::Wrap(_))));
}

#[test]
fn after_a_recovery_the_new_owner_opens_everything_and_the_old_one_nothing_new() {
    let old = stored(&root());
    // The new owner prepares the next epoch and publishes its key with the recovery.
    let new_root = RootSecret::generate(&mut rng(20));
    let new_key = new_root.vault_key(&VAULT, EPOCH + 1);
    let place = RecoveryPlace { vault: VAULT, key_epoch: EPOCH, recovery: RECOVERY };
    let handed: Vec<_> = [0, 2, 3]
        .iter()
        .zip(shares(&old, &[0, 2, 3]))
        .map(|(guardian_place, share)| {
            let guardian = guardian(*guardian_place).0.guardian;
            share.hand_over(&place, guardian, &new_key.encryption_key(), &mut rng(21)).unwrap()
        })
        .collect();
    assert!(handed[0].open(&SecretKey::generate(&mut rng(22))).is_err(), "nobody else opens a handed share");
    let elsewhere = aegle_envelope::keyring::RecoveryShare { recovery: Key([6; 32]), ..handed[0].clone() };
    assert!(elsewhere.open(&new_key).is_err(), "nor in another recovery");

    let opened: Vec<_> = handed.iter().map(|share| share.open(&new_key).unwrap()).collect();
    let old_root = old.open_with_shares(&opened).unwrap();
    let mut new = Keyring::new(VAULT, EPOCH + 1);
    new.set_wallet(&new_root, &unlock(&wallet(2), EPOCH + 1), &mut rng(23)).unwrap();
    new.set_previous(&new_root, EPOCH, &old_root, &mut rng(24)).unwrap();

    let root_again = new.open_with_wallet(&unlock(&wallet(2), EPOCH + 1)).unwrap();
    let roots = new.open_all(root_again, std::slice::from_ref(&old)).unwrap();
    assert_eq!(roots.keys().copied().collect::<Vec<_>>(), [EPOCH, EPOCH + 1]);
    assert_eq!(roots[&EPOCH].to_bytes(), root().to_bytes());
    assert_eq!(roots[&(EPOCH + 1)].to_bytes(), new_root.to_bytes());

    assert!(new.open_with_wallet(&unlock(&wallet(1), EPOCH + 1)).is_err(), "the old wallet");
    assert!(new.open_previous(&root()).is_err(), "the old root leads nowhere");
    assert_eq!(new.open_with_code(&code()).err(), Some(KeyringError::NoWrap));
    assert_eq!(new.set_previous(&new_root, EPOCH + 1, &old_root, &mut rng(1)), Err(KeyringError::Order));
}

#[test]
fn epochs_lead_back_to_the_first() {
    let roots: Vec<_> = (0..4).map(|epoch| RootSecret::generate(&mut rng(30 + epoch))).collect();
    let mut keyrings: Vec<_> = (0..4).map(|epoch| Keyring::new(VAULT, epoch)).collect();
    for epoch in 1..4 {
        keyrings[epoch].set_previous(&roots[epoch], epoch as u32 - 1, &roots[epoch - 1], &mut rng(40)).unwrap();
    }
    let opened = keyrings[3].open_all(roots[3].clone(), &keyrings[..3]).unwrap();
    assert!(opened.values().map(RootSecret::to_bytes).eq(roots.iter().map(RootSecret::to_bytes)));
    let without_second = [keyrings[0].clone(), keyrings[2].clone()];
    let opened = keyrings[3].open_all(roots[3].clone(), &without_second).unwrap();
    assert_eq!(opened.into_keys().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn keys_and_salts_differ_by_vault_epoch_and_consent() {
    let root = root();
    let key = |vault: u8, epoch| root.vault_key(&Key([vault; 32]), epoch).encryption_key();
    assert!(key(1, 1) != key(2, 1) && key(1, 1) != key(1, 2) && key(1, 1) == key(1, 1));
    let salt = |vault: u8, consent: u8| root.grantee_salt(&Key([vault; 32]), &[consent; 32]);
    assert!(salt(1, 1) != salt(1, 2) && salt(1, 1) != salt(2, 1));
}

#[test]
fn a_stored_keyring_shows_no_secret_and_any_altered_wrap_is_refused() {
    let keyring = stored(&root());
    let text = serde_json::to_string(&keyring).unwrap();
    assert_eq!(serde_json::from_str::<Keyring>(&text).unwrap(), keyring);
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for place in [0, 63, 64, 159] {
        let mut code: Vec<u8> = value["code"].as_str().unwrap().into();
        code[place] = if code[place] == b'0' { b'1' } else { b'0' };
        let before = std::mem::replace(&mut value["code"], String::from_utf8(code).unwrap().into());
        let altered: Keyring = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(altered.open_with_code(&self::code()).err(), Some(KeyringError::Opening));
        value["code"] = before;
    }
    let moved: Keyring = serde_json::from_str(&text.replace(r#""key_epoch":3"#, r#""key_epoch":4"#)).unwrap();
    assert_eq!(moved.open_with_code(&code()).err(), Some(KeyringError::Opening), "an epoch it is not of");
}
