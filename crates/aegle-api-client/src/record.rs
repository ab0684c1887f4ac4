//! Records: encrypted here and added, found and opened.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use aegle_client::{
    Pubkey, Sent,
    aegle::NewRecordParams,
    instruction::{self, Authority},
    state::{Purpose, Record},
};
use aegle_decision::Key;
use aegle_disclosure::SignedReceipt;
use aegle_envelope::{
    ContentKey, Expected, Issue, LabelsOpening, Manifest, measure, open_record, seal_record, sealed_length,
};
use aegle_exchange::record::check_labels;
use jiff::civil::Date;
use rand::{CryptoRng, RngCore};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tempfile::SpooledTempFile;
use tokio::time::{Instant, sleep};

use crate::{
    Api, Error, Pay, Progress, Secrets, Session, api, chain, custodian,
    download::{self, IN_MEMORY},
    upload,
    wire::{Answer, Digest, HeldRecord, KeyState, RecordErasure, StoredRecord},
};

pub use aegle_exchange::record::{Draft, Issuance, Unminted};

/// Between two looks how far an erasure is.
const POLL: Duration = Duration::from_millis(300);

/// Who answers for a content, and the credential to show for it.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    pub credential: Key,
    pub key: &'a Keypair,
}

/// A record on its way out: ciphertext, and the one key to it.
pub struct Sealed {
    pub(crate) record: aegle_exchange::record::Sealed,
    ciphertext: SpooledTempFile,
    size: u64,
}

impl Sealed {
    /// Encrypts `content`, in constant memory. What is large is written to a file without a name, encrypted.
    ///
    /// # Errors
    /// Labels or details that are not valid, a content that changes while it is read.
    pub fn new(
        vault: Key,
        draft: Draft,
        content: &mut (impl Read + Seek),
        issuer: Option<Issuer<'_>>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, Error> {
        content.seek(SeekFrom::Start(0))?;
        let measured = measure(&mut *content)?;
        let sign = |Issuer { credential, key }: Issuer<'_>| -> Result<Issue, Error> {
            let message = Issue::message(&vault, &measured.1, &draft.media_type, &credential);
            let signature = key.try_sign_message(&message)?.into();
            Ok(Issue { credential, issuer: Key(key.pubkey().to_bytes()), signature })
        };
        let issue = issuer.map(sign).transpose()?;
        let manifest = draft.manifest(vault, measured, issue, rng)?;
        content.seek(SeekFrom::Start(0))?;
        Self::anew(manifest, content, rng)
    }

    /// Encrypts what is under another key, as it is.
    fn anew(manifest: Manifest, content: impl Read, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, Error> {
        let size = sealed_length(&manifest);
        let (key, ciphertext) = seal_record(&manifest, content, SpooledTempFile::new(IN_MEMORY), rng)?;
        Ok(Self { record: aegle_exchange::record::Sealed { manifest, key }, ciphertext, size })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.record.manifest
    }

    /// Uploads the ciphertext and names the upload.
    ///
    /// # Errors
    /// The server's, or no connection.
    pub async fn upload(&mut self, session: &Session, progress: Progress<'_>) -> Result<Digest, Error> {
        upload::upload(session, &mut self.ciphertext, self.size, progress).await
    }
}

/// A record that was added.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub record: Key,
    pub commitment: [u8; 32],
    pub sent: Sent,
}

