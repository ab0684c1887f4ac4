//! Records on their way out and back: described, wrapped and held against the chain.

use aegle_client::{
    Authority, Pubkey, id, pda,
    state::{Record, Vault},
};
use aegle_decision::{Document, Key, Labels};
use aegle_envelope::{
    Binding, Coding, ContentKey, CustodianPlan, Details, DetailsVersion, EncryptionKey, Issue, IssueError,
    LabelsOpening, Manifest, Wrap,
};
use jiff::civil::Date;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Secrets,
    custodian::{NewKeyShare, shares},
    wire::{CredentialState, Digest, HeldRecord, KeyState, MailboxItem, NewWrap, WrappedKey},
};

/// What a record says of its content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What the server may know.
    pub labels: Labels,
    pub media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Coding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Date>,
}

impl Draft {
    /// Describes a content of `length` bytes and this SHA-256, which `issue` signs where somebody answers for it.
    ///
    /// # Errors
    /// Labels or details that are not valid.
    pub fn manifest(
        self,
        vault: Key,
        (length, content_sha256): (u64, [u8; 32]),
        issue: Option<Issue>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Manifest, Error> {
        let Self { labels, media_type, title, codes, author, issued } = self;
        let kind = DetailsVersion::V1;
        let details = Details { kind, vault, media_type, length, content_sha256, title, codes, author, issued, issue };
        Ok(Manifest::new(Document::new(labels), Document::new(details), rng)?)
    }
}

/// A record that was encrypted: what it says of itself, and the one key to it.
pub struct Sealed {
    pub manifest: Manifest,
    pub key: ContentKey,
}

/// What the server stores of a new record, once its ciphertext was uploaded.
#[derive(Debug, Serialize)]
pub struct NewRecord {
    vault: Key,
    record_id: Digest,
    upload: Digest,
    opening: LabelsOpening,
    wraps: Vec<NewWrap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shares: Vec<NewKeyShare>,
}

/// What the server stores instead of a record's content.
#[derive(Debug, Serialize)]
pub struct NewContent {
    vault: Key,
    upload: Digest,
    wraps: [NewWrap; 1],
    shares: Vec<NewKeyShare>,
}

/// What the server stores of a result for a patient.
#[derive(Debug, Serialize)]
pub struct NewItem {
    vault: Key,
    upload: Digest,
    opening: LabelsOpening,
    recipient: EncryptionKey,
    wrapped_key: WrappedKey,
}

/// A record whose content the server has, to be minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unminted {
    pub vault: Key,
    pub record: Key,
    pub record_id: [u8; 32],
    pub commitment: [u8; 32],
}

impl Sealed {
    pub fn opening(&self) -> LabelsOpening {
        self.manifest.labels_opening()
    }

    fn vault(&self) -> Key {
        self.manifest.details().value().vault
    }

