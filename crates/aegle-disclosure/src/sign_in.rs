use std::fmt;

use aegle_decision::{Caller, Key};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use solana_sha256_hasher::hashv;

use crate::{Digest, signature};

const DOMAIN: &[u8] = b"aegle:sign-in:v1";
/// What names the session's key among the resources of the text.
const REQUEST_KEY: &str = "aegle:request-key:";

/// The text that a wallet signs to sign in: Sign-In With Solana, after ERC-4361.
///
/// It names the key that signs the session's requests, so that each of them counts as the wallet's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInText {
    /// Host of the page, with its port where it is not the scheme's own.
    pub domain: String,
    pub address: Key,
    pub statement: String,
    pub uri: String,
    pub chain_id: String,
    pub nonce: String,
    /// RFC 3339, as the expiration.
    pub issued_at: String,
    pub expiration_time: String,
    /// Ed25519 key of the session.
    pub request_key: Key,
}

impl SignInText {
    pub const VERSION: &str = "1";

    /// What the text says of who signs in, and who acts for it.
    pub fn statement(practitioner: Option<&Key>) -> String {
        match practitioner {
            None => "Sign in to Aegle.".to_owned(),
            Some(key) => format!("Sign in to Aegle. Practitioner {key} acts for this organization."),
        }
    }

    /// The only resource of the text.
    pub fn resource(request_key: &Key) -> String {
        format!("{REQUEST_KEY}{request_key}")
    }

    /// The fields of a text; none where it has another form than [`SignInText`] is written in.
    pub fn read(message: &str) -> Option<Self> {
        let mut lines = message.lines();
        let mut field = |prefix: &str| lines.next()?.strip_prefix(prefix).map(str::to_owned);
        let domain = field("")?.strip_suffix(" wants you to sign in with your Solana account:")?.to_owned();
        let address = field("")?.parse().ok()?;
        field("")?;
        let statement = field("")?;
        field("")?;
        let uri = field("URI: ")?;
        field("Version: ")?;
        let (chain_id, nonce) = (field("Chain ID: ")?, field("Nonce: ")?);
        let (issued_at, expiration_time) = (field("Issued At: ")?, field("Expiration Time: ")?);
        field("Resources:")?;
        let request_key = field("- ")?.strip_prefix(REQUEST_KEY)?.parse().ok()?;
        let text = Self { domain, address, statement, uri, chain_id, nonce, issued_at, expiration_time, request_key };
        (text.to_string() == message).then_some(text)
    }
}

impl fmt::Display for SignInText {
    /// The exact text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, address, statement, uri, chain_id, nonce, issued_at, expiration_time, request_key } = self;
        write!(
            f,
            "{domain} wants you to sign in with your Solana account:\n{address}\n\n{statement}\n\nURI: {uri}\n\
             Version: {}\nChain ID: {chain_id}\nNonce: {nonce}\nIssued At: {issued_at}\n\
             Expiration Time: {expiration_time}\nResources:\n- {}",
            Self::VERSION,
            Self::resource(request_key),
        )
    }
}

/// A text that was signed to sign in: shows whose a session's key was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub message: String,
    /// The wallet's, Ed25519, base64.
    #[serde(with = "signature")]
    pub signature: [u8; 64],
    /// Of the practitioner who acts for the wallet, where it is an organization's.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "signature::optional")]
    pub practitioner_signature: Option<[u8; 64]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInFault {
    #[error("the text is not one that signs in")]
    Text,
    #[error("another wallet or practitioner signed in")]
    Caller,
    #[error("another key was named to sign requests")]
    RequestKey,
    #[error("a signature is not by who is named, over the text")]
    Signature,
}

impl SignIn {
    /// SHA-256 over a domain, the length of the text in 4 bytes big-endian, the text and the signatures.
    pub fn digest(&self) -> Digest {
        let length = u32::try_from(self.message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let second = self.practitioner_signature.as_ref().map_or(&[][..], |signature| signature);
        Digest(hashv(&[DOMAIN, &length, self.message.as_bytes(), &self.signature, second]).to_bytes())
    }

    /// Whether `caller` signed in, for `request_key` to sign the session's requests.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self, caller: &Caller, request_key: &Key) -> Result<SignInText, SignInFault> {
        let text = SignInText::read(&self.message).ok_or(SignInFault::Text)?;
        let statement = SignInText::statement(caller.practitioner.as_ref());
        if text.address != caller.key || text.statement != statement {
            return Err(SignInFault::Caller);
        }
        if text.request_key != *request_key {
            return Err(SignInFault::RequestKey);
        }
        let signed = |key: &Key, signature| verify(key, self.message.as_bytes(), signature);
        let practitioner = match (&caller.practitioner, &self.practitioner_signature) {
            (None, None) => true,
            (Some(key), Some(signature)) => signed(key, signature),
            _ => false,
        };
        if practitioner && signed(&caller.key, &self.signature) { Ok(text) } else { Err(SignInFault::Signature) }
    }
}

/// Whether a key signed a message.
pub fn verify(key: &Key, message: &[u8], signature: &[u8; 64]) -> bool {
    Verifier::new(key).is_some_and(|verifier| verifier.verify(message, signature))
}

/// A key that is read once to check many signatures: reading takes a tenth of the time of each.
#[derive(Clone)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// None where the bytes are no key.
    pub fn new(key: &Key) -> Option<Self> {
        VerifyingKey::from_bytes(&key.0).ok().map(Self)
    }

    pub fn key(&self) -> Key {
        Key(self.0.to_bytes())
    }

    /// By the strict rules of Ed25519: no second form of a signature, and no key of small order, which
    /// "signs" everything.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}
