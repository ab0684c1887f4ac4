//! Records, encrypted and decrypted piece by piece in constant memory.

use std::io::Write;

use aegle_client::{
    Authority,
    state::{Record, Vault},
};
use aegle_decision::Key;
use aegle_disclosure::Digest as LogDigest;
use aegle_envelope::{ContentKey, Expected, Issue, LabelsOpening, Measure, RecordPieces, RecordWriter, sealed_length};
use aegle_exchange::{
    Account,
    custodian::SignedPlan,
    record::{Draft, Issuance, Sealed, Unminted, check_labels},
    wire::{CredentialState, Digest, HeldRecord, MailboxItem},
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    base::keyring::SecretKeys,
    failure::Failure,
    value::{key, read, write},
};

/// Length and SHA-256 of a content that comes in pieces: what is known of it before it can be encrypted.
#[wasm_bindgen]
#[derive(Default)]
pub struct Measuring(Measure);

#[wasm_bindgen]
impl Measuring {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, piece: &[u8]) {
        self.0.push(piece);
    }

    #[wasm_bindgen(unchecked_return_type = "Measured")]
    pub fn finish(self) -> Result<JsValue, Failure> {
        let (length, sha256) = self.0.finish();
        write(&Measured { length, sha256: Digest(sha256) })
    }
}

#[derive(Serialize, Deserialize)]
struct Measured {
    length: u64,
    sha256: Digest,
}

/// What an issuer signs to answer for a content: bytes for the wallet.
#[wasm_bindgen(js_name = issueMessage)]
pub fn issue_message(
    vault: &str,
    #[wasm_bindgen(unchecked_param_type = "Measured")] measured: &JsValue,
    media_type: &str,
    credential: &str,
) -> Result<Vec<u8>, Failure> {
    let Measured { sha256, .. } = read("the measure", measured)?;
    Ok(Issue::message(&key("the vault", vault)?, &sha256.0, media_type, &key("the credential", credential)?))
}

/// A record on its way out. Its content key stays here, and `free()` wipes it.
#[wasm_bindgen]
pub struct Sealing {
    sealed: Sealed,
    /// None once it is finished.
    writer: Option<RecordWriter<Vec<u8>>>,
}

#[wasm_bindgen]
impl Sealing {
    /// Begins to encrypt a measured content of `vault`; `issue` is what somebody signed who answers for it.
    #[wasm_bindgen(constructor)]
    pub fn new(
        vault: &str,
        #[wasm_bindgen(unchecked_param_type = "RecordDraft")] draft: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Measured")] measured: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Issue | undefined")] issue: &JsValue,
    ) -> Result<Self, Failure> {
        let draft: Draft = read("what is said of the record", draft)?;
        let Measured { length, sha256 } = read("the measure", measured)?;
        let issue: Option<Issue> = if issue.is_undefined() { None } else { Some(read("the issue", issue)?) };
        let manifest = draft.manifest(key("the vault", vault)?, (length, sha256.0), issue, &mut OsRng)?;
        Self::of(manifest)
    }

    /// Begins to encrypt under a new key what is being opened, as it is.
    pub fn anew(opening: &RecordOpening) -> Result<Self, Failure> {
        let manifest = opening.pieces.manifest();
        Self::of(manifest.ok_or_else(|| Failure::argument("its manifest was not opened yet"))?.clone())
    }

    fn of(manifest: aegle_envelope::Manifest) -> Result<Self, Failure> {
        let (content_key, writer) = RecordWriter::new(&manifest, Vec::new(), &mut OsRng)?;
        Ok(Self { sealed: Sealed { manifest, key: content_key }, writer: Some(writer) })
    }

