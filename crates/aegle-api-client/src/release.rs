//! What a custodian does: it looks at an opening on a node of its own, believes the server nothing, and
//! re-encrypts its shares of the records that the clinician's statement names.

use std::collections::BTreeSet;

use aegle_client::{
    Pubkey, Reader, SendError, pda,
    state::{
        BreakGlass, Credential, CredentialKind, CredentialStatus, EMERGENCIES_ALLOWED, Purpose, Record, Registrar,
        Vault, period_holds,
    },
};
use aegle_decision::{Emergency, Key, Statement};
use aegle_envelope::{EncryptionKey, Release, SealedKeyShare, SecretKey, emergency::read_statement};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error, Session, api,
    emergency::OpenedEmergency,
    wire::{Bytes, Page, Stored},
};

/// Why a custodian does not release. It says nothing of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("the statement is not one that its clinician signed")]
    Statement,
    #[error("the opening is not on chain")]
    NotOpened,
    #[error("the opening on chain is another one than the statement's")]
    OtherOpening,
    #[error("the opening is over")]
    Expired,
    #[error("the vault forbids emergencies")]
    Forbidden,
    #[error("the credential is not the clinician's, or not one for emergencies")]
    Credential,
    #[error("the credential does not count: it is suspended, revoked or out of its days, or its registrar was removed")]
    CredentialNotInForce,
    #[error("the statement names another encryption key than the credential")]
    EncryptionKey,
    #[error("a record is another vault's, or not there")]
    Record,
    #[error("the own share does not open")]
    Share,
    #[error("an earlier opening of this clinician waits for its review")]
    Unreviewed,
}

/// Openings for which this custodian released something: of each clinician, the next one waits until these
/// are reviewed, whatever a server says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    released: BTreeSet<Noted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    clinician: Key,
    break_glass: Key,
}

impl Journal {
    /// Notes an opening before anything is released for it.
    pub fn note(&mut self, statement: &Checked) {
        self.released.insert(Noted { clinician: statement.statement.clinician, break_glass: statement.break_glass });
    }

    fn earlier(&self, clinician: Key, but: Key) -> impl Iterator<Item = Key> {
        let noted = self.released.iter().filter(move |noted| noted.clinician == clinician && noted.break_glass != but);
        noted.map(|noted| noted.break_glass)
    }
}

/// A statement that a custodian checked against the chain.
#[derive(Clone, Debug)]
pub struct Checked {
    pub break_glass: Key,
    pub statement: Statement,
}

#[derive(Deserialize)]
struct KeptShare {
    record: Key,
    recipient: EncryptionKey,
    share: Bytes<81>,
}

/// Openings for which the caller has shares to release.
///
/// # Errors
/// The server's.
pub async fn pending(session: &Session) -> Result<Vec<OpenedEmergency>, Error> {
    session.list("/v1/releases", &[]).await
}

/// Checks an opening on a node, as of its commitment.
///
/// # Errors
/// The node's. What the chain speaks against is a [`Refusal`].
pub async fn check(
    reader: &Reader,
    journal: &Journal,
    emergency: &OpenedEmergency,
) -> Result<Result<Checked, Refusal>, Error> {
    match examine(reader, journal, emergency).await {
        Ok(checked) => Ok(Ok(checked)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Node(error)) => Err(error.into()),
    }
}

