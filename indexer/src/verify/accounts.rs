//! Accounts against state: every account of the program and what the tables hold, field by field and
//! in both directions.

use std::{collections::BTreeMap, fmt, time::Duration};

use aegle_client::{
    AccountDeserialize, Discriminator, Pubkey,
    state::{
        AuditRoot, BreakGlass, Config, Consent, Credential, CredentialKind, CredentialStatus, Delegate, Guardians,
        Record, RecordStatus, Recovery, RecoveryStatus, Registrar, Vault,
    },
};
use serde::Serialize;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{VerifyConfig, VerifyError};
use crate::{
    db::{checkpoint, state},
    retry::retry,
    source::{Source, SourceError},
};

/// How many reads must all show a difference. The later ones are made when the mirror has passed the
/// earlier, so that what is merely under way does not count.
const READS: usize = 3;
const POLL: Duration = Duration::from_millis(200);

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

/// The slot compared, how many accounts the chain has, and what repeated reads differ in.
///
/// # Errors
/// A node or database that does not answer, or a mirror that does not catch up.
pub(super) async fn compare<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<(i64, usize, Vec<Difference>), VerifyError> {
    let (mut slot, mut accounts, mut differences) = compare_once(source, pool, config, stop).await?;
    for _ in 1..READS {
        if differences.is_empty() {
            break;
        }
        if stop.run_until_cancelled(sleep(Duration::from_secs(config.reread_after))).await.is_none() {
            return Err(SourceError::Stopped.into());
        }
        let (next_slot, next_accounts, repeated) = compare_once(source, pool, config, stop).await?;
        (slot, accounts) = (next_slot, next_accounts);
        differences = repeated.into_iter().filter(|(key, _)| differences.contains_key(key)).collect();
    }
    let differences = differences.into_iter().map(|((account, field), Sides { kind, chain, table })| Difference {
        account: account.to_string(),
        kind,
        field,
        chain,
        table,
    });
    Ok((slot, accounts, differences.collect()))
}

/// What the two sides say of a field of an account, or of the account itself.
struct Sides {
    kind: &'static str,
    chain: Option<String>,
    table: Option<String>,
}

type Differences = BTreeMap<(Pubkey, Option<&'static str>), Sides>;

/// Compares every account of the program with the tables, once: the slot compared, how many accounts
/// the chain has, and the differences.
async fn compare_once<S: Source>(
    source: &S,
    pool: &PgPool,
    config: &VerifyConfig,
    stop: &CancellationToken,
) -> Result<(i64, usize, Differences), VerifyError> {
    let chain = retry("accounts", stop, || source.accounts()).await?;
    let slot = i64::try_from(chain.slot).unwrap_or(i64::MAX);
    wait_for(slot, pool, Duration::from_secs(config.patience), stop).await?;
    let accounts = chain.accounts.len();
    let mut differences = Differences::new();
    let mut table = match tables(slot, pool).await {
        // A value that no account can have is a difference, too; the others are unknown until it is gone.
        Err(failure @ (sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })) => {
            let sides = Sides { kind: "state", chain: None, table: Some(failure.to_string()) };
            differences.insert((Pubkey::default(), None), sides);
            return Ok((slot, accounts, differences));
        }
        tables => tables?,
    };
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
    let recoveries = state::recoveries_at(slot, connection).await?;
    accounts.extend(recoveries.iter().map(|(address, recovery)| (*address, recovery.into())));
    let registrars = state::registrars_at(slot, connection).await?;
    accounts.extend(registrars.iter().map(|(address, registrar)| (*address, registrar.into())));
    let credentials = state::credentials_at(slot, connection).await?;
    accounts.extend(credentials.iter().map(|(address, credential)| (*address, credential.into())));
    let break_glasses = state::break_glasses_at(slot, connection).await?;
    accounts.extend(break_glasses.iter().map(|(address, break_glass)| (*address, break_glass.into())));
    let audit_roots = state::audit_roots_at(slot, connection).await?;
    accounts.extend(audit_roots.iter().map(|(address, audit_root)| (*address, audit_root.into())));
    transaction.rollback().await?;
    Ok(accounts)
}

/// An account as its kind and its fields in words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    kind: &'static str,
    fields: Vec<(&'static str, String)>,
}

/// Lists an account's fields, after them those that have fields of their own; the compiler notices one
/// that is left out.
macro_rules! accounts {
    ($($kind:literal $type:ident {
        $($field:ident),+ $(,)? $(; $($nested:ident: $part:ident { $($inner:ident),+ }),+ $(,)?)?
    })+) => {
        $(impl From<&$type> for Account {
            fn from(account: &$type) -> Self {
                let $type { $($field,)+ $($($nested),+)? } = account;
                #[allow(unused_mut, reason = "where no field is nested")]
                let mut fields = vec![$((stringify!($field), $field.show())),+];
                $($(
                    let $part { $($inner),+ } = $nested;
                    fields.extend([$((concat!(stringify!($nested), ".", stringify!($inner)), $inner.show())),+]);
                )+)?
                Self { kind: $kind, fields }
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
        version, bump, owner, key_epoch, consent_epoch, delegate_epoch, vault_id, rent_payer, encryption_key,
        delegate_mints, delegate_mint_cap, record_count, created_slot, created_at, emergency_policy, guardian_epoch,
        guardians_due_at, pending_recovery, recovery_lapses_at, reserved;
        guardians: Guardians { count, threshold, commitment, recovery_delay },
        pending_guardians: Guardians { count, threshold, commitment, recovery_delay },
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
    "recovery" Recovery {
        version, bump, status, rent_payer, vault, recovery_id, new_owner, new_encryption_key, guardian_epoch,
        delegate_epoch, approvals, executable_at, lapses_at, proposed_slot, proposed_at, changed_slot, changed_at,
    }
    "registrar" Registrar {
        version, bump, rent_payer, authority, kinds, profile_commitment, added_slot, added_at, removed_slot,
        removed_at,
    }
    "credential" Credential {
        version, bump, kind, status, emergency, rent_payer, registrar, subject, encryption_key, profile_commitment,
        from_day, until_day, revision, issued_slot, issued_at, changed_slot, changed_at,
    }
    "break_glass" BreakGlass {
        version, bump, rent_payer, vault, break_glass_id, commitment, opened_by, opened_slot, opened_at, expires_at,
        reviewed_slot, reviewed_at,
    }
    "audit_root" AuditRoot {
        version, bump, rent_payer, operator, index, tree_size, root, heads, anchored_slot, anchored_at,
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

macro_rules! show_as_name {
    ($($type:ty),+) => {
        $(impl Show for $type {
            fn show(&self) -> String {
                format!("{self:?}")
            }
        })+
    };
}

show_as_name!(RecordStatus, RecoveryStatus, CredentialKind, CredentialStatus);
