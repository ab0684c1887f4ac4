use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{reply::Reply, walk::Walk};
use crate::api::{
    bytes::Address,
    cursor::List,
    error::ApiError,
    extract::{At, Commitment, Id, Limit, Params, StateQuery},
    model::{Answer, Credential, CredentialKind, Page},
    snapshot::Snapshot,
    state::ApiState,
    store::{self, credential::CredentialFilter},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialsQuery {
    /// Only credentials that this registrar issued: its address, not its key.
    registrar: Option<Address>,
    /// Only credentials of this key.
    subject: Option<Address>,
    /// Only credentials of this kind.
    #[param(inline)]
    kind: Option<CredentialKind>,
    /// `finalized` unless given.
    #[param(inline)]
    commitment: Option<Commitment>,
    /// The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
    /// Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
    /// Without it, each page shows the state of its own time.
    as_of_slot: Option<u64>,
    /// How many to answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// `next` of the page before, for the same parameters (`limit` apart).
    cursor: Option<String>,
}

/// Credentials, suspended, revoked and expired ones included, by address.
#[utoipa::path(
    get,
    path = "/v1/chain/credentials",
    tag = "chain",
    params(CredentialsQuery),
    responses((status = 200, body = Page<Credential>))
)]
pub async fn list_credentials(
    State(state): State<ApiState>,
    Params(query): Params<CredentialsQuery>,
) -> Result<Reply<Page<Credential>>, ApiError> {
    let at = At { commitment: query.commitment, as_of_slot: query.as_of_slot };
    let kind = query.kind.map(|kind| [kind as u8]);
    let kind = kind.as_ref().map_or(&[][..], |kind| kind);
    let filter = [bytes_of(&query.registrar), bytes_of(&query.subject), kind, &at.to_bytes()];
    let list = List { route: "credentials", filter: &filter };
    let walk = Walk::new(&state.cursors, list, query.cursor.as_deref(), query.limit.unwrap_or_default())?;

    let mut snapshot = Snapshot::open(&state, at).await?;
    let slot = snapshot.meta.slot;
    let filter = CredentialFilter { registrar: query.registrar, subject: query.subject, kind: query.kind };
    let mut rows = store::credential::list(snapshot.conn(), slot, filter, &walk.after, walk.rows()).await?;
    let meta = snapshot.close().await?;

    let next = walk.cut(&mut rows, |row| row.credential.0.to_vec());
    let data = rows.into_iter().map(|row| Credential::new(row, meta.evaluated_at)).collect();
    Ok(Reply(Page { meta, data, next }))
}

/// A credential.
#[utoipa::path(
    get,
    path = "/v1/chain/credentials/{credential}",
    tag = "chain",
    params(("credential" = Address, Path, description = "Address of the credential, base58"), StateQuery),
    responses((status = 200, body = Answer<Credential>))
)]
pub async fn get_credential(
    State(state): State<ApiState>,
    Id(credential): Id,
    Params(query): Params<StateQuery>,
) -> Result<Reply<Answer<Credential>>, ApiError> {
    let mut snapshot = Snapshot::open(&state, query.at()).await?;
    let slot = snapshot.meta.slot;
    let row =
        store::credential::find(snapshot.conn(), slot, credential).await?.ok_or(ApiError::NotFound("credential"))?;
    let meta = snapshot.close().await?;
    let data = Credential::new(row, meta.evaluated_at);
    Ok(Reply(Answer { meta, data }))
}

fn bytes_of(address: &Option<Address>) -> &[u8] {
    address.as_ref().map_or(&[], |address| &address.0)
}
