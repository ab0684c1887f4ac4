//! Who keeps shares of a vault's content keys for emergencies: named by the owner, and dealt to by whoever
//! has the keys.

use aegle_client::{
    Pubkey, Reader, Sent,
    aegle::SetEmergencyPolicyParams,
    instruction,
    state::{Credential, EMERGENCIES_ALLOWED, EMERGENCIES_FORBIDDEN, Vault},
};
use aegle_decision::Key;
use aegle_envelope::{Custodian, CustodianPlan, EncryptionKey};
use aegle_exchange::custodian::{self, DealtShare, SignedPlan};
use rand::{CryptoRng, RngCore};
use reqwest::Method;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Api, Error, Pay, Session, Unlocked, api, chain,
    wire::{Bytes, Stored},
    wrap::own_records,
};

/// Most records in one request.
const BATCH: usize = 100;

/// The key that a registrar attests for `custodian`, by a custodian's credential in effect on chain.
///
/// # Errors
/// [`Error::NoKey`] where there is none; the server's or the node's.
pub async fn attested_key(api: &Api, reader: &Reader, custodian: Key) -> Result<EncryptionKey, Error> {
    let now = reader.now().await?;
    for address in api.credentials_of(&custodian).await? {
        let credential: Credential = reader.account("credential", &Pubkey::from(address.0)).await?;
        let registrar = chain::registrar(reader, &credential).await?;
        if let Some(key) = custodian::attested_key(custodian, &credential, &registrar, now) {
            return Ok(key);
        }
    }
    Err(Error::NoKey("no registrar attests it as a custodian"))
}

/// Allows emergencies: names who keeps shares, `threshold` of whom a clinician needs, and says so on chain.
/// Shares of the records that are there, [`deal`] makes.
///
/// # Errors
/// A custodian whom no registrar attests, a threshold that cannot be reached, the server's or the program's.
pub async fn allow(
    session: &Session,
    pay: &Pay<'_>,
    owner: &Keypair,
    vault: Key,
    custodians: &[Key],
    threshold: u8,
) -> Result<Option<Sent>, Error> {
    let mut named = Vec::with_capacity(custodians.len());
    for custodian in custodians {
        let encryption_key = attested_key(session.api(), pay.reader(), *custodian).await?;
        named.push(Custodian { custodian: *custodian, encryption_key });
    }
    let plan = custodian::new_plan(vault, threshold, named)?;
    let text = std::str::from_utf8(plan.bytes()).map_err(|_| Error::Answer("a plan is text"))?;
    let signature = Bytes(owner.try_sign_message(plan.bytes())?.into());
    let body = json!({"plan": text, "signature": signature});
    api::send(session.request(Method::PUT, "/v1/custodians").json(&body)).await?;
    set_policy(pay, owner, vault, EMERGENCIES_ALLOWED).await
}

/// Forbids emergencies on chain, then ends who keeps shares and every share.
///
/// # Errors
/// The program's or the server's.
pub async fn forbid(session: &Session, pay: &Pay<'_>, owner: &Keypair, vault: Key) -> Result<Option<Sent>, Error> {
    let sent = set_policy(pay, owner, vault, EMERGENCIES_FORBIDDEN).await?;
    session.delete(&format!("/v1/custodians?patient={vault}")).await?;
    Ok(sent)
}

/// None where the chain says so already.
async fn set_policy(pay: &Pay<'_>, owner: &Keypair, vault: Key, policy: u8) -> Result<Option<Sent>, Error> {
    let state = chain::vault(pay.reader(), &vault).await?;
    if state.emergency_policy == policy {
        return Ok(None);
    }
    let params = SetEmergencyPolicyParams { emergency_policy: policy, expected: instruction::expected(&state) };
    let set = instruction::set_emergency_policy(vault.0.into(), params);
    pay.send(&[set], &[owner]).await.map(Some)
}

/// Who keeps shares, as the vault's owner on chain signed it; none where nobody does.
///
/// # Errors
/// The server's; a plan that is another vault's or signed by somebody else.
pub async fn plan(session: &Session, state: &Vault, vault: Key) -> Result<Option<CustodianPlan>, Error> {
    Ok(signed_plan(session, vault).await?.read(state, vault)?)
}

async fn signed_plan(session: &Session, vault: Key) -> Result<SignedPlan, Error> {
    session.get("/v1/custodians", &[("patient", vault.to_string())]).await
}

/// [`plan`] where the vault allows emergencies.
pub(crate) async fn plan_in_effect(
    session: &Session,
    state: &Vault,
    vault: Key,
) -> Result<Option<CustodianPlan>, Error> {
    if state.emergency_policy != EMERGENCIES_ALLOWED {
        return Ok(None);
    }
    Ok(signed_plan(session, vault).await?.in_effect(state, vault)?)
}

/// Splits the key of every record whose custodians are not those of the plan; how many records that were.
///
/// # Errors
/// The server's or the node's.
pub async fn deal(
    session: &Session,
    reader: &Reader,
    unlocked: &Unlocked,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<usize, Error> {
    let vault = unlocked.vault();
    let state = chain::vault(reader, &vault).await?;
    let Some(plan) = plan_in_effect(session, &state, vault).await? else { return Ok(0) };
    let dealt: Vec<DealtShare> = session.list("/v1/custodian-shares", &[("patient", vault.to_string())]).await?;
    let records = own_records(session, vault).await?;
    let uncovered = custodian::uncovered(&plan, &dealt, records.values());
    let shares = custodian::deal(&plan, uncovered, &unlocked.secrets(), rng)?;
    for records in shares.chunks(BATCH) {
        let body = json!({"vault": vault, "records": records});
        session.post::<Stored>("/v1/custodian-shares", &body).await?;
    }
    Ok(shares.len())
}
