//! Signing in, and signing what asks for keys and content.

use aegle_client::commitment::random_bytes;
use aegle_decision::{Caller, Key};
use aegle_disclosure::{RequestParts, SignInText};
use ed25519_dalek::{Signer, SigningKey};
use jiff::Timestamp;
use rand::{CryptoRng, RngCore};
use serde::Deserialize;

use crate::Error;

/// What the server asks a wallet to sign.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// For the answer.
    pub challenge: String,
    domain: String,
    address: Key,
    statement: String,
    uri: String,
    version: String,
    chain_id: String,
    nonce: String,
    issued_at: String,
    expiration_time: String,
    resources: Vec<String>,
    /// The text to sign.
    pub message: String,
}

impl Challenge {
    /// Whether this asks to sign in, for whom and where it should; the text is composed anew from its
    /// fields, so that it says nothing else (ERC-4361's order of lines). `domain` and `uri` are those of the page
    /// that the person trusts. Gives the server's time, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`Error::Challenge`].
    pub fn check(&self, (domain, uri): (&str, &str), caller: &Caller, request_key: Key) -> Result<i64, Error> {
        let plain = |text: &str| !text.is_empty() && text.chars().all(|char| !char.is_control());
        let Self { address, statement, version, chain_id, nonce, issued_at, expiration_time, .. } = self;
        if (&*self.domain, &*self.uri) != (domain, uri) {
            return Err(Error::Challenge("it is for another site"));
        }
        if *address != caller.key {
            return Err(Error::Challenge("it is for another wallet"));
        }
        if *statement != SignInText::statement(caller.practitioner.as_ref()) {
            return Err(Error::Challenge("it does not say who signs in, or who acts"));
        }
        if self.resources != [SignInText::resource(&request_key)] {
            return Err(Error::Challenge("it does not name the session's key alone"));
        }
        if ![statement, version, chain_id, nonce, issued_at, expiration_time].into_iter().all(|field| plain(field)) {
            return Err(Error::Challenge("a field of it is empty or has several lines"));
        }
        let expected = SignInText {
            domain: domain.to_owned(),
            address: *address,
            statement: statement.clone(),
            uri: uri.to_owned(),
            chain_id: chain_id.clone(),
            nonce: nonce.clone(),
            issued_at: issued_at.clone(),
            expiration_time: expiration_time.clone(),
            request_key,
        };
        if self.message != expected.to_string() {
            return Err(Error::Challenge("its text is not made of its fields"));
        }
        let issued_at: Timestamp = issued_at.parse().map_err(|_| Error::Challenge("it was issued at no time"))?;
        Ok(issued_at.as_second())
    }
}

/// Signs what a session asks keys and content with (RFC 9421). Wiped when it is dropped.
pub struct RequestKey(SigningKey);

impl RequestKey {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(SigningKey::generate(rng))
    }

    pub fn key(&self) -> Key {
        Key(self.0.verifying_key().to_bytes())
    }

    /// The headers `Signature-Input` and `Signature` of a request that is made at `at`, by the server's clock in
    /// seconds since the Unix epoch.
    pub fn headers(&self, request: &RequestParts, at: i64, rng: &mut (impl RngCore + CryptoRng)) -> (String, String) {
        let to_sign = request.to_sign(&self.key(), at, &random_bytes(rng));
        to_sign.headers(&self.0.sign(to_sign.base.as_bytes()).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use aegle_disclosure::{Digest, SignedRequest, Verifier};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    const REQUEST_KEY: Key = Key([6; 32]);
    const SITE: (&str, &str) = ("aegle.example", "https://aegle.example");

    fn challenge(wallet: &Key) -> Challenge {
        let (domain, uri) = SITE;
        Challenge {
            challenge: "sealed".into(),
            domain: domain.into(),
            address: *wallet,
            statement: "Sign in to Aegle.".into(),
            uri: uri.into(),
            version: "1".into(),
            chain_id: "solana:localnet".into(),
            nonce: "00ff".into(),
            issued_at: "2030-01-01T00:00:00Z".into(),
            expiration_time: "2030-01-01T00:05:00Z".into(),
            resources: vec![format!("aegle:request-key:{REQUEST_KEY}")],
            message: format!(
                "{domain} wants you to sign in with your Solana account:\n{wallet}\n\nSign in to Aegle.\n\nURI: {uri}\n\
                 Version: 1\nChain ID: solana:localnet\nNonce: 00ff\nIssued At: 2030-01-01T00:00:00Z\n\
                 Expiration Time: 2030-01-01T00:05:00Z\nResources:\n- aegle:request-key:{REQUEST_KEY}"
            ),
        }
    }

    #[test]
    fn only_a_sign_in_here_and_for_this_wallet_is_signed() {
        let wallet = Key([7; 32]);
        let caller = Caller { key: wallet, practitioner: None };
        assert_eq!(challenge(&wallet).check(SITE, &caller, REQUEST_KEY).unwrap(), 1_893_456_000);

        type Change = fn(&mut Challenge);
        let changes: [(&str, Change); 8] = [
            ("another domain", |challenge| challenge.domain = "evil.example".into()),
            ("another site", |challenge| challenge.uri = "https://evil.example".into()),
            ("another wallet", |challenge| challenge.address = Key([8; 32])),
            ("another text", |challenge| challenge.message.push_str("\n- aegle:vault")),
            ("a line within a field", |challenge| {
                challenge.statement = "Sign in.\n\nURI: https://evil.example".into();
            }),
            ("another key", |challenge| challenge.resources[0] = format!("aegle:request-key:{}", Key([5; 32]))),
            ("another key too", |challenge| challenge.resources.push("aegle:request-key:1".into())),
            ("a transaction", |challenge| challenge.message = "\u{1}\u{0}\u{1}".into()),
        ];
        for (what, change) in changes {
            let mut changed = challenge(&wallet);
            change(&mut changed);
            assert!(matches!(changed.check(SITE, &caller, REQUEST_KEY), Err(Error::Challenge(_))), "{what}");
        }
        let acting = Caller { practitioner: Some(Key([9; 32])), ..caller };
        assert!(challenge(&wallet).check(SITE, &acting, REQUEST_KEY).is_err(), "nobody else acts");
    }

    #[test]
    fn a_signed_request_is_taken_for_what_it_asks_alone() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = RequestKey::generate(&mut rng);
        let parts = RequestParts {
            method: "GET".into(),
            path: "/v1/records".into(),
            query: "patient=x".into(),
            purpose: "TREAT".into(),
        };
        let (input, signature) = key.headers(&parts, 1_000, &mut rng);
        let verifier = Verifier::new(&key.key()).unwrap();
        let read = |parts: &RequestParts| {
            SignedRequest::read(parts, (&input, &signature), (&verifier, Digest::default()), 1_010)
        };
        assert!(read(&parts).is_ok());
        assert!(read(&RequestParts { purpose: "HRESCH".into(), ..parts }).is_err());
    }
}
