//! Rows of the mirror and the SQL that writes and reads them, one file per entity.

pub mod checkpoint;
pub mod config;
pub mod consent;
pub mod delegate;
pub mod event;
pub mod node_tip;
pub mod record;
pub mod slot;
pub mod state;
pub mod vault;

use sqlx::PgConnection;

/// The schema, embedded.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// What a fact is known by, and where it stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub signature: [u8; 64],
    pub instruction_index: i16,
    pub inner_index: i16,
    pub slot: i64,
    pub tx_index: i32,
}

/// Rows to insert together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub slots: Vec<slot::SlotRow>,
    pub events: Vec<event::EventRow>,
    pub configs: Vec<config::ConfigRow>,
    pub config_changes: Vec<config::ConfigChangeRow>,
    pub vaults: Vec<vault::VaultRow>,
    pub vault_changes: Vec<vault::VaultChangeRow>,
    pub delegates: Vec<delegate::DelegateRow>,
    pub delegate_removals: Vec<delegate::DelegateRemovalRow>,
    pub records: Vec<record::RecordRow>,
    pub record_changes: Vec<record::RecordChangeRow>,
    pub consents: Vec<consent::ConsentRow>,
    pub consent_revocations: Vec<consent::ConsentRevocationRow>,
}

/// How many rows an insertion added; those that were there already do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    pub slots: u64,
    pub events: u64,
}

impl Facts {
    /// Inserts every row that is not there yet, and forgets them.
    ///
    /// # Errors
    /// A row that contradicts one that is there, among others.
    pub async fn insert(&mut self, connection: &mut PgConnection) -> sqlx::Result<Added> {
        let facts = std::mem::take(self);
        let added = Added {
            slots: slot::insert(&facts.slots, connection).await?,
            events: event::insert(&facts.events, connection).await?,
        };
        config::insert(&facts.configs, connection).await?;
        config::insert_changes(&facts.config_changes, connection).await?;
        vault::insert(&facts.vaults, connection).await?;
        vault::insert_changes(&facts.vault_changes, connection).await?;
        delegate::insert(&facts.delegates, connection).await?;
        delegate::insert_removals(&facts.delegate_removals, connection).await?;
        record::insert(&facts.records, connection).await?;
        record::insert_changes(&facts.record_changes, connection).await?;
        consent::insert(&facts.consents, connection).await?;
        consent::insert_revocations(&facts.consent_revocations, connection).await?;
        Ok(added)
    }
}

/// One column of `rows`, as Postgres takes batches.
fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
