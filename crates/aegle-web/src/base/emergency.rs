//! Emergencies: who keeps shares of content keys, what a clinician opens and reads by them, what a patient is told.

use aegle_client::state::{BreakGlass, Credential, Record, Registrar, Vault};
use aegle_decision::{Key, Statement};
use aegle_envelope::Custodian;
use aegle_exchange::{
    Account,
    custodian::{self, DealtShare, SignedPlan},
    emergency::{self, Collected, NewEmergency, OpenedEmergency, Opening, ReleasedShare},
    wire::HeldRecord,
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    base::{keyring::SecretKeys, records::RecordOpening},
    failure::Failure,
    value::{bytes, key, read, write},
};

/// The text by which an owner names who keeps shares, for the wallet to sign and for `PUT /v1/custodians`. Whom no
/// registrar attests as a custodian, at `now` in seconds by the ledger's clock, is refused.
#[wasm_bindgen(js_name = custodianPlan)]
pub fn custodian_plan(
    vault: &str,
    threshold: u8,
    #[wasm_bindgen(unchecked_param_type = "NewCustodian[]")] custodians: &JsValue,
    now: f64,
) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct NewCustodian {
        custodian: Key,
        credential: Account,
        registrar: Account,
    }
    let attested = |NewCustodian { custodian, credential, registrar }| {
        let (credential, registrar): (Credential, Registrar) = (credential.read()?, registrar.read()?);
        let encryption_key = custodian::attested_key(custodian, &credential, &registrar, now as i64)
            .ok_or_else(|| Failure::new("no_key", "no registrar attests it as a custodian"))?;
        Ok::<_, Failure>(Custodian { custodian, encryption_key })
    };
    let custodians = read::<Vec<NewCustodian>>("the custodians", custodians)?;
    let custodians = custodians.into_iter().map(attested).collect::<Result<_, _>>()?;
    let plan = custodian::new_plan(key("the vault", vault)?, threshold, custodians)?;
    String::from_utf8(plan.bytes().to_vec()).map_err(|_| Failure::new("internal", "a plan is text"))
}

/// Who keeps shares of a vault's keys while emergencies are allowed, as its owner signed it; undefined where nobody
/// does.
#[wasm_bindgen(js_name = custodiansOf, unchecked_return_type = "Custodians | undefined")]
pub fn custodians_of(
    vault: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "SignedPlan")] plan: &JsValue,
) -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct Custodians {
        threshold: u8,
        custodians: Vec<Key>,
    }
    let state: Vault = read::<Account>("the vault's account", account)?.read()?;
    let plan = read::<SignedPlan>("the plan", plan)?.in_effect(&state, key("the vault", vault)?)?;
    let Some(plan) = plan else { return Ok(JsValue::UNDEFINED) };
    let custodians = plan.custodians.iter().map(|entry| entry.custodian).collect();
    write(&Custodians { threshold: plan.threshold, custodians })
}

/// Splits the keys of the records whose shares are not those of the plan in effect: `dealt` is the answer of
/// `GET /v1/custodian-shares`. Gives what goes into bodies of `POST /v1/custodian-shares`.
#[wasm_bindgen(js_name = dealShares, unchecked_return_type = "object[]")]
pub fn deal_shares(
    vault: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "SignedPlan")] plan: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "DealtShare[]")] dealt: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "HeldRecord[]")] records: &JsValue,
    keys: &SecretKeys,
) -> Result<JsValue, Failure> {
    let state: Vault = read::<Account>("the vault's account", account)?.read()?;
    let plan = read::<SignedPlan>("the plan", plan)?.in_effect(&state, key("the vault", vault)?)?;
    let plan = plan.ok_or_else(|| Failure::argument("nobody keeps shares"))?;
    let dealt: Vec<DealtShare> = read("the shares", dealt)?;
    let records: Vec<HeldRecord> = read("the records", records)?;
    let uncovered = custodian::uncovered(&plan, &dealt, &records);
    write(&custodian::deal(&plan, uncovered, &keys.secrets, &mut OsRng)?)
}

