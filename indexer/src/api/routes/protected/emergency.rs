use std::time::Duration;

use aegle_client::{aegle::OpenBreakGlassParams, pda, state::Right};
use aegle_decision::{Action, Document, Emergency, Key, Purpose, RuleId, Statement};
use aegle_disclosure::Operation;
use aegle_envelope::emergency::{StatementError, read_statement};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    list::OwnQuery,
    shape::{Base64, PurposeCode, Stated},
};
use crate::{
    api::{
        access::{content, served::Served},
        bytes::{Address, Digest},
        disclosure::{Asked, Requested},
        error::ApiError,
        extract::{Body, Id, Params},
        model::{Answer, Page},
        routes::reply::Reply,
        session::Bearer,
        state::ApiState,
        store,
        time::Time,
    },
    erasure::{ErasureError, KeyId, Part},
};

/// How long the answer waits for the mirror, within the time of a request.
const WAIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// A statement that its clinician signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmergency {
    /// The very text that was signed, JSON as `docs/content.md` has it.
    #[schema(max_length = 32768)]
    statement: String,
    /// Ed25519, by the clinician.
    signature: Base64<64, 64>,
    /// Of the commitment on chain: SHA-256 over the salt, the statement and the signature.
    salt: Digest,
}

/// What a clinician opened in an emergency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpenedEmergency {
    /// Account of the opening on chain.
    pub break_glass: Address,
    pub vault: Address,
    pub clinician: Address,
    pub statement: String,
    pub signature: Base64<64, 64>,
    pub salt: Digest,
    /// Whether the opening is confirmed on chain, and whether the patient's side has reviewed it.
    pub opened: bool,
    pub reviewed: bool,
    pub stored_at: Time,
}

impl From<store::emergency::Row> for OpenedEmergency {
    fn from(row: store::emergency::Row) -> Self {
        Self {
            break_glass: row.break_glass,
            vault: row.vault,
            clinician: row.clinician,
            statement: row.statement,
            signature: Base64(row.signature),
            salt: row.salt,
            opened: row.opened.is_some(),
            reviewed: row.reviewed,
            stored_at: row.stored_at,
        }
    }
}

/// A statement on its way to the chain.
struct SignedStatement {
    break_glass: Address,
    statement: Document<Statement>,
    signature: [u8; 64],
    salt: Digest,
}

/// Opens records in an emergency: keeps the clinician's signed statement, and has the relay commit to it on
/// chain, confirmed. Only then custodians release anything. The same statement again is the same opening.
#[utoipa::path(
    post,
    path = "/v1/emergencies",
    tag = "emergencies",
    params(("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use: ETREAT")),
    request_body = NewEmergency,
    responses((status = 200, body = Answer<OpenedEmergency>)),
    security(("session" = []))
)]
pub async fn open_emergency(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Body(new): Body<NewEmergency>,
) -> Result<Reply<Answer<OpenedEmergency>>, ApiError> {
    let relay = state.relay.as_deref().ok_or(ApiError::RelayOff)?;
    let stated = read(new)?;
    keep(&state, &bearer, purpose, &stated, &requested).await?;
    // It is on record here before it is on the chain.
    requested.log(&state.disclosures).await?;

    let SignedStatement { break_glass, statement, signature, salt } = stated;
    let vault = statement.value().vault;
    state.gate.forget(vault, bearer.caller.key);
    let params = OpenBreakGlassParams {
        break_glass_id: statement.value().break_glass_id,
        commitment: Emergency::commitment(&statement, &signature, &salt.0),
        expires_at: statement.value().expires_at,
    };
    relay.open_emergency(bearer.wallet(), vault.0.into(), params).await?;
    let (meta, row) = mirrored(&state, &bearer, break_glass).await?;
    Ok(Reply(Answer { meta, data: row.into() }))
}

fn read(new: NewEmergency) -> Result<SignedStatement, ApiError> {
    let signature = new.signature.0.as_slice().try_into().unwrap_or([0; 64]);
    if new.statement.contains('\0') {
        return Err(ApiError::InvalidBody("statement: text without NUL is expected".into()));
    }
    let statement = read_statement(new.statement.into_bytes(), &signature).map_err(|error| match error {
        StatementError::Document(error) => ApiError::InvalidBody(format!("statement: {error}")),
        StatementError::Signature => {
            ApiError::SignatureInvalid("The signature is not the clinician's over this statement")
        }
    })?;
    let Statement { vault, break_glass_id, .. } = statement.value();
    let break_glass = Address(pda::find_break_glass(&vault.0.into(), break_glass_id).0.to_bytes());
    Ok(SignedStatement { break_glass, statement, signature, salt: new.salt })
}

/// Decides, and keeps the statement, so that nothing is opened on chain whose statement is lost.
async fn keep(
    state: &ApiState,
    bearer: &Bearer,
    purpose: Purpose,
    stated: &SignedStatement,
    requested: &Requested,
) -> Result<(), ApiError> {
    let SignedStatement { break_glass, statement, signature, salt } = stated;
    let asked = Asked { operation: Operation::OpenEmergency, purpose: Some(purpose), record: None };
    let mut served = Served::logged(state, bearer, requested, asked).await?;
    let vault = statement.value().vault;
    served.about(vault).await?;
    let slot = served.frontier().confirmed_slot;
    let known = store::emergency::find(served.conn(), slot, *break_glass).await?;
    let commitment = Emergency::commitment(statement, signature, &salt.0);
    if let Some(known) = known.as_ref().and_then(store::emergency::Row::emergency) {
        if Emergency::commitment(&known.statement, &known.signature, &known.salt) != commitment {
            return Err(ApiError::CommitmentMismatch);
        }
        // Its own statement again, which was decided when it was kept.
        let opened = known.in_effect(served.now()).is_ok();
        let unreviewed =
            !opened && store::emergency::unreviewed(served.conn(), slot, bearer.caller.key, *break_glass).await?;
        let credential = served.open_emergency(statement.value(), purpose, unreviewed).await?;
        requested.release_in_emergency(Key(break_glass.0), vec![credential], statement.value().records.iter().copied());
        return served.close().await.map(drop);
    }
    let unreviewed = store::emergency::unreviewed(served.conn(), slot, bearer.caller.key, *break_glass).await?;
    let credential = served.open_emergency(statement.value(), purpose, unreviewed).await?;
    store::emergency::insert(served.conn(), *break_glass, statement, signature, *salt).await?;
    requested.release_in_emergency(Key(break_glass.0), vec![credential], statement.value().records.iter().copied());
    served.close().await.map(drop)
}

