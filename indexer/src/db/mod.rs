//! Rows of the mirror and the SQL that writes and reads them, one file per entity.

pub mod audit_root;
pub mod break_glass;
pub mod checkpoint;
pub mod config;
pub mod consent;
mod copy;
pub mod credential;
pub mod delegate;
pub mod event;
pub mod guardian;
pub mod node_tip;
mod pool;
pub mod record;
pub mod recovery;
pub mod registrar;
pub mod slot;
pub mod state;
pub mod vault;

use sqlx::{Connection, PgConnection};

use self::copy::copy;
pub use self::pool::{pool_options, quiet};

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
    pub guardian_changes: Vec<guardian::GuardianChangeRow>,
    pub recoveries: Vec<recovery::RecoveryRow>,
    pub recovery_changes: Vec<recovery::RecoveryChangeRow>,
    pub delegates: Vec<delegate::DelegateRow>,
    pub delegate_removals: Vec<delegate::DelegateRemovalRow>,
    pub records: Vec<record::RecordRow>,
    pub record_changes: Vec<record::RecordChangeRow>,
    pub record_reissues: Vec<record::RecordReissueRow>,
    pub consents: Vec<consent::ConsentRow>,
    pub consent_revocations: Vec<consent::ConsentRevocationRow>,
    pub registrars: Vec<registrar::RegistrarRow>,
    pub registrar_removals: Vec<registrar::RegistrarRemovalRow>,
    pub credentials: Vec<credential::CredentialRow>,
    pub credential_changes: Vec<credential::CredentialChangeRow>,
    pub break_glasses: Vec<break_glass::BreakGlassRow>,
    pub break_glass_reviews: Vec<break_glass::BreakGlassReviewRow>,
    pub audit_roots: Vec<audit_root::AuditRootRow>,
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
        if facts == Self::default() {
            return Ok(Added::default());
        }
        // Within a transaction, this is a savepoint.
        let mut attempt = connection.begin().await?;
        match facts.insert_new(&mut attempt).await {
            Ok(added) => {
                attempt.commit().await?;
                Ok(added)
            }
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                attempt.rollback().await?;
                facts.insert_missing(connection).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Inserts every row, fast, where none is there yet, as with every block that is read once. What
    /// is rare needs no speed.
    async fn insert_new(&self, connection: &mut PgConnection) -> sqlx::Result<Added> {
        let added =
            Added { slots: copy(&self.slots, connection).await?, events: copy(&self.events, connection).await? };
        copy(&self.vaults, connection).await?;
        copy(&self.vault_changes, connection).await?;
        copy(&self.records, connection).await?;
        copy(&self.record_changes, connection).await?;
        copy(&self.consents, connection).await?;
        copy(&self.consent_revocations, connection).await?;
        self.insert_rare(connection).await?;
        Ok(added)
    }

    /// Inserts the rows that are not there yet.
    async fn insert_missing(&self, connection: &mut PgConnection) -> sqlx::Result<Added> {
        let added = Added {
            slots: slot::insert(&self.slots, connection).await?,
            events: event::insert(&self.events, connection).await?,
        };
        vault::insert(&self.vaults, connection).await?;
        vault::insert_changes(&self.vault_changes, connection).await?;
        record::insert(&self.records, connection).await?;
        record::insert_changes(&self.record_changes, connection).await?;
        consent::insert(&self.consents, connection).await?;
        consent::insert_revocations(&self.consent_revocations, connection).await?;
        self.insert_rare(connection).await?;
        Ok(added)
    }

    /// What few blocks have, where it is not there yet.
    async fn insert_rare(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        config::insert(&self.configs, connection).await?;
        config::insert_changes(&self.config_changes, connection).await?;
        guardian::insert(&self.guardian_changes, connection).await?;
        recovery::insert(&self.recoveries, connection).await?;
        recovery::insert_changes(&self.recovery_changes, connection).await?;
        delegate::insert(&self.delegates, connection).await?;
        delegate::insert_removals(&self.delegate_removals, connection).await?;
        record::insert_reissues(&self.record_reissues, connection).await?;
        registrar::insert(&self.registrars, connection).await?;
        registrar::insert_removals(&self.registrar_removals, connection).await?;
        credential::insert(&self.credentials, connection).await?;
        credential::insert_changes(&self.credential_changes, connection).await?;
        break_glass::insert(&self.break_glasses, connection).await?;
        break_glass::insert_reviews(&self.break_glass_reviews, connection).await?;
        audit_root::insert(&self.audit_roots, connection).await
    }
}

/// One column of `rows`, as Postgres takes batches.
fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
