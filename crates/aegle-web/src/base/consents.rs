//! Allowing somebody, and to whom the keys may go.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::{
    id, pda,
    state::{Consent, Credential, RecordStatus, Vault},
};
use aegle_decision::{Document, Key, Labels, Policy, RecordView, preview};
use aegle_envelope::EncryptionKey;
use aegle_exchange::{
    Account,
    consent::{Grant, Shown},
    message, recipients,
    wire::{Digest, DraftPreview, HeldConsent, HeldRecord, PendingWrap},
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    base::keyring::{SecretKeys, Unlocked},
    failure::Failure,
    value::{key, read, write},
};

/// Checks a policy: the very rules that the program's engine applies.
#[wasm_bindgen(js_name = checkPolicy)]
pub fn check_policy(#[wasm_bindgen(unchecked_param_type = "Policy")] policy: &JsValue) -> Result<(), Failure> {
    Ok(read::<Policy>("the policy", policy)?.validate()?)
}

/// What a policy would open of records whose labels are at hand, by the engine itself: for showing while somebody
/// chooses. What is signed is what the server shows, see [`granting`].
#[wasm_bindgen(js_name = previewPolicy, unchecked_return_type = "Preview")]
pub fn preview_policy(
    vault: &str,
    purposes: u16,
    #[wasm_bindgen(unchecked_param_type = "Policy")] policy: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "{ record: Key; labels: Labels }[]")] records: &JsValue,
) -> Result<JsValue, Failure> {
    #[derive(Deserialize)]
    struct Labelled {
        record: Key,
        labels: Labels,
    }
    let (vault, policy): (_, Policy) = (key("the vault", vault)?, read("the policy", policy)?);
    let records: Vec<Labelled> = read("the records", records)?;
    let views = records.iter().map(|Labelled { record, labels }| {
        let view = RecordView { record: *record, vault, commitment: [0; 32], status: RecordStatus::Active };
        (view, Some(labels))
    });
    write(preview(vault, purposes, &policy, views).value())
}

/// Makes a consent: checks what the server showed of it (the answer of `POST /v1/consents/draft`), and gives the body
/// of `POST /v1/consents`, then what `grant_consent` is told.
#[wasm_bindgen(unchecked_return_type = "{ body: object; terms: ConsentTerms; records: Key[]; withheld: number }")]
pub fn granting(
    unlocked: &Unlocked,
    #[wasm_bindgen(unchecked_param_type = "NewGrant")] grant: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "DraftPreview")] shown: &JsValue,
) -> Result<JsValue, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct NewGrant {
        grantee: Key,
        encryption_key: EncryptionKey,
        purposes: u16,
        actions: u8,
        from_day: u32,
        until_day: u32,
        policy: Policy,
    }
    #[derive(Serialize)]
    struct Granting<T, U> {
        body: T,
        terms: U,
        records: Vec<Key>,
        withheld: u64,
    }
    let NewGrant { grantee, encryption_key, purposes, actions, from_day, until_day, policy } =
        read("the grant", grant)?;
    let grant = Grant { grantee, encryption_key, purposes, actions, from_day, until_day, policy };
    let shown = Shown::read(read::<DraftPreview>("the preview", shown)?, unlocked.0.vault(), purposes)?;
    let (body, terms) = grant.make(&unlocked.0, &shown, &mut OsRng)?;
    write(&Granting { body, terms, records: shown.records, withheld: shown.withheld })
}

/// The policy of a consent as the server keeps it, where it opens what the chain committed to; undefined otherwise.
#[wasm_bindgen(js_name = openedPolicy, unchecked_return_type = "Policy | undefined")]
pub fn opened_policy(
    #[wasm_bindgen(unchecked_param_type = "HeldConsent")] held: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
) -> Result<JsValue, Failure> {
    let held: HeldConsent = read("the consent", held)?;
    let on_chain: Consent = read::<Account>("the consent's account", account)?.read()?;
    held.opened(&on_chain).map_or(Ok(JsValue::UNDEFINED), |policy: Document<Policy>| write(policy.value()))
}

/// To which keys may be encrypted for whom, by what the chain says.
#[wasm_bindgen]
pub struct Recipients {
    vault: Key,
    state: Vault,
    now: i64,
    consents: Vec<(HeldConsent, Consent)>,
    credentials: Vec<Credential>,
}