/// The statement once the mirror has its opening, or as it is when that takes too long.
async fn mirrored(
    state: &ApiState,
    bearer: &Bearer,
    break_glass: Address,
) -> Result<(crate::api::model::Meta, store::emergency::Row), ApiError> {
    let polls = WAIT.min(state.request_timeout.mul_f64(0.5)).as_millis() / POLL.as_millis();
    for poll in 0..=polls {
        let mut served = Served::begin(state, bearer).await?;
        let slot = served.frontier().confirmed_slot;
        let row = store::emergency::find(served.conn(), slot, break_glass).await?;
        let meta = served.close().await?;
        match row {
            Some(row) if row.opened.is_some() || poll == polls => return Ok((meta, row)),
            _ => tokio::time::sleep(POLL).await,
        }
    }
    Err(ApiError::Internal("a statement that was kept is gone".into()))
}

/// What was opened in a vault of the caller's in emergencies, by whom and why; or what the caller opened.
#[utoipa::path(
    get,
    path = "/v1/emergencies",
    tag = "emergencies",
    params(OwnQuery),
    responses((status = 200, body = Page<OpenedEmergency>)),
    security(("session" = []))
)]
pub async fn list_emergencies(
    State(state): State<ApiState>,
    bearer: Bearer,
    requested: Requested,
    Params(query): Params<OwnQuery>,
) -> Result<Reply<Page<OpenedEmergency>>, ApiError> {
    let walk = query.walk(&state, &bearer, "emergencies")?;
    let mut served = Served::logged(&state, &bearer, &requested, Operation::ListEmergencies).await?;
    let vault = query.patient.map(|patient| Key(patient.0));
    if let Some(vault) = vault {
        served.serve(vault, Some(Right::Read)).await?;
    }
    let clinician = vault.is_none().then_some(bearer.caller.key);
    let slot = served.frontier().confirmed_slot;
    let rows = store::emergency::list(served.conn(), slot, vault, clinician, &walk.after, walk.rows()).await?;
    Ok(walk.page(served.close().await?, rows, |row| row.break_glass.0.to_vec()))
}

/// A custodian's share of a record's key, encrypted to the clinician.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReleasedShare {
    pub record: Address,
    pub custodian: Address,
    /// How many of them give the key.
    pub threshold: i16,
    pub share: Base64<81, 81>,
}

/// What custodians released to the caller for an opening, while it is in effect.
#[utoipa::path(
    get,
    path = "/v1/emergencies/{break_glass}/shares",
    tag = "emergencies",
    params(
        ("break_glass" = Address, Path, description = "Account of the opening, base58"),
        ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use: ETREAT")
    ),
    responses((status = 200, body = Page<ReleasedShare>)),
    security(("session" = [], "signature" = []))
)]
pub async fn collect_shares(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    Id(break_glass): Id,
) -> Result<Reply<Page<ReleasedShare>>, ApiError> {
    let asked = Asked { operation: Operation::CollectShares, purpose: Some(purpose), record: None };
    let mut served = Served::logged(&state, &bearer, &requested, asked).await?;
    let slot = served.frontier().confirmed_slot;
    let found = store::emergency::find(served.conn(), slot, break_glass).await?;
    // An opening that is not there is looked for in a vault that nobody has.
    let vault = found.map(|row| Key(row.vault.0)).unwrap_or_default();
    let opened = served.open(vault, purpose, Action::Read).await?;
    let rule = RuleId::BreakGlass { break_glass: Key(break_glass.0) };
    let contents = content::list(served.conn(), &opened).await?;
    let open: Vec<_> = contents.iter().filter(|content| content.verdict.rule() == rule).collect();
    if open.is_empty() {
        return Err(ApiError::Denied { rule: RuleId::EmergencyNotOpened, consent: None });
    }
    let mut rows = store::custodian::released(served.conn(), break_glass).await?;
    rows.retain(|row| open.iter().any(|content| content.record == row.record));
    let keys = state.erasure.get_all(rows.iter().map(|row| KeyId(row.erasure_key.0))).await?;
    let keyed = open.iter().filter(|content| rows.iter().any(|row| row.record == content.record));
    requested.release(&opened, keyed.map(|content| (content.record, content.verdict)));
    let meta = served.close().await?;
    let opened = rows.into_iter().map(|row| {
        let key = keys.get(&KeyId(row.erasure_key.0)).ok_or(ErasureError::Missing)?;
        let share = Base64(key.open(Part::Release(&break_glass.0), &row.share)?);
        Ok(ReleasedShare { record: row.record, custodian: row.custodian, threshold: row.threshold, share })
    });
    Ok(Reply(Page { meta, data: opened.collect::<Result<_, ErasureError>>()?, next: None }))
}
