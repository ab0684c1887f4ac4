//! Opening records in an emergency: what a clinician signs, and what custodians' shares lead to.

use std::collections::BTreeSet;

use aegle_client::{
    Pubkey, id, pda,
    state::{BreakGlass, Credential},
};
use aegle_decision::{Document, Emergency, Key, Statement};
use aegle_envelope::{
    ContentKey, KeyShare, Release, SealedKeyShare, SecretKey,
    emergency::{candidate_keys, read_statement},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    wire::{Bytes, Digest},
};

/// What a clinician opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenedEmergency {
    /// Account of the opening.
    pub break_glass: Key,
    pub vault: Key,
    pub clinician: Key,
    /// The very text that the clinician signed.
    pub statement: String,
    pub signature: Bytes<64>,
    pub salt: Digest,
    /// Whether it is confirmed on chain, and whether the patient's side has reviewed it.
    pub opened: bool,
    pub reviewed: bool,
    /// RFC 3339.
    pub stored_at: String,
}

impl OpenedEmergency {
    /// The statement, if its clinician signed it.
    ///
    /// # Errors
    /// It is none, or somebody else's.
    pub fn statement(&self) -> Result<Document<Statement>, Error> {
        Ok(read_statement(self.statement.clone().into_bytes(), &self.signature.0)?)
    }

    /// What the chain has to have.
    ///
    /// # Errors
    /// As those of [`OpenedEmergency::statement`].
    pub fn commitment(&self) -> Result<[u8; 32], Error> {
        Ok(Emergency::commitment(&self.statement()?, &self.signature.0, &self.salt.0))
    }

    /// The statement, if the account of the opening, which is `on_chain`, commits to it.
    ///
    /// # Errors
    /// As those of [`OpenedEmergency::statement`]; [`Error::Chain`] for another opening.
    pub fn check(&self, on_chain: &BreakGlass) -> Result<Document<Statement>, Error> {
        let statement = self.statement()?;
        let said = statement.value();
        let same = on_chain.commitment == Emergency::commitment(&statement, &self.signature.0, &self.salt.0)
            && on_chain.vault.to_bytes() == self.vault.0
            && (said.vault, said.clinician) == (self.vault, self.clinician)
            && break_glass(said) == self.break_glass;
        if same { Ok(statement) } else { Err(Error::Chain("the opening is not that of the statement")) }
    }
}

/// What to open.
#[derive(Clone, Debug, Deserialize)]
pub struct Opening {
    pub vault: Key,
    pub records: BTreeSet<Key>,
    /// For the patient.
    pub reason: String,
    /// The clinician's, which lets its subject open records in an emergency.
    pub credential: Key,
    /// How long, in seconds.
    pub seconds: i64,
}

impl Opening {
    /// What `clinician` is to sign; `attested` is their credential on chain, `now` the ledger's clock.
    ///
    /// # Errors
    /// No or too many records, or a reason that is none, too long or of several lines.
    pub fn statement(
        self,
        clinician: Key,
        attested: &Credential,
        now: i64,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Document<Statement>, Error> {
        let Self { vault, records, reason, credential, seconds } = self;
        let statement = Statement {
            kind: Default::default(),
            vault,
            break_glass_id: id::break_glass_id(rng, &vault.0.into()),
            clinician,
            credential,
            encryption_key: attested.encryption_key,
            records,
            reason,
            expires_at: now.saturating_add(seconds),
        };
        statement.validate()?;
        Ok(Document::new(statement))
    }
}

/// Account of the opening that a statement is for.
pub fn break_glass(statement: &Statement) -> Key {
    Key(pda::find_break_glass(&Pubkey::from(statement.vault.0), &statement.break_glass_id).0.to_bytes())
}

/// What the server is given to open it.
#[derive(Clone, Debug, Serialize)]
pub struct NewEmergency {
    statement: String,
    signature: Bytes<64>,
    salt: Digest,
}

impl NewEmergency {
    /// A statement with its clinician's signature.
    ///
    /// # Errors
    /// A signature that is not theirs.
    pub fn new(statement: Vec<u8>, signature: [u8; 64], rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, Error> {
        let statement = read_statement(statement, &signature)?;
        let text = std::str::from_utf8(statement.bytes()).map_err(|_| Error::Answer("a statement is text"))?;
        let salt = aegle_client::commitment::random_bytes(rng);
        Ok(Self { statement: text.to_owned(), signature: Bytes(signature), salt: Digest(salt) })
    }
}

/// A custodian's share of a record's key, encrypted to the clinician.
#[derive(Clone, Debug, Deserialize)]
pub struct ReleasedShare {
    pub record: Key,
    custodian: Key,
    threshold: u8,
    share: Bytes<81>,
}

/// What custodians have released of one record's key.
pub struct Collected {
    pub shares: usize,
    /// How many of them give the key; 0 where none was released.
    pub threshold: u8,
    opened: Vec<KeyShare>,
}

impl Collected {
    /// Opens what was released for `break_glass` of the key of `record`, with the clinician's keys.
    pub fn new(released: &[ReleasedShare], break_glass: Key, record: Key, keys: &[&SecretKey]) -> Self {
        let of_record: Vec<_> = released.iter().filter(|share| share.record == record).collect();
        let opened = of_record.iter().filter_map(|share| {
            let release = Release { break_glass, record, custodian: share.custodian };
            keys.iter().find_map(|secret| SealedKeyShare(share.share.0).open_released(&release, secret).ok())
        });
        let opened = opened.collect();
        let threshold = of_record.iter().map(|share| share.threshold).max().unwrap_or_default();
        Self { shares: of_record.len(), threshold, opened }
    }

    pub fn is_enough(&self) -> bool {
        self.threshold > 0 && self.opened.len() >= usize::from(self.threshold)
    }

    /// Keys that the content may have: which one it has, it says itself, as no other opens it.
    pub fn keys(&self) -> impl Iterator<Item = ContentKey> {
        candidate_keys(self.threshold, &self.opened)
    }
}
