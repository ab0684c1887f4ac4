use sqlx::PgConnection;

use crate::api::{
    bytes::{Address, Digest, Signature},
    model::{Change, Transaction},
    time::{Day, Time},
};

pub struct ConsentRow {
    pub consent: Address,
    pub vault: Address,
    pub consent_id: Digest,
    pub handle: Digest,
    pub policy_commitment: Digest,
    pub purposes: i32,
    pub actions: i16,
    pub from: Day,
    pub until: Day,
    pub consent_epoch: i64,
    pub rent_payer: Address,
    pub granted: Change,
    pub revoked: Option<Change>,
}

struct Row {
    consent: Address,
    vault: Address,
    consent_id: Digest,
    handle: Digest,
    policy_commitment: Digest,
    purposes: i32,
    actions: i16,
    from: Day,
    until: Day,
    consent_epoch: i64,
    rent_payer: Address,
    granted_slot: i64,
    granted_at: Time,
    granted_signature: Signature,
    granted_by: Address,
    revoked_slot: Option<i64>,
    revoked_at: Option<Time>,
    revoked_signature: Option<Signature>,
    revoked_by: Option<Address>,
}

impl From<Row> for ConsentRow {
    fn from(row: Row) -> Self {
        let revoked = Transaction::if_any(row.revoked_signature, row.revoked_slot, row.revoked_at);
        Self {
            consent: row.consent,
            vault: row.vault,
            consent_id: row.consent_id,
            handle: row.handle,
            policy_commitment: row.policy_commitment,
            purposes: row.purposes,
            actions: row.actions,
            from: row.from,
            until: row.until,
            consent_epoch: row.consent_epoch,
            rent_payer: row.rent_payer,
            granted: Change {
                transaction: Transaction {
                    signature: row.granted_signature,
                    slot: row.granted_slot,
                    at: row.granted_at,
                },
                authority: row.granted_by,
            },
            revoked: revoked.zip(row.revoked_by).map(|(transaction, authority)| Change { transaction, authority }),
        }
    }
}

macro_rules! select {
    ($condition:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT
                consent AS "consent!: Address", vault AS "vault!: Address", consent_id AS "consent_id!: Digest",
                handle AS "handle!: Digest", policy_commitment AS "policy_commitment!: Digest",
                purposes AS "purposes!", actions AS "actions!", from_day AS "from!: Day",
                until_day AS "until!: Day", consent_epoch AS "consent_epoch!",
                rent_payer AS "rent_payer!: Address", granted_slot AS "granted_slot!",
                granted_at AS "granted_at!: Time", granted_signature AS "granted_signature!: Signature",
                granted_by AS "granted_by!: Address", revoked_slot, revoked_at AS "revoked_at: Time",
                revoked_signature AS "revoked_signature: Signature", revoked_by AS "revoked_by: Address"
            FROM consent_at($1) WHERE
            "# + $condition,
            $($argument),+
        )
    };
}

#[tracing::instrument(name = "db.consent.find", skip_all)]
pub async fn find(conn: &mut PgConnection, slot: i64, consent: Address) -> sqlx::Result<Option<ConsentRow>> {
    Ok(select!("consent = $2", slot, consent as _).fetch_optional(conn).await?.map(Into::into))
}

/// Consents of a vault by address, after `after`, at most `limit`.
#[tracing::instrument(name = "db.consent.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    slot: i64,
    vault: Address,
    after: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<ConsentRow>> {
    let rows = select!("vault = $2 AND consent > $3 ORDER BY consent LIMIT $4", slot, vault as _, after, limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
