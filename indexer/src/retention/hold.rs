//! Legal holds, as the operator places and lifts them. They are not secret: their patient is told.

use std::collections::BTreeSet;

use aegle_client::Pubkey;
use aegle_decision::Key;
use rand::{Rng, rngs::OsRng};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use crate::api::notice::{self, Kind, NewNotice};

/// Longest text, in characters.
const MAX_TEXT: usize = 500;
/// Most records that one hold names.
const MAX_RECORDS: usize = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("{0} must be 1 to {MAX_TEXT} characters of one line")]
    Text(&'static str),
    #[error("a hold names at most {MAX_RECORDS} records; place one on the whole vault, or several")]
    TooMany,
    #[error("the mirror knows no vault {0}; check the address, and that the mirror is not behind")]
    NoVault(Pubkey),
    #[error("{record} is no record of the vault {vault}; nothing was placed")]
    NoRecord { record: Pubkey, vault: Pubkey },
    #[error("there is no hold {0}; `aegle-indexer hold list` has them")]
    NoHold(String),
    #[error("the hold {0} was lifted before")]
    Lifted(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A hold to place.
#[derive(Clone, Debug)]
pub struct NewHold {
    pub vault: Pubkey,
    /// None for everything of the vault, also what comes later.
    pub records: Vec<Pubkey>,
    pub authority: String,
    pub reference: String,
}

/// A hold that was placed.
#[derive(Clone, Debug, Serialize)]
pub struct Placed {
    pub hold: String,
    /// Contents here that it keeps from now on; others were destroyed before, or never here.
    pub contents: i64,
}

/// A hold as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct HoldRow {
    pub hold: String,
    pub vault: String,
    /// None for everything of the vault.
    pub records: Option<Vec<String>>,
    pub authority: String,
    pub reference: String,
    /// Seconds since the Unix epoch.
    pub placed_at: i64,
    pub lifted_at: Option<i64>,
    pub reason: Option<String>,
}

fn text(name: &'static str, text: &str) -> Result<String, HoldError> {
    let text = text.trim();
    let fits = (1..=MAX_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(HoldError::Text(name)) }
}

/// Places a hold and tells its patient. From when this returns, nothing that it is about is destroyed.
///
/// # Errors
/// What cannot be held, with the way out; then nothing was placed.
pub async fn place(pool: &PgPool, new: NewHold) -> Result<Placed, HoldError> {
    let (authority, reference) = (text("the authority", &new.authority)?, text("the reference", &new.reference)?);
    let records: BTreeSet<Pubkey> = new.records.into_iter().collect();
    if records.len() > MAX_RECORDS {
        return Err(HoldError::TooMany);
    }
    let vault = new.vault.to_bytes();
    let mut transaction = pool.begin().await?;
    let known =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM vault WHERE vault = $1) AS "known!""#, &vault[..] as _);
    if !known.fetch_one(&mut *transaction).await? {
        return Err(HoldError::NoVault(new.vault));
    }
    let records: Vec<Vec<u8>> = records.into_iter().map(|record| record.to_bytes().to_vec()).collect();
    let foreign = sqlx::query_scalar!(
        r#"SELECT named.record AS "record!: [u8; 32]" FROM unnest($1::bytea[]) AS named (record)
           WHERE NOT EXISTS (SELECT FROM record r WHERE r.record = named.record AND r.vault = $2) LIMIT 1"#,
        &records,
        &vault[..] as _
    );
    if let Some(record) = foreign.fetch_optional(&mut *transaction).await? {
        return Err(HoldError::NoRecord { record: record.into(), vault: new.vault });
    }
    let id: [u8; 16] = OsRng.r#gen();
    // Waits for whoever destroys something now, and lets nobody begin.
    sqlx::query!(
        "INSERT INTO protected.hold (hold, vault, records, authority, reference) VALUES ($1, $2, $3, $4, $5)",
        &id,
        &vault[..] as _,
        (!records.is_empty()).then_some(&records[..]) as _,
        authority,
        reference
    )
    .execute(&mut *transaction)
    .await?;
    // A request that is under way and saw no hold gives way where it meets this update.
    let contents = sqlx::query_scalar!(
        r#"WITH kept AS (
               UPDATE protected.content SET vault = vault
               WHERE vault = $1 AND (cardinality($2::bytea[]) = 0 OR record = ANY ($2))
               RETURNING 1
           )
           SELECT count(*) AS "contents!" FROM kept"#,
        &vault[..] as _,
        &records
    );
    let contents = contents.fetch_one(&mut *transaction).await?;
    tell(&mut transaction, Kind::HoldPlaced, vault).await?;
    transaction.commit().await?;
    Ok(Placed { hold: hex::encode(id), contents })
}

/// Every hold, the newest first, at most `most`; with `all` also those that were lifted.
///
/// # Errors
/// The database's.
pub async fn list(pool: &PgPool, all: bool, most: i64) -> sqlx::Result<Vec<HoldRow>> {
    let rows = sqlx::query!(
        r#"SELECT hold, vault AS "vault!: [u8; 32]", records AS "records: Vec<[u8; 32]>", authority, reference,
                  extract(epoch FROM placed_at)::bigint AS "placed_at!",
                  extract(epoch FROM lifted_at)::bigint AS lifted_at, reason
           FROM protected.hold WHERE $1 OR lifted_at IS NULL ORDER BY placed_at DESC, hold LIMIT $2"#,
        all,
        most
    );
    let address = |bytes: [u8; 32]| Pubkey::from(bytes).to_string();
    let rows = rows.fetch_all(pool).await?.into_iter().map(|row| HoldRow {
        hold: hex::encode(row.hold),
        vault: address(row.vault),
        records: row.records.map(|records| records.into_iter().map(address).collect()),
        authority: row.authority,
        reference: row.reference,
        placed_at: row.placed_at,
        lifted_at: row.lifted_at,
        reason: row.reason,
    });
    Ok(rows.collect())
}

/// Lifts a hold and tells its patient; servers then destroy what was erased meanwhile.
///
/// # Errors
/// A hold that is not there or was lifted; then nothing changed.
pub async fn lift(pool: &PgPool, hold: &str, reason: &str) -> Result<(), HoldError> {
    let reason = text("the reason", reason)?;
    let no_hold = || HoldError::NoHold(hold.to_owned());
    let id = hex::decode(hold).map_err(|_| no_hold())?;
    let mut transaction = pool.begin().await?;
    let found = sqlx::query!(
        r#"SELECT vault AS "vault!: [u8; 32]", lifted_at IS NOT NULL AS "lifted!" FROM protected.hold
           WHERE hold = $1 FOR UPDATE"#,
        id
    );
    let found = found.fetch_optional(&mut *transaction).await?.ok_or_else(no_hold)?;
    if found.lifted {
        return Err(HoldError::Lifted(hold.to_owned()));
    }
    sqlx::query!("UPDATE protected.hold SET lifted_at = now(), reason = $2 WHERE hold = $1", id, reason)
        .execute(&mut *transaction)
        .await?;
    tell(&mut transaction, Kind::HoldLifted, found.vault).await?;
    transaction.commit().await?;
    Ok(())
}

async fn tell(transaction: &mut PgConnection, kind: Kind, vault: [u8; 32]) -> sqlx::Result<()> {
    let now = notice::now(&mut *transaction).await?;
    notice::append(transaction, &[NewNotice::of(kind, Key(vault), now)]).await.map(drop)
}