#[wasm_bindgen]
impl Recipients {
    /// Of a vault, at `now` in seconds by the ledger's clock.
    #[wasm_bindgen(constructor)]
    pub fn new(
        vault: &str,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        now: f64,
    ) -> Result<Self, Failure> {
        let state = read::<Account>("the vault's account", account)?.read()?;
        let (consents, credentials) = (Vec::new(), Vec::new());
        Ok(Self { vault: key("the vault", vault)?, state, now: now as i64, consents, credentials })
    }

    /// A consent that the server keeps, with its account.
    #[wasm_bindgen(js_name = addConsent)]
    pub fn add_consent(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "HeldConsent")] held: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<(), Failure> {
        let on_chain = read::<Account>("the consent's account", account)?.read()?;
        self.consents.push((read("the consent", held)?, on_chain));
        Ok(())
    }

    /// A credential's account.
    #[wasm_bindgen(js_name = addCredential)]
    pub fn add_credential(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<(), Failure> {
        self.credentials.push(read::<Account>("the credential's account", account)?.read()?);
        Ok(())
    }

    /// Keys to encrypt to for a holder, in hex; none for whom the chain does not name.
    #[wasm_bindgen(js_name = keysOf)]
    pub fn keys_of(&self, holder: &str) -> Result<Vec<String>, Failure> {
        let holder = key("the holder", holder)?;
        Ok(self.keys(&holder, &self.allowed()).iter().map(ToString::to_string).collect())
    }

    /// Encrypts the keys of records that the caller reads for those who may have them and lack them: `pending` is of
    /// `GET /v1/wraps/pending`. What the chain does not confirm is left out. Gives the body of `POST /v1/wraps`.
    #[wasm_bindgen(unchecked_return_type = "{ vault: Key; wraps: object[] }")]
    pub fn fill(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PendingWrap[]")] pending: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "HeldRecord[]")] records: &JsValue,
        keys: &SecretKeys,
    ) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        struct NewWraps {
            vault: Key,
            wraps: Vec<recipients::RecordWrap>,
        }
        let pending: Vec<PendingWrap> = read("what is pending", pending)?;
        let records: Vec<HeldRecord> = read("the records", records)?;
        let records: BTreeMap<Key, &HeldRecord> = records.iter().map(|held| (held.record, held)).collect();
        let allowed = self.allowed();
        let mut wraps = Vec::new();
        for PendingWrap { record, holder, recipient } in pending {
            let Some(held) = records.get(&record) else { continue };
            if self.keys(&holder, &allowed).contains(&recipient) {
                wraps.extend(recipients::RecordWrap::new(held, &keys.secrets, holder, recipient, &mut OsRng).ok());
            }
        }
        write(&NewWraps { vault: self.vault, wraps })
    }

    fn allowed(&self) -> BTreeMap<Key, BTreeSet<EncryptionKey>> {
        let consents = self.consents.iter().map(|(held, on_chain)| (held, on_chain));
        recipients::allowed(consents, (self.vault, &self.state), self.now)
    }

    fn keys(&self, holder: &Key, allowed: &BTreeMap<Key, BTreeSet<EncryptionKey>>) -> Vec<EncryptionKey> {
        if *holder == self.vault {
            return vec![EncryptionKey(self.state.encryption_key)];
        }
        let Some(signed) = allowed.get(holder) else { return Vec::new() };
        recipients::keys(signed.clone(), recipients::attested(&self.credentials, holder))
    }
}

/// Encrypts a message to a vault, for `POST /v1/access-requests` in base64. The key is that of its account.
#[wasm_bindgen(js_name = sealMessage)]
pub fn seal_message(
    vault: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    text: &str,
) -> Result<Vec<u8>, Failure> {
    let state: Vault = read::<Account>("the vault's account", account)?.read()?;
    let recipient = EncryptionKey(state.encryption_key);
    Ok(message::seal_message(key("the vault", vault)?, &recipient, text, &mut OsRng)?)
}

#[wasm_bindgen(js_name = openMessage)]
pub fn open_message(vault: &str, keys: &SecretKeys, sealed: &[u8]) -> Result<String, Failure> {
    Ok(message::open_message(key("the vault", vault)?, &keys.secrets, sealed)?)
}

/// A random id for a vault, and the vault's address.
#[wasm_bindgen(js_name = vaultId, unchecked_return_type = "{ id: Hex; vault: Key }")]
pub fn vault_id() -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct New {
        id: Digest,
        vault: Key,
    }
    let id = id::vault_id(&mut OsRng);
    write(&New { id: Digest(id), vault: Key(pda::find_vault(&id).0.to_bytes()) })
}