enum Failure {
    Refused(Refusal),
    Node(SendError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What is not there, or not what it should be, speaks against the opening; a node that is away does not.
fn found<T>(read: Result<T, SendError>, refusal: Refusal) -> Result<T, Failure> {
    read.map_err(|error| match error {
        SendError::NotFound { .. } | SendError::NotReadable { .. } => Failure::Refused(refusal),
        error => Failure::Node(error),
    })
}

async fn examine(reader: &Reader, journal: &Journal, emergency: &OpenedEmergency) -> Result<Checked, Failure> {
    let signed = read_statement(emergency.statement.clone().into_bytes(), &emergency.signature.0);
    let signed = signed.map_err(|_| Refusal::Statement)?;
    let statement = signed.value();
    let now = reader.now().await.map_err(Failure::Node)?;

    let vault_address = Pubkey::from(statement.vault.0);
    let address = pda::find_break_glass(&vault_address, &statement.break_glass_id).0;
    let opened: BreakGlass = found(reader.account("emergency opening", &address).await, Refusal::NotOpened)?;
    let commitment = Emergency::commitment(&signed, &emergency.signature.0, &emergency.salt.0);
    let same = opened.vault == vault_address
        && opened.commitment == commitment
        && opened.expires_at == statement.expires_at
        && address.to_bytes() == emergency.break_glass.0;
    require(same, Refusal::OtherOpening)?;
    require(now < opened.expires_at, Refusal::Expired)?;

    let vault: Vault = found(reader.account("vault", &vault_address).await, Refusal::Forbidden)?;
    require(vault.emergency_policy == EMERGENCIES_ALLOWED, Refusal::Forbidden)?;
    check_credential(reader, statement, now).await?;
    for record in &statement.records {
        let record: Record = found(reader.account("record", &Pubkey::from(record.0)).await, Refusal::Record)?;
        require(record.vault == vault_address, Refusal::Record)?;
    }
    let break_glass = Key(address.to_bytes());
    for earlier in journal.earlier(statement.clinician, break_glass) {
        let earlier: BreakGlass =
            found(reader.account("emergency opening", &Pubkey::from(earlier.0)).await, Refusal::Unreviewed)?;
        require(earlier.reviewed_slot > 0, Refusal::Unreviewed)?;
    }
    Ok(Checked { break_glass, statement: statement.clone() })
}

async fn check_credential(reader: &Reader, statement: &Statement, now: i64) -> Result<(), Failure> {
    let address = Pubkey::from(statement.credential.0);
    let credential: Credential = found(reader.account("credential", &address).await, Refusal::Credential)?;
    let theirs = credential.subject.to_bytes() == statement.clinician.0
        && credential.kind == CredentialKind::Practitioner
        && credential.emergency;
    require(theirs, Refusal::Credential)?;
    let registrar: Registrar =
        found(reader.account("registrar", &credential.registrar).await, Refusal::CredentialNotInForce)?;
    let in_force = credential.status == CredentialStatus::Active
        && period_holds(credential.from_day, credential.until_day, now)
        && registrar.removed_slot == 0;
    require(in_force, Refusal::CredentialNotInForce)?;
    require(credential.encryption_key == statement.encryption_key, Refusal::EncryptionKey)
}

fn require(holds: bool, refusal: Refusal) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(refusal.into()) }
}

/// Gives the caller's shares of the records that a checked statement names, and of no others, to its
/// clinician; of how many records. The journal has to have it, durably, before.
///
/// # Errors
/// The server's refusal, or a share that does not open.
pub async fn release(
    session: &Session,
    secret: &SecretKey,
    checked: &Checked,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<usize, Error> {
    let Checked { break_glass, statement } = checked;
    let path = format!("/v1/releases/{break_glass}");
    let (custodian, clinician) = (session.wallet(), EncryptionKey(statement.encryption_key));
    let kept: Page<KeptShare> = api::json(session.read(Purpose::EmergencyTreatment, &path, &[])?).await?;
    let mut shares = Vec::new();
    for KeptShare { record, recipient, share } in kept.data {
        if !statement.records.contains(&record) {
            return Err(Error::Answer("a share of a record that the statement does not name"));
        }
        if recipient != secret.encryption_key() {
            continue;
        }
        let share = SealedKeyShare(share.0).open_dealt(&record, &custodian, secret)?;
        let release = Release { break_glass: *break_glass, record, custodian };
        let sealed = share.release(&release, &clinician, rng)?;
        shares.push(json!({"record": record, "share": Bytes(sealed.0)}));
    }
    Ok(session.post_for::<Stored>(Purpose::EmergencyTreatment, &path, &json!({"shares": shares})).await?.stored)
}
