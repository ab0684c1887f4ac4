//! What is secret is neither shown nor stored by accident, and is wiped from memory. Most of this is
//! checked when it is compiled.

use std::fmt::{Debug, Display};

use aegle_envelope::{
    ContentKey, RecoveryCode, RootSecret, SecretKey,
    keyring::{Share, WalletSecret},
};
use serde::Serialize;
use zeroize::ZeroizeOnDrop;

/// Does not compile for a type that has one of these traits: which `is_secret` is meant is then
/// ambiguous.
trait IsSecret<Reason> {
    fn is_secret() {}
}

struct AsDebug;
struct AsDisplay;
struct AsSerialize;

impl<T> IsSecret<()> for T {}
impl<T: Debug> IsSecret<AsDebug> for T {}
impl<T: Display> IsSecret<AsDisplay> for T {}
impl<T: Serialize> IsSecret<AsSerialize> for T {}

fn is_wiped<T: ZeroizeOnDrop>() {}

#[test]
fn secrets_have_no_form_to_be_shown_or_stored_in_and_are_wiped() {
    <ContentKey as IsSecret<_>>::is_secret();
    <RecoveryCode as IsSecret<_>>::is_secret();
    <RootSecret as IsSecret<_>>::is_secret();
    <SecretKey as IsSecret<_>>::is_secret();
    <Share as IsSecret<_>>::is_secret();
    <WalletSecret as IsSecret<_>>::is_secret();
    is_wiped::<ContentKey>();
    is_wiped::<RecoveryCode>();
    is_wiped::<RootSecret>();
    is_wiped::<Share>();
    is_wiped::<WalletSecret>();
    // `SecretKey` is a key of x25519-dalek, which wipes it and has the trait only inside.
    is_wiped::<chacha20poly1305::ChaCha20Poly1305>();
}
