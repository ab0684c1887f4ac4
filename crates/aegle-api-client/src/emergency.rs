//! Records opened in an emergency: by a clinician who says why, for a limited time, and reviewed by the
//! patient's side.

use std::{
    collections::BTreeSet,
    io::{Seek, Write},
};

use aegle_client::{
    Pubkey, Reader, Sent, id,
    instruction::{self, Authority},
    pda,
    state::{BreakGlass, Credential, EMERGENCIES_ALLOWED, Purpose},
};
use aegle_decision::{Document, Emergency, Key, Statement};
use aegle_envelope::{
    Expected, KeyShare, Release, SealedKeyShare, SecretKey,
    emergency::{candidate_keys, read_statement},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Error, Pay, Progress, Session, api, chain, download, record,
    record::Opened,
    wire::{Bytes, Digest, Page},
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
}

/// What to open.
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

/// Signs a statement and has the server's relay open it on chain, confirmed.
///
/// # Errors
/// A vault that forbids it, the server's refusal, or an opening that the chain has not.
pub async fn open(
    session: &Session,
    reader: &Reader,
    clinician: &Keypair,
    opening: Opening,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<OpenedEmergency, Error> {
    let Opening { vault, records, reason, credential, seconds } = opening;
    let address = Pubkey::from(vault.0);
    if chain::vault(reader, &vault).await?.emergency_policy != EMERGENCIES_ALLOWED {
        return Err(Error::Forbidden);
    }
    let attested: Credential = reader.account("credential", &Pubkey::from(credential.0)).await?;
    let statement = Statement {
        kind: Default::default(),
        vault,
        break_glass_id: id::break_glass_id(rng, &address),
        clinician: Key(clinician.pubkey().to_bytes()),
        credential,
        encryption_key: attested.encryption_key,
        records,
        reason,
        expires_at: reader.now().await?.saturating_add(seconds),
    };
    statement.validate()?;
    let break_glass = pda::find_break_glass(&address, &statement.break_glass_id).0;
    let statement = Document::new(statement);
    let signature: [u8; 64] = clinician.try_sign_message(statement.bytes())?.into();
    let salt: [u8; 32] = aegle_client::commitment::random_bytes(rng);
    let text = std::str::from_utf8(statement.bytes()).map_err(|_| Error::Answer("a statement is text"))?;
    let body = json!({"statement": text, "signature": Bytes(signature), "salt": Digest(salt)});
    let opened: OpenedEmergency = session.post_for(Purpose::EmergencyTreatment, "/v1/emergencies", &body).await?;
    let on_chain: BreakGlass = reader.account("emergency opening", &break_glass).await?;
    if on_chain.commitment != Emergency::commitment(&statement, &signature, &salt) {
        return Err(Error::Chain("the opening is not that of the statement"));
    }
    Ok(opened)
}

/// What was opened in `vault`, for whoever acts for the patient; without one, what the caller opened.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, vault: Option<Key>) -> Result<Vec<OpenedEmergency>, Error> {
    let query: Vec<_> = vault.map(|vault| ("patient", vault.to_string())).into_iter().collect();
    session.pages(None, "/v1/emergencies", &query).await
}

/// Says on chain that the patient's side has looked at an opening, which lets its clinician open others.
///
/// # Errors
/// The program's.
pub async fn review(pay: &Pay<'_>, signer: &Keypair, vault: Key, break_glass: Key) -> Result<Sent, Error> {
    let (owner, key) = (chain::vault(pay.reader(), &vault).await?.owner, signer.pubkey());
    let authority = if owner == key { Authority::Owner(key) } else { Authority::Delegate(key) };
    pay.send(&[instruction::review_break_glass(vault.0.into(), authority, break_glass.0.into())], &[signer]).await
}

#[derive(Deserialize)]
struct ReleasedShare {
    record: Key,
    custodian: Key,
    threshold: u8,
    share: Bytes<81>,
}

/// What custodians have released of one record's key.
pub struct Collected {
    pub shares: usize,
    pub threshold: u8,
    opened: Vec<KeyShare>,
}

impl Collected {
    pub fn is_enough(&self) -> bool {
        self.threshold > 0 && self.opened.len() >= usize::from(self.threshold)
    }
}

/// Gets what custodians have released of a record's key, as often as it takes until it is enough.
///
/// # Errors
/// The server's refusal.
pub async fn collect(session: &Session, secret: &SecretKey, break_glass: Key, record: Key) -> Result<Collected, Error> {
    let path = format!("/v1/emergencies/{break_glass}/shares");
    let released: Page<ReleasedShare> = api::json(session.read(Purpose::EmergencyTreatment, &path, &[])?).await?;
    let of_record: Vec<_> = released.data.into_iter().filter(|share| share.record == record).collect();
    let opened = of_record.iter().filter_map(|share| {
        let release = Release { break_glass, record, custodian: share.custodian };
        SealedKeyShare(share.share.0).open_released(&release, secret).ok()
    });
    let opened: Vec<KeyShare> = opened.collect();
    let threshold = of_record.iter().map(|share| share.threshold).max().unwrap_or_default();
    Ok(Collected { shares: of_record.len(), threshold, opened })
}

/// Opens a record with what was [`collect`]ed: fetches, decrypts into `out` and checks it as
/// [`record::open`] does.
///
/// # Errors
/// Too few shares, the server's refusal, or content that is not what it should be.
pub async fn read(
    session: &Session,
    reader: &Reader,
    collected: &Collected,
    record: Key,
    out: &mut impl Write,
    progress: Progress<'_>,
) -> Result<Opened, Error> {
    let purpose = Purpose::EmergencyTreatment;
    let held = record::get(session, purpose, record).await?;
    let on_chain = record::on_chain(reader, &held).await?;
    let path = format!("/v1/records/{record}/content");
    let (mut ciphertext, receipt) =
        download::download(|| session.read(purpose, &path, &[]), held.size, progress).await?;
    let expected = Expected { vault: held.vault, commitment: Some(on_chain.commitment) };
    for key in candidate_keys(collected.threshold, &collected.opened) {
        ciphertext.rewind()?;
        // A key that is not the content's opens nothing of it, so nothing was written.
        if aegle_envelope::open_record(&key, &mut ciphertext, &expected).is_err() {
            continue;
        }
        ciphertext.rewind()?;
        let manifest = record::decrypt(&key, &mut ciphertext, &expected, &held.opening, out)?;
        let issuer = record::issuance(session.api(), &manifest, on_chain.minted_slot).await?;
        return Ok(Opened { held, manifest, issuer, receipt });
    }
    Err(Error::NoKey("too few custodians have released their shares of it yet"))
}