/// What a clinician is to sign to open records in an emergency; `account` is that of the credential that lets them,
/// `now` the ledger's clock in seconds.
#[wasm_bindgen(js_name = emergencyStatement)]
pub fn emergency_statement(
    #[wasm_bindgen(unchecked_param_type = "EmergencyOpening")] opening: &JsValue,
    clinician: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    now: f64,
) -> Result<String, Failure> {
    let opening: Opening = read("the opening", opening)?;
    let attested: Credential = read::<Account>("the credential's account", account)?.read()?;
    let statement = opening.statement(key("the clinician", clinician)?, &attested, now as i64, &mut OsRng)?;
    String::from_utf8(statement.bytes().to_vec()).map_err(|_| Failure::new("internal", "a statement is text"))
}

/// Body of `POST /v1/emergencies`: a statement and its clinician's signature.
#[wasm_bindgen(js_name = newEmergency, unchecked_return_type = "NewEmergency")]
pub fn new_emergency(statement: &str, signature: &[u8]) -> Result<JsValue, Failure> {
    let signature = bytes("the signature", signature)?;
    write(&NewEmergency::new(statement.as_bytes().to_vec(), signature, &mut OsRng)?)
}

/// What an opening says, where its clinician signed it and its account commits to it.
#[wasm_bindgen(js_name = readEmergency, unchecked_return_type = "Emergency")]
pub fn read_emergency(
    #[wasm_bindgen(unchecked_param_type = "OpenedEmergency")] opened: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
) -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Emergency<'a> {
        break_glass: Key,
        vault: Key,
        clinician: Key,
        credential: Key,
        reason: &'a str,
        records: Vec<Key>,
        /// Seconds since the Unix epoch.
        expires_at: i64,
        reviewed: bool,
    }
    let opened: OpenedEmergency = read("the opening", opened)?;
    let on_chain: BreakGlass = read::<Account>("the opening's account", account)?.read()?;
    let signed = opened.check(&on_chain)?;
    let statement: &Statement = signed.value();
    write(&Emergency {
        break_glass: emergency::break_glass(statement),
        vault: statement.vault,
        clinician: statement.clinician,
        credential: statement.credential,
        reason: &statement.reason,
        records: statement.records.iter().copied().collect(),
        expires_at: statement.expires_at,
        reviewed: on_chain.reviewed_slot > 0,
    })
}

/// What custodians have released of one record's key, for one opening. `free()` wipes it.
#[wasm_bindgen]
pub struct CollectedShares(Collected);

#[wasm_bindgen]
impl CollectedShares {
    /// Of the answer of `GET /v1/emergencies/{break_glass}/shares`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "ReleasedShare[]")] released: &JsValue,
        break_glass: &str,
        record: &str,
        keys: &SecretKeys,
    ) -> Result<Self, Failure> {
        let released: Vec<ReleasedShare> = read("the shares", released)?;
        let (opening, record) = (key("the opening", break_glass)?, key("the record", record)?);
        let keys: Vec<_> = keys.secrets.iter().collect();
        Ok(Self(Collected::new(&released, opening, record, &keys)))
    }

    #[wasm_bindgen(getter)]
    pub fn shares(&self) -> usize {
        self.0.shares
    }

    /// How many are needed; 0 where nothing was released.
    #[wasm_bindgen(getter)]
    pub fn threshold(&self) -> u8 {
        self.0.threshold
    }

    #[wasm_bindgen(getter, js_name = isEnough)]
    pub fn is_enough(&self) -> bool {
        self.0.is_enough()
    }

    /// Begins to open a record, of all of whose ciphertext the shares have to give the key.
    pub fn open(
        &self,
        #[wasm_bindgen(unchecked_param_type = "HeldRecord")] held: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        ciphertext: &[u8],
    ) -> Result<RecordOpening, Failure> {
        let held: HeldRecord = read("the record", held)?;
        let on_chain: Record = read::<Account>("the record's account", account)?.read()?;
        RecordOpening::by_shares(held, &on_chain, self.0.keys(), ciphertext)
    }
}
