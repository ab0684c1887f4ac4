//! The text that a wallet signs to sign in: Sign-In With Solana, after ERC-4361.
//!
//! The server writes the text from its own challenge and verifies signatures over exactly these bytes.
//! It reads nothing back from a text, so no field of one can be forged.

use aegle_decision::Key;
use aegle_disclosure::SignInText;
use serde::Deserialize;

use super::{
    bytes::{Address, BlockHash, Nonce},
    cursor::{CursorKey, List},
    time::Time,
};

/// The clusters whose genesis is known, by the names that wallets use.
const CLUSTERS: [(&str, &str); 3] = [
    ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", "solana:mainnet"),
    ("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", "solana:devnet"),
    ("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY", "solana:testnet"),
];

/// Settings of sign-in and sessions. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct SignInConfig {
    /// Origin of the page that people sign in on, such as `https://aegle.example`. Its host is the
    /// domain that wallets show and compare.
    pub uri: String,
    /// Chain that the signed text names; by default that of the mirror's genesis block.
    pub chain: Option<String>,
    /// Seconds in which a challenge must be answered.
    pub challenge_seconds: u32,
    /// Seconds after which a session expires unless it is renewed.
    pub session_seconds: u32,
    /// Seconds after which a session ends, renewed or not.
    pub session_max_seconds: u32,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            uri: "http://localhost:8080".to_owned(),
            chain: None,
            challenge_seconds: 5 * 60,
            session_seconds: 15 * 60,
            session_max_seconds: 12 * 60 * 60,
        }
    }
}

impl SignInConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        self.domain()?;
        if let Some(chain) = &self.chain
            && (chain.is_empty() || !chain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-".contains(&byte)))
        {
            return Err("chain must be a name such as solana:mainnet".to_owned());
        }
        for (key, seconds, most) in [
            ("challenge_seconds", self.challenge_seconds, 60 * 60),
            ("session_seconds", self.session_seconds, self.session_max_seconds),
            ("session_max_seconds", self.session_max_seconds, 7 * 24 * 60 * 60),
        ] {
            if !(1..=most).contains(&seconds) {
                return Err(format!("{key} must be 1 to {most}"));
            }
        }
        Ok(())
    }

    /// Host and, where it is not the scheme's own, port.
    pub fn domain(&self) -> Result<String, String> {
        let wrong =
            || format!("uri is '{}', which is no origin such as https://aegle.example", self.uri.escape_debug());
        let url = url::Url::parse(&self.uri).map_err(|_| wrong())?;
        let origin = url.origin().ascii_serialization();
        if !matches!(url.scheme(), "http" | "https") || origin != self.uri {
            return Err(wrong());
        }
        origin.split_once("://").map(|(_, domain)| domain.to_owned()).ok_or_else(wrong)
    }
}

/// What sign-in needs besides the database.
pub struct SignIn {
    pub config: SignInConfig,
    domain: String,
}

/// What a wallet is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub nonce: Nonce,
    pub address: Address,
    pub practitioner: Option<Address>,
    /// Signs the session's requests.
    pub request_key: Address,
    pub issued_at: Time,
    pub expires_at: Time,
}

impl Challenge {
    const SEAL: List<'_> = List { route: "sign-in", filter: &[] };

    /// The whole challenge for whoever asked: only this server, or another with its key, can have made it.
    pub fn seal(&self, key: &CursorKey) -> String {
        let Self { nonce, address, practitioner, request_key, issued_at, expires_at } = self;
        let times = [issued_at.0.to_le_bytes(), expires_at.0.to_le_bytes()].concat();
        let practitioner = practitioner.as_ref().map_or(&[][..], |key| &key.0);
        key.seal(&Self::SEAL, &[&nonce.0, &times[..], &address.0, &request_key.0, practitioner].concat())
    }

