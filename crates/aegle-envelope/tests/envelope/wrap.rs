//! Wraps: they open for their recipient and what they are for, and for nothing else.

use aegle_decision::Key;
use aegle_envelope::{Binding, ContentKey, EncryptionKey, SecretKey, Wrap, WrapError};

use crate::rng;

const RECORD: Key = Key([3; 32]);

/// Every X25519 public key whose product with any private key is zero, in every encoding: the orders
/// are 4, 1, 8 and 8 (the last two), 2, and those again with p added or the unused top bit set.
pub const LOW_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn wrapped() -> (SecretKey, Wrap) {
    let secret = SecretKey::generate(&mut rng(1));
    let key = ContentKey::from_bytes([9; 32]);
    let wrap = Wrap::seal(&key, &Binding::Record(RECORD), &secret.encryption_key(), &mut rng(2)).unwrap();
    (secret, wrap)
}

fn opens(wrap: &Wrap, binding: &Binding, secret: &SecretKey) -> bool {
    wrap.open(binding, secret).is_ok()
}

#[test]
fn a_wrap_opens_for_its_recipient_and_its_record_alone() {
    let (secret, wrap) = wrapped();
    let stored = SecretKey::from_bytes(&secret.to_bytes()).unwrap();
    for secret in [&secret, &stored] {
        assert!(opens(&wrap, &Binding::Record(RECORD), secret));
    }
    assert!(!opens(&wrap, &Binding::Record(Key([4; 32])), &secret));
    assert!(!opens(&wrap, &Binding::Mail(RECORD), &secret));
    assert!(!opens(&wrap, &Binding::Record(RECORD), &SecretKey::generate(&mut rng(3))));
}

#[test]
fn any_altered_byte_of_a_wrap_is_refused() {
    let (secret, wrap) = wrapped();
    for place in 0..wrap.0.len() {
        // X25519 ignores the top bit of a public key, but the key schedule does not.
        for bits in [1, 0x80] {
            let mut altered = wrap;
            altered.0[place] ^= bits;
            assert!(!opens(&altered, &Binding::Record(RECORD), &secret), "byte {place}");
        }
    }
}

#[test]
fn points_of_low_order_are_refused_as_recipient_and_as_encapsulated_key() {
    let (secret, wrap) = wrapped();
    for point in LOW_ORDER {
        let mut bytes = [0; 32];
        hex::decode_to_slice(point, &mut bytes).unwrap();
        let key = ContentKey::from_bytes([9; 32]);
        let refused = Wrap::seal(&key, &Binding::Record(RECORD), &EncryptionKey(bytes), &mut rng(2));
        assert_eq!(refused, Err(WrapError::Recipient), "{point}");
        let mut altered = wrap;
        altered.0[..32].copy_from_slice(&bytes);
        assert!(!opens(&altered, &Binding::Record(RECORD), &secret), "{point}");
    }
}
