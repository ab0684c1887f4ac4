//! The program's accounts as the tables hold them at a slot, in the program's own types.

use aegle_client::{
    Pubkey, pda,
    state::{Config, Consent, Delegate, Record, RecordStatus, VERSION, Vault},
};
use sqlx::PgConnection;

/// An array of a fixed size out of a column.
pub(super) fn bytes<const N: usize>(value: Vec<u8>) -> sqlx::Result<[u8; N]> {
    value.try_into().map_err(|value: Vec<u8>| decode_error(format!("{} bytes instead of {N}", value.len())))
}

fn key(value: Vec<u8>) -> sqlx::Result<Pubkey> {
    Ok(Pubkey::new_from_array(bytes(value)?))
}

fn number<T, U: TryFrom<T>>(value: T) -> sqlx::Result<U>
where
    T: Copy + std::fmt::Display,
{
    U::try_from(value).map_err(|_| decode_error(format!("{value} is out of range")))
}

fn decode_error(reason: String) -> sqlx::Error {
    sqlx::Error::Decode(reason.into())
}

/// Where the chain holds zero for 'not yet'.
fn number_or_zero<U: TryFrom<i64>>(value: Option<i64>) -> sqlx::Result<U> {
    number(value.unwrap_or(0))
}

pub async fn configs_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Config)>> {
    let rows = sqlx::query!(
        r#"SELECT config AS "config!", bump AS "bump!", paused AS "paused!", rent_payer AS "rent_payer!",
                  governance AS "governance!", min_recovery_delay AS "min_recovery_delay!",
                  max_recovery_delay AS "max_recovery_delay!", record_uri AS "record_uri!"
           FROM config_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let config = Config {
            version: VERSION,
            bump: number(row.bump)?,
            paused: row.paused,
            rent_payer: key(row.rent_payer)?,
            governance: key(row.governance)?,
            min_recovery_delay: row.min_recovery_delay,
            max_recovery_delay: row.max_recovery_delay,
            payment_mints: Default::default(),
            record_uri: row.record_uri,
            reserved: [0; 64],
        };
        Ok((key(row.config)?, config))
    });
    accounts.collect()
}

pub async fn vaults_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Vault)>> {
    let rows = sqlx::query!(
        r#"SELECT vault AS "vault!", vault_id AS "vault_id!", bump AS "bump!", owner AS "owner!",
                  rent_payer AS "rent_payer!", encryption_key AS "encryption_key!", key_epoch AS "key_epoch!",
                  consent_epoch AS "consent_epoch!", delegate_epoch AS "delegate_epoch!",
                  delegate_mints AS "delegate_mints!", delegate_mint_cap AS "delegate_mint_cap!",
                  record_count AS "record_count!", created_slot AS "created_slot!", created_at AS "created_at!"
           FROM vault_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let vault = Vault {
            version: VERSION,
            bump: number(row.bump)?,
            // No event changes these yet.
            emergency_policy: 0,
            guardian_count: 0,
            guardian_threshold: 0,
            guardian_commitment: [0; 32],
            pending_recovery: Pubkey::default(),
            reserved: [0; 64],
            rent_payer: key(row.rent_payer)?,
            vault_id: bytes(row.vault_id)?,
            owner: key(row.owner)?,
            encryption_key: bytes(row.encryption_key)?,
            key_epoch: number(row.key_epoch)?,
            consent_epoch: number(row.consent_epoch)?,
            delegate_epoch: number(row.delegate_epoch)?,
            delegate_mints: number(row.delegate_mints)?,
            delegate_mint_cap: number(row.delegate_mint_cap)?,
            record_count: number(row.record_count)?,
            created_slot: number(row.created_slot)?,
            created_at: row.created_at,
        };
        Ok((key(row.vault)?, vault))
    });
    accounts.collect()
}