    /// None for what [`Challenge::seal`] did not make under this key.
    pub fn open(key: &CursorKey, text: &str) -> Option<Self> {
        let sealed = key.open(&Self::SEAL, text).ok()?;
        let (nonce, rest) = sealed.split_first_chunk()?;
        let (issued_at, rest) = rest.split_first_chunk()?;
        let (expires_at, rest) = rest.split_first_chunk()?;
        let (address, rest) = rest.split_first_chunk()?;
        let (request_key, practitioner) = rest.split_first_chunk()?;
        let practitioner = match practitioner {
            [] => None,
            key => Some(Address(key.try_into().ok()?)),
        };
        let time = |bytes: &[u8; 8]| Time(i64::from_le_bytes(*bytes));
        Some(Self {
            nonce: Nonce(*nonce),
            address: Address(*address),
            practitioner,
            request_key: Address(*request_key),
            issued_at: time(issued_at),
            expires_at: time(expires_at),
        })
    }
}

impl SignIn {
    /// # Errors
    /// The first wrong key of the configuration.
    pub fn new(config: &SignInConfig) -> Result<Self, String> {
        Ok(Self { domain: config.domain()?, config: config.clone() })
    }

    /// The chain that wallets sign for.
    pub fn chain(&self, genesis: BlockHash) -> &str {
        self.config.chain.as_deref().unwrap_or_else(|| chain_of(genesis))
    }

    /// What the wallet, and with it the practitioner, is asked to sign.
    pub fn text(&self, challenge: &Challenge, genesis: BlockHash) -> SignInText {
        // Every field is the server's own, or a key in base58: none can hold a line break.
        SignInText {
            domain: self.domain.clone(),
            address: Key(challenge.address.0),
            statement: SignInText::statement(challenge.practitioner.map(|key| Key(key.0)).as_ref()),
            uri: self.config.uri.clone(),
            chain_id: self.chain(genesis).to_owned(),
            nonce: hex::encode(challenge.nonce.0),
            issued_at: challenge.issued_at.to_string(),
            expiration_time: challenge.expires_at.to_string(),
            request_key: Key(challenge.request_key.0),
        }
    }
}

fn chain_of(genesis: BlockHash) -> &'static str {
    let genesis = bs58::encode(genesis.0).into_string();
    CLUSTERS.iter().find(|(hash, _)| *hash == genesis).map_or("solana:localnet", |(_, chain)| chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_is_none_is_refused() {
        let with = |uri: &str| SignInConfig { uri: uri.to_owned(), ..Default::default() };
        assert_eq!(with("https://aegle.example").domain().as_deref(), Ok("aegle.example"));
        assert_eq!(with("http://localhost:5173").domain().as_deref(), Ok("localhost:5173"));
        for uri in ["aegle.example", "https://aegle.example/", "https://a.example\nURI: b", "ftp://a.example", ""] {
            assert!(with(uri).validate().unwrap_err().starts_with("uri "), "{uri}");
        }
    }

    #[test]
    fn a_challenge_opens_as_it_was_sealed_and_under_no_other_key_or_use() {
        let key = CursorKey::new([7; 32]);
        for practitioner in [None, Some(Address([3; 32]))] {
            let challenge = Challenge {
                nonce: Nonce([1; 16]),
                address: Address([2; 32]),
                practitioner,
                request_key: Address([4; 32]),
                issued_at: Time(1_700_000_000),
                expires_at: Time(1_700_000_300),
            };
            let text = challenge.seal(&key);
            assert_eq!(Challenge::open(&key, &text), Some(challenge));
            assert_eq!(Challenge::open(&CursorKey::new([8; 32]), &text), None);
            for place in 0..text.len() {
                let mut changed = text.clone();
                let other = if &text[place..=place] == "A" { "B" } else { "A" };
                changed.replace_range(place..=place, other);
                assert_eq!(Challenge::open(&key, &changed), None, "{place}");
            }
        }
        let cursor = key.seal(&List { route: "events", filter: &[] }, &[0; 64]);
        assert_eq!(Challenge::open(&key, &cursor), None);
        assert_eq!(Challenge::open(&key, &key.seal(&Challenge::SEAL, &[0; 95])), None);
        assert_eq!(Challenge::open(&key, &key.seal(&Challenge::SEAL, &[0; 97])), None);
    }

    #[test]
    fn the_chain_follows_from_the_genesis_block() {
        let mut genesis = [0; 32];
        bs58::decode("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d").onto(&mut genesis).unwrap();
        assert_eq!(chain_of(BlockHash(genesis)), "solana:mainnet");
        assert_eq!(chain_of(BlockHash([9; 32])), "solana:localnet");
    }
}
