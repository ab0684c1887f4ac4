//! Accounts are the truth, events the history: compares every account of the program with what the
//! tables hold, field by field and in both directions.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use aegle_client::{
    AccountDeserialize, Discriminator, Pubkey,
    state::{Config, Consent, Delegate, Record, RecordStatus, Vault},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    db::{checkpoint, state},
    retry::retry,
    source::{Source, SourceError},
};

/// How many reads must all show a difference. The later ones are made when the mirror has passed the
/// earlier, so that what is merely under way does not count.
const READS: usize = 3;
const POLL: Duration = Duration::from_millis(200);

/// Settings of the comparison.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyConfig {
    /// Seconds between two comparisons of a running ingester; 0 for none.
    pub interval: u64,
    /// Seconds to wait for the mirror to reach the slot that the node answered for.
    pub patience: u64,
}

impl Default for VerifyConfig {
    fn default() -> Self {
        Self { interval: 300, patience: 60 }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the mirror has no checkpoint yet; start it with `aegle-indexer run` first")]
    NoCheckpoint,
    #[error("the mirror is at slot {confirmed} and did not reach slot {slot} in time; is an ingester running?")]
    Behind { slot: i64, confirmed: i64 },
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The slot compared.
    pub slot: i64,
    /// Accounts that the chain has.
    pub accounts: usize,
    pub differences: Vec<Difference>,
}

/// A value that the chain and the tables do not agree on; `None` where one has no such account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub account: String,
    pub kind: &'static str,
    /// Absent where the whole account is missing on one side.
    pub field: Option<&'static str>,
    pub chain: Option<String>,
    pub table: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, kind, field, chain, table } = self;
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "missing".into());
        write!(f, "{kind} {account} {}: chain {}, table {}", field.unwrap_or("account"), side(chain), side(table))
    }
}

/// Compares until `stop`, at the configured interval, and keeps the drift metric.
pub async fn periodically<S: Source>(source: Arc<S>, pool: PgPool, config: VerifyConfig, stop: CancellationToken) {
    if config.interval == 0 {
        return;
    }
    loop {
        if stop.run_until_cancelled(sleep(Duration::from_secs(config.interval))).await.is_none() {
            return;
        }
        match verify(source.as_ref(), &pool, &config, &stop).await {
            Ok(report) if report.differences.is_empty() => {
                info!(slot = report.slot, accounts = report.accounts, "the tables agree with the chain");
            }
            Ok(report) => {
                for difference in &report.differences {
                    error!(slot = report.slot, %difference, "the tables differ from the chain");
                }
            }
            Err(VerifyError::Source(SourceError::Stopped)) => return,
            Err(failure) => warn!(error = %failure, "could not compare the tables with the chain"),
        }
    }
}

/// Compares every account of the program with the tables and sets the drift metric.
///
/// # Errors
/// A node or database that does not answer, or a mirror that does not catch up.
pub async fn verify<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<Report, VerifyError> {
    let (mut slot, mut accounts, mut differences) = compare(source, pool, config, stop).await?;
    for _ in 1..READS {
        if differences.is_empty() {
            break;
        }
        let (next_slot, next_accounts, repeated) = compare(source, pool, config, stop).await?;
        (slot, accounts) = (next_slot, next_accounts);
        differences = repeated.into_iter().filter(|(key, _)| differences.contains_key(key)).collect();
    }
    metrics::gauge!("aegle_drift").set(differences.len() as f64);
    let differences = differences.into_iter().map(|((account, field), Sides { kind, chain, table })| Difference {
        account: account.to_string(),
        kind,
        field,
        chain,
        table,
    });
    Ok(Report { slot, accounts, differences: differences.collect() })
}

/// What the two sides say of a field of an account, or of the account itself.
struct Sides {
    kind: &'static str,
    chain: Option<String>,
    table: Option<String>,
}