/// Uploads a sealed record, its key wrapped to the vault's, which the chain is asked for. The vault's owner
/// is then to mint it.
///
/// # Errors
/// The server's or the node's.
pub async fn store(
    session: &Session,
    pay: &Pay<'_>,
    authority: Authority,
    vault: Key,
    mut sealed: Sealed,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<Unminted, Error> {
    let state = chain::vault(pay.reader(), &vault).await?;
    let upload = sealed.upload(session, progress).await?;
    let plan = custodian::plan_in_effect(session, &state, vault).await?;
    let (new, unminted) = sealed.record.new_record(&state, authority, upload, plan.as_ref(), rng)?;
    let stored: StoredRecord = session.post("/v1/records", &new).await?;
    if (stored.record, stored.commitment.0) != (unminted.record, unminted.commitment) {
        return Err(Error::Answer("another record than the one stored"));
    }
    Ok(unminted)
}

/// Mints records in one transaction: all of them or none. Three fit.
///
/// # Errors
/// The program's refusal.
pub async fn mint(
    pay: &Pay<'_>,
    signer: &Keypair,
    authority: Authority,
    previous: Option<Key>,
    records: &[Unminted],
) -> Result<Sent, Error> {
    let Some(first) = records.first() else { return Err(Error::Answer("nothing to mint")) };
    let state = chain::vault(pay.reader(), &first.vault).await?;
    let build = |record: &Unminted| -> Instruction {
        let params = NewRecordParams {
            record_id: record.record_id,
            commitment: record.commitment,
            expected: instruction::expected(&state),
        };
        let vault = Pubkey::from(record.vault.0);
        match previous {
            None => instruction::mint_record(vault, authority, pay.payer(), params),
            Some(previous) => instruction::amend_record(vault, authority, pay.payer(), previous.0.into(), params),
        }
    };
    let instructions: Vec<Instruction> = records.iter().map(build).collect();
    pay.send(&instructions, &[signer]).await
}

/// Uploads and mints a record, as the vault's owner or as a delegate with the right to mint.
///
/// # Errors
/// The server's, the program's, or a content that is not valid.
pub async fn add(
    session: &Session,
    pay: &Pay<'_>,
    signer: &Keypair,
    vault: Key,
    sealed: Sealed,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<Added, Error> {
    add_version(session, pay, signer, vault, None, sealed, rng, progress).await
}

/// The same for the next version of `previous`, or for a first one.
///
/// # Errors
/// As those of [`add`].
#[expect(clippy::too_many_arguments, reason = "those of `add`, and the version before")]
pub async fn add_version(
    session: &Session,
    pay: &Pay<'_>,
    signer: &Keypair,
    vault: Key,
    previous: Option<Key>,
    sealed: Sealed,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<Added, Error> {
    let (owner, key) = (chain::vault(pay.reader(), &vault).await?.owner, signer.pubkey());
    let authority = if owner == key { Authority::Owner(key) } else { Authority::Delegate(key) };
    let stored = store(session, pay, authority, vault, sealed, rng, progress).await?;
    let sent = mint(pay, signer, authority, previous, &[stored]).await?;
    Ok(Added { record: stored.record, commitment: stored.commitment, sent })
}

/// Encrypts a record's content under a new key, in the place of the old ciphertext: for somebody who got its
/// key, lost the permission and never fetched the content. Who may read it is then to be given the new
/// key, by [`crate::wrap::fill`]. The plaintext is nowhere but in memory, a piece at a time.
///
/// # Errors
/// As those of [`open`].
pub async fn encrypt_anew(
    session: &Session,
    reader: &aegle_client::Reader,
    secrets: &Secrets,
    record: Key,
    rng: &mut (impl RngCore + CryptoRng),
    progress: Progress<'_>,
) -> Result<(), Error> {
    let purpose = Purpose::PatientRequest;
    let held = get(session, purpose, record).await?;
    let commitment = chain::record(reader, &record).await?.commitment;
    let state = chain::vault(reader, &held.vault).await?;
    let key = held.content_key(secrets)?;
    let path = format!("/v1/records/{record}/content");
    let (ciphertext, _) = download::download(|| session.read(purpose, &path, &[]), held.size, progress).await?;
    let opened = open_record(&key, ciphertext, &Expected { vault: held.vault, commitment: Some(commitment) })?;
    let mut sealed = Sealed::anew(opened.manifest().clone(), opened, rng)?;
    let upload = sealed.upload(session, progress).await?;
    let plan = custodian::plan_in_effect(session, &state, held.vault).await?;
    let new = sealed.record.new_content(record, &state, upload, plan.as_ref(), rng)?;
    let stored: Answer<StoredRecord> = api::json(session.request(reqwest::Method::PUT, &path).json(&new)).await?;
    match stored.data.commitment.0 == commitment {
        true => Ok(()),
        false => Err(Error::Answer("another record than the one encrypted anew")),
    }
}

/// Which records to list.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub category: Option<String>,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub study: Option<Key>,
    /// `-date` unless given.
    pub sort: Option<String>,
}

/// The records of `vault` that are open to the caller for `purpose`.
///
/// # Errors
/// The server's.
pub async fn list(session: &Session, purpose: Purpose, vault: Key, query: &Query) -> Result<Vec<HeldRecord>, Error> {
    let mut wanted = vec![("patient", vault.to_string())];
    wanted.extend(query.category.clone().map(|category| ("category", category)));
    wanted.extend(query.from.map(|day| ("from", day.to_string())));
    wanted.extend(query.until.map(|day| ("until", day.to_string())));
    wanted.extend(query.study.map(|study| ("study", study.to_string())));
    wanted.extend(query.sort.clone().map(|sort| ("sort", sort)));
    session.pages(Some(purpose), "/v1/records", &wanted).await
}

/// One record that is open to the caller for `purpose`.
///
/// # Errors
/// The server's; a record it was not asked for.
pub async fn get(session: &Session, purpose: Purpose, record: Key) -> Result<HeldRecord, Error> {
    let request = session.read(purpose, &format!("/v1/records/{record}"), &[])?;
    let held = api::json::<Answer<HeldRecord>>(request).await?.data;
    if held.record == record { Ok(held) } else { Err(Error::Answer("another record than the one asked for")) }
}

/// How far the erasure of a record is at the server, for the vault's owner.
///
/// # Errors
/// The server's; a record it was not asked for.
pub async fn erasure(session: &Session, record: Key) -> Result<RecordErasure, Error> {
    let request = session.request(reqwest::Method::GET, &format!("/v1/records/{record}/erasure"));
    let erasure = api::json::<Answer<RecordErasure>>(request).await?.data;
    if erasure.record == record { Ok(erasure) } else { Err(Error::Answer("another record than the one asked for")) }
}

/// Waits until nothing of an erased record is left at the server, or a legal hold keeps it, for so long at most;
/// gives how far it is.
///
/// # Errors
/// The server's, other than that it is busy for a moment.
pub async fn await_erasure(session: &Session, record: Key, within: Duration) -> Result<RecordErasure, Error> {
    let deadline = Instant::now() + within;
    loop {
        match erasure(session, record).await {
            Ok(erasure) if erasure.is_over() || Instant::now() > deadline => return Ok(erasure),
            Err(error) if !error.is_passing() || Instant::now() > deadline => return Err(error),
            _ => sleep(POLL).await,
        }
    }
}

/// A record that was opened and held against the chain.
pub struct Opened {
    pub held: HeldRecord,
    pub manifest: Manifest,
    pub issuer: Issuance,
    /// The log's, for the content.
    pub receipt: Option<SignedReceipt>,
}

/// Opens a record: fetches, decrypts into `out`, and checks that it is what the chain committed to, that
/// its labels are those the server decided by, and who issued it.
///
/// What `out` got counts only where this succeeds.
///
/// # Errors
/// The server's refusal, a key that is pending or not at hand, or content that is not what it should be.
pub async fn open(
    session: &Session,
    reader: &aegle_client::Reader,
    secrets: &Secrets,
    purpose: Purpose,
    record: Key,
    out: &mut impl Write,
    progress: Progress<'_>,
) -> Result<Opened, Error> {
    let held = get(session, purpose, record).await?;
    let on_chain = on_chain(reader, &held).await?;
    let path = format!("/v1/records/{record}/content");
    let KeyState::Wrapped { .. } = held.key else {
        // The route says why, in the server's words.
        api::send(session.read(purpose, &path, &[])?).await?;
        return Err(Error::NoKey("the patient has not encrypted it to you yet"));
    };
    let key = held.content_key(secrets)?;
    let (ciphertext, receipt) = download::download(|| session.read(purpose, &path, &[]), held.size, progress).await?;
    let expected = Expected { vault: held.vault, commitment: Some(on_chain.commitment) };
    let manifest = decrypt(&key, ciphertext, &expected, &held.opening, out)?;
    let issuer = issuance(session.api(), &manifest, on_chain.minted_slot).await?;
    Ok(Opened { held, manifest, issuer, receipt })
}

/// The record on chain, which is that of what the server says.
pub(crate) async fn on_chain(reader: &aegle_client::Reader, held: &HeldRecord) -> Result<Record, Error> {
    let on_chain = chain::record(reader, &held.record).await?;
    held.check(&on_chain)?;
    Ok(on_chain)
}

pub(crate) fn decrypt(
    key: &ContentKey,
    ciphertext: impl Read,
    expected: &Expected,
    opening: &LabelsOpening,
    out: &mut impl Write,
) -> Result<Manifest, Error> {
    let mut opened = open_record(key, ciphertext, expected)?;
    check_labels(opened.manifest(), opening)?;
    io::copy(&mut opened, out)?;
    out.flush()?;
    Ok(opened.manifest().clone())
}

/// Who issued what `manifest` describes, judged at `slot`.
///
/// # Errors
/// The server's, but for a slot or a credential that it does not know.
pub async fn issuance(api: &Api, manifest: &Manifest, slot: u64) -> Result<Issuance, Error> {
    let issuance = Issuance::of(manifest);
    let Issuance::Unknown { issue } = &issuance else { return Ok(issuance) };
    match api.credential_at(&issue.credential, slot).await {
        Ok(credential) => Ok(issuance.named(credential)),
        Err(error) if error.is("not_found") || error.is("slot_out_of_range") => Ok(issuance),
        Err(error) => Err(error),
    }
}

/// The patients who let the caller read something for `purpose`.
///
/// # Errors
/// The server's.
pub async fn patients(session: &Session, purpose: Purpose) -> Result<Vec<crate::wire::Patient>, Error> {
    session.pages(Some(purpose), "/v1/patients", &[]).await
}