    /// # Errors
    /// A recipient's key of low order.
    pub fn wrap(
        &self,
        binding: Binding,
        recipient: &EncryptionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<WrappedKey, Error> {
        Ok(WrappedKey(Wrap::seal(&self.key, &binding, recipient, rng)?))
    }

    /// The key for the vault itself.
    fn own_wrap(&self, record: Key, state: &Vault, rng: &mut (impl RngCore + CryptoRng)) -> Result<NewWrap, Error> {
        let recipient = EncryptionKey(state.encryption_key);
        let wrapped_key = self.wrap(Binding::Record(record), &recipient, rng)?;
        Ok(NewWrap { holder: self.vault(), recipient, wrapped_key })
    }

    fn shares(
        &self,
        plan: Option<&CustodianPlan>,
        record: Key,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<NewKeyShare>, Error> {
        plan.map_or(Ok(Vec::new()), |plan| shares(plan, record, &self.key, rng))
    }

    /// A new record of its vault, which is `state` on chain, that `authority` is to mint; with shares for the
    /// custodians of the plan in effect.
    ///
    /// # Errors
    /// A vault's or custodian's key of low order.
    pub fn new_record(
        &self,
        state: &Vault,
        authority: Authority,
        upload: Digest,
        plan: Option<&CustodianPlan>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(NewRecord, Unminted), Error> {
        let vault = self.vault();
        let address = Pubkey::from(vault.0);
        let record_id = id::record_id(rng, &address, &state.owner, &authority);
        let record = Key(pda::find_record(&address, &record_id).0.to_bytes());
        let opening = self.opening();
        let unminted = Unminted { vault, record, record_id, commitment: opening.commitment() };
        let new = NewRecord {
            vault,
            record_id: Digest(record_id),
            upload,
            opening,
            wraps: vec![self.own_wrap(record, state, rng)?],
            shares: self.shares(plan, record, rng)?,
        };
        Ok((new, unminted))
    }

    /// The same content encrypted anew, in the place of what the server has of `record`.
    ///
    /// # Errors
    /// As those of [`Sealed::new_record`].
    pub fn new_content(
        &self,
        record: Key,
        state: &Vault,
        upload: Digest,
        plan: Option<&CustodianPlan>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<NewContent, Error> {
        let wraps = [self.own_wrap(record, state, rng)?];
        Ok(NewContent { vault: self.vault(), upload, wraps, shares: self.shares(plan, record, rng)? })
    }

    /// A result for the patient of its vault, which is `state` on chain.
    ///
    /// # Errors
    /// A vault's key of low order.
    pub fn new_item(
        &self,
        state: &Vault,
        upload: Digest,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<NewItem, Error> {
        let (vault, recipient) = (self.vault(), EncryptionKey(state.encryption_key));
        let wrapped_key = self.wrap(Binding::Mail(vault), &recipient, rng)?;
        Ok(NewItem { vault, upload, opening: self.opening(), recipient, wrapped_key })
    }
}

impl HeldRecord {
    /// Whether this is the record that the chain has, with the labels that it commits to.
    ///
    /// # Errors
    /// [`Error::Chain`].
    pub fn check(&self, on_chain: &Record) -> Result<(), Error> {
        if on_chain.vault.to_bytes() != self.vault.0 {
            return Err(Error::Chain("the record is another vault's"));
        }
        if self.opening.commitment() != on_chain.commitment {
            return Err(Error::Chain("its labels are not those that the record commits to"));
        }
        Ok(())
    }

    /// The content key of the record, by the caller's own wrap.
    ///
    /// # Errors
    /// A key that is not there yet, or not for a key at hand.
    pub fn content_key(&self, secrets: &Secrets) -> Result<ContentKey, Error> {
        let KeyState::Wrapped { recipient, wrapped_key, mail } = self.key else {
            return Err(Error::NoKey("it is not encrypted to you yet"));
        };
        let secret = secrets.of(&recipient).ok_or(Error::NoKey("it is encrypted to another key of yours"))?;
        Ok(wrapped_key.0.open(&self.binding(mail), secret)?)
    }
}

impl MailboxItem {
    /// The content key of the item.
    ///
    /// # Errors
    /// It is for no key at hand.
    pub fn content_key(&self, secrets: &Secrets) -> Result<ContentKey, Error> {
        let secret = secrets.of(&self.recipient).ok_or(Error::NoKey("it is encrypted to another key of the vault"))?;
        Ok(self.wrapped_key.0.open(&Binding::Mail(self.vault), secret)?)
    }

    /// The record that the item becomes.
    pub fn record(&self) -> Unminted {
        let vault = Pubkey::from(self.vault.0);
        let record_id = id::mailed_record_id(&self.item.0, &vault);
        let record = Key(pda::find_record(&vault, &record_id).0.to_bytes());
        Unminted { vault: self.vault, record, record_id, commitment: self.opening.commitment() }
    }
}

/// Whether the labels inside a content are those that were shown.
///
/// # Errors
/// [`Error::Chain`].
pub fn check_labels(manifest: &Manifest, opening: &LabelsOpening) -> Result<(), Error> {
    match manifest.labels_opening() == *opening {
        true => Ok(()),
        false => Err(Error::Chain("its labels are not those inside the record")),
    }
}

/// Who answers for a content.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Issuance {
    /// Nobody signed it: it is what the patient says.
    Unsigned,
    /// Signed, and the credential as it was at the slot the record was minted.
    Signed { issue: Issue, credential: CredentialState },
    /// Signed, and the server cannot say what the credential was then.
    Unknown { issue: Issue },
    /// The signature, or whose credential it names, is false.
    False { reason: &'static str },
}

impl Issuance {
    /// Whether it is signed under a credential that was in effect.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Signed { credential, .. } if credential.in_effect)
    }

    /// Who signed what `manifest` describes; [`Issuance::Unknown`] until the credential is [named](Self::named).
    pub fn of(manifest: &Manifest) -> Self {
        match manifest.details().value().verify_issue() {
            Ok(issue) => Self::Unknown { issue: issue.clone() },
            Err(IssueError::Unsigned) => Self::Unsigned,
            Err(IssueError::Key | IssueError::Signature) => {
                Self::False { reason: "the signature is not the issuer's over this content" }
            }
        }
    }

    /// With the credential that was signed under, as it was at the slot that counts.
    #[must_use]
    pub fn named(self, credential: CredentialState) -> Self {
        match self {
            Self::Unknown { issue }
                if (credential.credential, credential.subject) != (issue.credential, issue.issuer) =>
            {
                Self::False { reason: "the credential is another's than who signed" }
            }
            Self::Unknown { issue } => Self::Signed { issue, credential },
            other => other,
        }
    }
}