type Differences = BTreeMap<(Pubkey, Option<&'static str>), Sides>;

async fn compare<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<(i64, usize, Differences), VerifyError> {
    let chain = retry("accounts", stop, || source.accounts()).await?;
    let slot = i64::try_from(chain.slot).unwrap_or(i64::MAX);
    wait_for(slot, pool, Duration::from_secs(config.patience), stop).await?;
    let mut table = tables(slot, pool).await?;

    let mut differences = Differences::new();
    let accounts = chain.accounts.len();
    for (address, data) in chain.accounts {
        let on_chain = Account::of(&data);
        match (on_chain, table.remove(&address)) {
            (Some(on_chain), Some(in_table)) if on_chain.kind == in_table.kind => {
                let kind = on_chain.kind;
                for ((field, chain), (_, table)) in on_chain.fields.into_iter().zip(in_table.fields) {
                    if chain != table {
                        let sides = Sides { kind, chain: Some(chain), table: Some(table) };
                        differences.insert((address, Some(field)), sides);
                    }
                }
            }
            (on_chain, in_table) => {
                let kind = on_chain.as_ref().map_or("unknown", |account| account.kind);
                let table = in_table.map(|account| account.kind.to_owned());
                differences.insert((address, None), Sides { kind, chain: Some(kind.to_owned()), table });
            }
        }
    }
    for (address, Account { kind, .. }) in table {
        differences.insert((address, None), Sides { kind, chain: None, table: Some(kind.to_owned()) });
    }
    Ok((slot, accounts, differences))
}

/// Waits until the mirror has reached `slot`.
async fn wait_for(slot: i64, pool: &PgPool, patience: Duration, stop: &CancellationToken) -> Result<(), VerifyError> {
    let deadline = Instant::now() + patience;
    loop {
        let mut connection = pool.acquire().await?;
        let checkpoint = checkpoint::read(&mut connection).await?.ok_or(VerifyError::NoCheckpoint)?;
        drop(connection);
        let confirmed = checkpoint.confirmed.slot;
        if confirmed >= slot {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(VerifyError::Behind { slot, confirmed });
        }
        if stop.run_until_cancelled(sleep(POLL)).await.is_none() {
            return Err(SourceError::Stopped.into());
        }
    }
}

/// Every account as the tables hold it at `slot`, as of one moment.
async fn tables(slot: i64, pool: &PgPool) -> sqlx::Result<BTreeMap<Pubkey, Account>> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let connection = &mut *transaction;
    let mut accounts = BTreeMap::new();
    let configs = state::configs_at(slot, connection).await?;
    accounts.extend(configs.iter().map(|(address, config)| (*address, config.into())));
    let vaults = state::vaults_at(slot, connection).await?;
    accounts.extend(vaults.iter().map(|(address, vault)| (*address, vault.into())));
    let delegates = state::delegates_at(slot, connection).await?;
    accounts.extend(delegates.iter().map(|(address, delegate)| (*address, delegate.into())));
    let records = state::records_at(slot, connection).await?;
    accounts.extend(records.iter().map(|(address, record)| (*address, record.into())));
    let consents = state::consents_at(slot, connection).await?;
    accounts.extend(consents.iter().map(|(address, consent)| (*address, consent.into())));
    transaction.rollback().await?;
    Ok(accounts)
}

/// An account as its kind and its fields in words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    kind: &'static str,
    fields: Vec<(&'static str, String)>,
}

/// Lists an account's fields; the compiler notices one that is left out.
macro_rules! accounts {
    ($($kind:literal $type:ident { $($field:ident),+ $(,)? })+) => {
        $(impl From<&$type> for Account {
            fn from(account: &$type) -> Self {
                let $type { $($field),+ } = account;
                Self { kind: $kind, fields: vec![$((stringify!($field), $field.show())),+] }
            }
        })+

        impl Account {
            /// Reads an account by its discriminator; `None` where this version does not know it.
            fn of(data: &[u8]) -> Option<Self> {
                $(if data.starts_with($type::DISCRIMINATOR) {
                    return $type::try_deserialize(&mut &data[..]).ok().map(|account| Self::from(&account));
                })+
                None
            }
        }
    };
}

accounts! {
    "config" Config {
        version, bump, paused, rent_payer, governance, min_recovery_delay, max_recovery_delay, payment_mints,
        record_uri, reserved,
    }
    "vault" Vault {
        version, bump, emergency_policy, guardian_count, guardian_threshold, rent_payer, vault_id, owner,
        encryption_key, key_epoch, consent_epoch, delegate_epoch, delegate_mints, delegate_mint_cap, record_count,
        created_slot, created_at, guardian_commitment, pending_recovery, reserved,
    }
    "delegate" Delegate {
        version, bump, rent_payer, vault, key, rights, until_day, delegate_epoch, added_slot, added_at,
        removed_slot, removed_at,
    }
    "record" Record {
        version, bump, mint_bump, status, rent_payer, vault, record_id, commitment, record_version, previous,
        minted_slot, minted_at, changed_slot, changed_at, issues, token,
    }
    "consent" Consent {
        version, bump, actions, purposes, rent_payer, vault, consent_id, handle, policy_commitment, from_day,
        until_day, consent_epoch, granted_slot, granted_at, revoked_slot, revoked_at,
    }
}

trait Show {
    fn show(&self) -> String;
}

macro_rules! show_as_text {
    ($($type:ty),+) => {
        $(impl Show for $type {
            fn show(&self) -> String {
                self.to_string()
            }
        })+
    };
}

show_as_text!(u8, u16, u32, u64, i64, bool, String, Pubkey);

impl<const N: usize> Show for [u8; N] {
    fn show(&self) -> String {
        hex::encode(self)
    }
}

impl<const N: usize> Show for [Pubkey; N] {
    fn show(&self) -> String {
        self.map(|key| key.to_string()).join(" ")
    }
}

impl Show for RecordStatus {
    fn show(&self) -> String {
        format!("{self:?}")
    }
}