    /// Bytes of ciphertext that there will be.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> f64 {
        sealed_length(&self.sealed.manifest) as f64
    }

    /// Encrypts the next piece. Gives the ciphertext that is ready.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Failure> {
        let writer = self.writer.as_mut().ok_or_else(finished)?;
        writer.write_all(piece)?;
        Ok(std::mem::take(writer.sink()))
    }

    /// Gives the next ciphertext after the content, until it is undefined: that was all of it.
    pub fn finish(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        /// Zeros at once.
        const PADDING: u64 = 1 << 20;
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        if writer.pad(PADDING)? {
            let ready = std::mem::take(writer.sink());
            self.writer = Some(writer);
            return Ok(Some(ready));
        }
        Ok(Some(writer.finish()?))
    }

    /// What the server is given of it, and the commitment that the chain gets.
    #[wasm_bindgen(unchecked_return_type = "LabelsOpening")]
    pub fn opening(&self) -> Result<JsValue, Failure> {
        write(&self.sealed.opening())
    }

    /// Body of `POST /v1/records`, and what `mint_record` or `amend_record` is told. `signer` is the vault's owner or
    /// a delegate; `plan` is the answer of `GET /v1/custodians`.
    #[wasm_bindgen(js_name = newRecord, unchecked_return_type = "{ body: object; mint: Mint }")]
    pub fn new_record(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        signer: &str,
        upload: &str,
        #[wasm_bindgen(unchecked_param_type = "SignedPlan | undefined")] plan: &JsValue,
    ) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        struct New<T> {
            body: T,
            mint: Mint,
        }
        let state: Vault = read::<Account>("the vault's account", account)?.read()?;
        let signer = key("the signer", signer)?.0.into();
        let authority = if state.owner == signer { Authority::Owner(signer) } else { Authority::Delegate(signer) };
        let plan = self.plan(plan, &state)?;
        let (body, unminted) =
            self.sealed()?.new_record(&state, authority, digest(upload)?, plan.as_ref(), &mut OsRng)?;
        write(&New { body, mint: unminted.into() })
    }

    /// Body of `PUT /v1/records/{record}/content`.
    #[wasm_bindgen(js_name = newContent, unchecked_return_type = "object")]
    pub fn new_content(
        &self,
        record: &str,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        upload: &str,
        #[wasm_bindgen(unchecked_param_type = "SignedPlan | undefined")] plan: &JsValue,
    ) -> Result<JsValue, Failure> {
        let state: Vault = read::<Account>("the vault's account", account)?.read()?;
        let plan = self.plan(plan, &state)?;
        let record = key("the record", record)?;
        write(&self.sealed()?.new_content(record, &state, digest(upload)?, plan.as_ref(), &mut OsRng)?)
    }

    /// Body of `POST /v1/mailbox`: a result for the patient whose vault it was encrypted for.
    #[wasm_bindgen(js_name = newItem, unchecked_return_type = "object")]
    pub fn new_item(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        upload: &str,
    ) -> Result<JsValue, Failure> {
        let state: Vault = read::<Account>("the vault's account", account)?.read()?;
        write(&self.sealed()?.new_item(&state, digest(upload)?, &mut OsRng)?)
    }

    fn plan(&self, plan: &JsValue, state: &Vault) -> Result<Option<aegle_envelope::CustodianPlan>, Failure> {
        if plan.is_undefined() || plan.is_null() {
            return Ok(None);
        }
        let vault = self.sealed.manifest.details().value().vault;
        Ok(read::<SignedPlan>("the plan", plan)?.in_effect(state, vault)?)
    }

    /// Nobody is given the key of what is not whole.
    fn sealed(&self) -> Result<&Sealed, Failure> {
        match &self.writer {
            None => Ok(&self.sealed),
            Some(_) => Err(Failure::argument("the record is not finished")),
        }
    }
}

fn finished() -> Failure {
    Failure::argument("the record is finished")
}

fn digest(hex: &str) -> Result<Digest, Failure> {
    hex.parse().map(|digest: LogDigest| Digest(digest.0)).map_err(|_| Failure::argument("it is not 32 bytes in hex"))
}

/// What the program is told of a record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mint {
    record: Key,
    record_id: Digest,
    commitment: Digest,
}

impl From<Unminted> for Mint {
    fn from(unminted: Unminted) -> Self {
        let Unminted { record, record_id, commitment, .. } = unminted;
        Self { record, record_id: Digest(record_id), commitment: Digest(commitment) }
    }
}

/// The record that an item of the mailbox becomes, to be minted before the item is accepted.
#[wasm_bindgen(js_name = mailedRecord, unchecked_return_type = "Mint")]
pub fn mailed_record(#[wasm_bindgen(unchecked_param_type = "MailboxItem")] item: &JsValue) -> Result<JsValue, Failure> {
    write(&Mint::from(read::<MailboxItem>("the item", item)?.record()))
}

/// A record on its way in. Its content key stays here, and `free()` wipes it.
#[wasm_bindgen]
pub struct RecordOpening {
    pieces: RecordPieces,
    opening: LabelsOpening,
    size: u64,
}