pub async fn delegates_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Delegate)>> {
    let rows = sqlx::query!(
        r#"SELECT delegate AS "delegate!", vault AS "vault!", key AS "key!", bump AS "bump!",
                  rent_payer AS "rent_payer!", rights AS "rights!", until_day AS "until_day!",
                  delegate_epoch AS "delegate_epoch!", added_slot AS "added_slot!", added_at AS "added_at!",
                  removed_slot, removed_at
           FROM delegate_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let delegate = Delegate {
            version: VERSION,
            bump: number(row.bump)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            key: key(row.key)?,
            rights: number(row.rights)?,
            until_day: number(row.until_day)?,
            delegate_epoch: number(row.delegate_epoch)?,
            added_slot: number(row.added_slot)?,
            added_at: row.added_at,
            removed_slot: number_or_zero(row.removed_slot)?,
            removed_at: row.removed_at.unwrap_or(0),
        };
        Ok((key(row.delegate)?, delegate))
    });
    accounts.collect()
}

pub async fn records_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Record)>> {
    let rows = sqlx::query!(
        r#"SELECT r.record AS "record!", r.vault AS "vault!", r.record_id AS "record_id!", r.bump AS "bump!",
                  r.mint_bump AS "mint_bump!", r.commitment AS "commitment!", r.record_version AS "record_version!",
                  r.previous, r.rent_payer AS "rent_payer!", r.status::text AS "status!",
                  r.minted_slot AS "minted_slot!", r.minted_at AS "minted_at!",
                  r.changed_slot AS "changed_slot!", r.changed_at AS "changed_at!", v.owner AS "owner: Vec<u8>"
           FROM record_at($1) r LEFT JOIN vault v ON v.vault = r.vault"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let address = key(row.record)?;
        let mint = pda::find_mint(&address).0;
        let record = Record {
            version: VERSION,
            bump: number(row.bump)?,
            mint_bump: number(row.mint_bump)?,
            status: status(&row.status)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            record_id: bytes(row.record_id)?,
            commitment: bytes(row.commitment)?,
            record_version: number(row.record_version)?,
            previous: row.previous.map(key).transpose()?.unwrap_or_default(),
            minted_slot: number(row.minted_slot)?,
            minted_at: row.minted_at,
            changed_slot: number(row.changed_slot)?,
            changed_at: row.changed_at,
            // Reissuing does not exist yet.
            issues: 1,
            // Nor does a change of owner: the token is where it was issued, with the vault's owner.
            token: row.owner.map(key).transpose()?.map(|owner| pda::find_token(&mint, &owner).0).unwrap_or_default(),
        };
        Ok((address, record))
    });
    accounts.collect()
}

pub async fn consents_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Consent)>> {
    let rows = sqlx::query!(
        r#"SELECT consent AS "consent!", vault AS "vault!", consent_id AS "consent_id!", bump AS "bump!",
                  handle AS "handle!", policy_commitment AS "policy_commitment!", purposes AS "purposes!",
                  actions AS "actions!", from_day AS "from_day!", until_day AS "until_day!",
                  consent_epoch AS "consent_epoch!", rent_payer AS "rent_payer!",
                  granted_slot AS "granted_slot!", granted_at AS "granted_at!", revoked_slot, revoked_at
           FROM consent_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let consent = Consent {
            version: VERSION,
            bump: number(row.bump)?,
            actions: number(row.actions)?,
            purposes: number(row.purposes)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            consent_id: bytes(row.consent_id)?,
            handle: bytes(row.handle)?,
            policy_commitment: bytes(row.policy_commitment)?,
            from_day: number(row.from_day)?,
            until_day: number(row.until_day)?,
            consent_epoch: number(row.consent_epoch)?,
            granted_slot: number(row.granted_slot)?,
            granted_at: row.granted_at,
            revoked_slot: number_or_zero(row.revoked_slot)?,
            revoked_at: row.revoked_at.unwrap_or(0),
        };
        Ok((key(row.consent)?, consent))
    });
    accounts.collect()
}

fn status(name: &str) -> sqlx::Result<RecordStatus> {
    Ok(match name {
        "active" => RecordStatus::Active,
        "amended" => RecordStatus::Amended,
        "entered_in_error" => RecordStatus::EnteredInError,
        "erased" => RecordStatus::Erased,
        _ => return Err(decode_error(format!("the status {name}"))),
    })
}
