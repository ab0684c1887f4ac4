//! The key that follows from a wallet: always the same one, and another for everything else.

use aegle_decision::Key;
use aegle_envelope::{EncryptionKey, KeyringError, ReadingKeyMessage, keyring::WalletMessage};
use ed25519_dalek::{Signer, SigningKey};

const SITE: (&str, &str) = ("aegle.example", "https://aegle.example");

fn message(wallet: &SigningKey, (domain, uri): (&str, &str), number: u32) -> ReadingKeyMessage {
    ReadingKeyMessage::new(domain, uri, Key(wallet.verifying_key().to_bytes()), number).unwrap()
}

fn key(wallet: &SigningKey, site: (&str, &str), number: u32) -> EncryptionKey {
    let message = message(wallet, site, number);
    let signature = wallet.sign(message.to_string().as_bytes()).to_bytes();
    message.signed(&signature, &signature).unwrap().encryption_key()
}

#[test]
fn a_wallet_has_one_key_on_a_site_and_others_elsewhere() {
    let (wallet, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let own = key(&wallet, SITE, 1);
    assert_eq!(own, key(&wallet, SITE, 1));
    for (what, another) in [
        ("another wallet", key(&other, SITE, 1)),
        ("another site", key(&wallet, ("other.example", "https://other.example"), 1)),
        ("the next key", key(&wallet, SITE, 2)),
    ] {
        assert_ne!(own, another, "{what}");
    }
}

#[test]
fn what_another_signed_or_what_was_signed_for_something_else_is_no_key() {
    let (wallet, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let asked = message(&wallet, SITE, 1);
    let (text, owner) = (asked.to_string(), Key(wallet.verifying_key().to_bytes()));
    let vault = WalletMessage::new(SITE.0, SITE.1, owner, Key([7; 32]), 1).unwrap().to_string();
    let right = wallet.sign(text.as_bytes()).to_bytes();
    for (what, wrong) in [
        ("another wallet", other.sign(text.as_bytes())),
        ("the next key", wallet.sign(message(&wallet, SITE, 2).to_string().as_bytes())),
        ("a patient's keyring", wallet.sign(vault.as_bytes())),
    ] {
        let wrong = wrong.to_bytes();
        for (first, second) in [(&wrong, &wrong), (&right, &wrong), (&wrong, &right)] {
            assert_eq!(asked.signed(first, second).err(), Some(KeyringError::Signature), "{what}");
        }
    }
}

#[test]
fn the_message_names_the_site_the_wallet_and_the_key_and_no_time() {
    let wallet = SigningKey::from_bytes(&[1; 32]);
    let address = Key(wallet.verifying_key().to_bytes());
    assert_eq!(
        message(&wallet, SITE, 1).to_string(),
        format!(
            "aegle.example wants you to sign in with your Solana account:\n{address}\n\n\
             Open your reading key. Whoever has this signature can read what patients open to you: sign it nowhere \
             but at aegle.example.\n\nURI: https://aegle.example\nVersion: 1\nResources:\n- aegle:reading-key:1"
        )
    );
    for (domain, uri) in [("", "https:///"), ("a\nURI: x", "https://a\nURI: x/"), ("a.example", "https://b.example")] {
        assert_eq!(ReadingKeyMessage::new(domain, uri, address, 1), Err(KeyringError::Domain), "{domain} {uri}");
    }
}