#[wasm_bindgen]
impl RecordOpening {
    /// A record as the server describes it, held against its account on chain.
    #[wasm_bindgen(js_name = ofRecord)]
    pub fn of_record(
        #[wasm_bindgen(unchecked_param_type = "HeldRecord")] held: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        keys: &SecretKeys,
    ) -> Result<Self, Failure> {
        let held: HeldRecord = read("the record", held)?;
        let on_chain: Record = read::<Account>("the record's account", account)?.read()?;
        held.check(&on_chain)?;
        let expected = Expected { vault: held.vault, commitment: Some(on_chain.commitment) };
        let pieces = RecordPieces::new(held.content_key(&keys.secrets)?, expected);
        Ok(Self { pieces, opening: held.opening, size: held.size })
    }

    /// A result in the mailbox, which the chain does not have yet.
    #[wasm_bindgen(js_name = ofItem)]
    pub fn of_item(
        #[wasm_bindgen(unchecked_param_type = "MailboxItem")] item: &JsValue,
        keys: &SecretKeys,
    ) -> Result<Self, Failure> {
        let item: MailboxItem = read("the item", item)?;
        let expected = Expected { vault: item.vault, commitment: None };
        let pieces = RecordPieces::new(item.content_key(&keys.secrets)?, expected);
        Ok(Self { pieces, opening: item.opening, size: item.size })
    }

    /// Bytes of ciphertext that there are.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> f64 {
        self.size as f64
    }

    /// Decrypts the next piece of ciphertext. What it gives is true to the key; whether it is the record, only the
    /// end says.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Failure> {
        let (known, mut out) = (self.pieces.manifest().is_some(), Vec::with_capacity(piece.len()));
        self.pieces.push(piece, &mut out)?;
        if let (false, Some(manifest)) = (known, self.pieces.manifest()) {
            check_labels(manifest, &self.opening)?;
        }
        Ok(out)
    }

    /// Checks all of it and gives the end of the content.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let (known, mut out) = (self.pieces.manifest().is_some(), Vec::new());
        self.pieces.finish(&mut out)?;
        if let (false, Some(manifest)) = (known, self.pieces.manifest()) {
            check_labels(manifest, &self.opening)?;
        }
        Ok(out)
    }

    /// What the record says of itself; undefined until enough was pushed.
    #[wasm_bindgen(unchecked_return_type = "Details | undefined")]
    pub fn details(&self) -> Result<JsValue, Failure> {
        self.pieces.manifest().map_or(Ok(JsValue::UNDEFINED), |manifest| write(manifest.details().value()))
    }

    /// Who issued it. `credential` is the answer of `GET /v1/chain/credentials/{credential}` as of the slot that the
    /// record was minted in, where the server has one.
    #[wasm_bindgen(unchecked_return_type = "Issuance | undefined")]
    pub fn issuance(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CredentialState | undefined")] credential: &JsValue,
    ) -> Result<JsValue, Failure> {
        let Some(manifest) = self.pieces.manifest() else { return Ok(JsValue::UNDEFINED) };
        let issuance = Issuance::of(manifest);
        let credential: Option<CredentialState> =
            if credential.is_undefined() { None } else { Some(read("the credential", credential)?) };
        write(&match credential {
            Some(credential) => issuance.named(credential),
            None => issuance,
        })
    }
}

impl RecordOpening {
    /// A record whose key is one of `keys`: the one that opens all of `ciphertext`.
    pub(crate) fn by_shares(
        held: HeldRecord,
        on_chain: &Record,
        keys: impl Iterator<Item = ContentKey>,
        ciphertext: &[u8],
    ) -> Result<Self, Failure> {
        held.check(on_chain)?;
        for key in keys {
            let pieces = || {
                let expected = Expected { vault: held.vault, commitment: Some(on_chain.commitment) };
                RecordPieces::new(key.clone(), expected)
            };
            let (mut tried, mut out) = (pieces(), Vec::new());
            if tried.push(ciphertext, &mut out).and_then(|()| tried.finish(&mut out)).is_ok() {
                return Ok(Self { pieces: pieces(), opening: held.opening, size: held.size });
            }
        }
        Err(Failure::new("no_key", "the shares that were released do not give the key of this record"))
    }
}
