//! Credentials.

use aegle_client::state::{CredentialKind, CredentialStatus, CredentialTerms};
use sqlx::PgConnection;

use super::{Position, column};

/// A credential as issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    pub position: Position,
    pub credential: [u8; 32],
    pub registrar: [u8; 32],
    pub subject: [u8; 32],
    pub bump: i16,
    pub kind: CredentialKind,
    pub terms: CredentialTerms,
    pub authority: [u8; 32],
    pub rent_payer: [u8; 32],
    pub at: i64,
}

/// What changed of a credential, with the revision after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialChangeRow {
    pub position: Position,
    pub credential: [u8; 32],
    pub revision: i64,
    pub status: Option<CredentialStatus>,
    pub terms: Option<CredentialTerms>,
    pub authority: [u8; 32],
    pub at: i64,
}

pub(super) async fn insert(rows: &[CredentialRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO credential (
            credential, registrar, subject, bump, kind, emergency, encryption_key, profile_commitment, from_day,
            until_day, authority, rent_payer, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT
            credential, registrar, subject, bump, kind::credential_kind, emergency, encryption_key,
            profile_commitment, from_day, until_day, authority, rent_payer, at, signature, instruction_index,
            inner_index, slot, tx_index
         FROM UNNEST(
            $1::bytea[], $2::bytea[], $3::bytea[], $4::smallint[], $5::text[], $6::boolean[], $7::bytea[],
            $8::bytea[], $9::bigint[], $10::bigint[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bytea[],
            $15::smallint[], $16::smallint[], $17::bigint[], $18::integer[]
         ) AS rows (
            credential, registrar, subject, bump, kind, emergency, encryption_key, profile_commitment, from_day,
            until_day, authority, rent_payer, at, signature, instruction_index, inner_index, slot, tx_index
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.credential) as _,
        &column(rows, |row| row.registrar) as _,
        &column(rows, |row| row.subject) as _,
        &column(rows, |row| row.bump) as _,
        &column(rows, |row| kind_name(row.kind)) as _,
        &column(rows, |row| row.terms.emergency) as _,
        &column(rows, |row| row.terms.encryption_key) as _,
        &column(rows, |row| row.terms.profile_commitment) as _,
        &column(rows, |row| i64::from(row.terms.from_day)) as _,
        &column(rows, |row| i64::from(row.terms.until_day)) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.rent_payer) as _,
        &column(rows, |row| row.at) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_changes(rows: &[CredentialChangeRow], connection: &mut PgConnection) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO credential_change (
            credential, revision, status, emergency, encryption_key, profile_commitment, from_day, until_day,
            authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         SELECT
            credential, revision, status::credential_status, emergency, encryption_key, profile_commitment,
            from_day, until_day, authority, at, signature, instruction_index, inner_index, slot, tx_index
         FROM UNNEST(
            $1::bytea[], $2::bigint[], $3::text[], $4::boolean[], $5::bytea[], $6::bytea[], $7::bigint[],
            $8::bigint[], $9::bytea[], $10::bigint[], $11::bytea[], $12::smallint[], $13::smallint[],
            $14::bigint[], $15::integer[]
         ) AS rows (
            credential, revision, status, emergency, encryption_key, profile_commitment, from_day, until_day,
            authority, at, signature, instruction_index, inner_index, slot, tx_index
         )
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        &column(rows, |row| row.credential) as _,
        &column(rows, |row| row.revision) as _,
        &column(rows, |row| row.status.map(status_name)) as _,
        &column(rows, |row| row.terms.map(|terms| terms.emergency)) as _,
        &column(rows, |row| row.terms.map(|terms| terms.encryption_key)) as _,
        &column(rows, |row| row.terms.map(|terms| terms.profile_commitment)) as _,
        &column(rows, |row| row.terms.map(|terms| i64::from(terms.from_day))) as _,
        &column(rows, |row| row.terms.map(|terms| i64::from(terms.until_day))) as _,
        &column(rows, |row| row.authority) as _,
        &column(rows, |row| row.at) as _,
        &column(rows, |row| row.position.signature) as _,
        &column(rows, |row| row.position.instruction_index) as _,
        &column(rows, |row| row.position.inner_index) as _,
        &column(rows, |row| row.position.slot) as _,
        &column(rows, |row| row.position.tx_index) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The kind as the database names it.
fn kind_name(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Practitioner => "practitioner",
        CredentialKind::Organization => "organization",
        CredentialKind::Researcher => "researcher",
        CredentialKind::Pharmacy => "pharmacy",
        CredentialKind::Manufacturer => "manufacturer",
        CredentialKind::Insurer => "insurer",
        CredentialKind::Custodian => "custodian",
        CredentialKind::Agent => "agent",
    }
}

/// The status as the database names it.
fn status_name(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::Active => "active",
        CredentialStatus::Suspended => "suspended",
        CredentialStatus::Revoked => "revoked",
    }
}
