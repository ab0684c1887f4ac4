//! The program's accounts as the tables hold them at a slot, in the program's own types.

use aegle_client::{
    Pubkey, pda,
    state::{
        AuditRoot, BreakGlass, Config, Consent, Credential, CredentialKind, CredentialStatus, Delegate, Guardians,
        Record, RecordStatus, Recovery, RecoveryStatus, Registrar, VERSION, Vault,
    },
};
use sqlx::PgConnection;

/// An array of a fixed size out of a column.
pub(super) fn bytes<const N: usize>(value: Vec<u8>) -> sqlx::Result<[u8; N]> {
    value.try_into().map_err(|value: Vec<u8>| decode_error(format!("{} bytes instead of {N}", value.len())))
}

fn key(value: Vec<u8>) -> sqlx::Result<Pubkey> {
    Ok(Pubkey::new_from_array(bytes(value)?))
}

/// Where the chain holds zero for 'none'.
fn key_or_zero(value: Option<Vec<u8>>) -> sqlx::Result<Pubkey> {
    Ok(value.map(key).transpose()?.unwrap_or_default())
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
                  record_count AS "record_count!", emergency_policy AS "emergency_policy!",
                  created_slot AS "created_slot!", created_at AS "created_at!",
                  guardian_epoch AS "guardian_epoch!", guardian_count AS "guardian_count!",
                  guardian_threshold AS "guardian_threshold!", guardian_commitment,
                  recovery_delay AS "recovery_delay!", guardians_due_at AS "guardians_due_at!",
                  pending_guardian_count AS "pending_guardian_count!",
                  pending_guardian_threshold AS "pending_guardian_threshold!", pending_guardian_commitment,
                  pending_recovery_delay AS "pending_recovery_delay!", pending_recovery,
                  recovery_lapses_at AS "recovery_lapses_at!"
           FROM vault_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let vault = Vault {
            version: VERSION,
            bump: number(row.bump)?,
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
            emergency_policy: number(row.emergency_policy)?,
            guardian_epoch: number(row.guardian_epoch)?,
            guardians: Guardians {
                count: number(row.guardian_count)?,
                threshold: number(row.guardian_threshold)?,
                commitment: key_or_zero(row.guardian_commitment)?.to_bytes(),
                recovery_delay: row.recovery_delay,
            },
            pending_guardians: Guardians {
                count: number(row.pending_guardian_count)?,
                threshold: number(row.pending_guardian_threshold)?,
                commitment: key_or_zero(row.pending_guardian_commitment)?.to_bytes(),
                recovery_delay: row.pending_recovery_delay,
            },
            guardians_due_at: row.guardians_due_at,
            pending_recovery: key_or_zero(row.pending_recovery)?,
            recovery_lapses_at: row.recovery_lapses_at,
            reserved: [0; 32],
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
        r#"SELECT record AS "record!", vault AS "vault!", record_id AS "record_id!", bump AS "bump!",
                  mint_bump AS "mint_bump!", commitment AS "commitment!", record_version AS "record_version!",
                  previous, rent_payer AS "rent_payer!", status::text AS "status!", issues AS "issues!",
                  holder AS "holder!", minted_slot AS "minted_slot!", minted_at AS "minted_at!",
                  changed_slot AS "changed_slot!", changed_at AS "changed_at!"
           FROM record_at($1)"#,
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
            status: record_status(&row.status)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            record_id: bytes(row.record_id)?,
            commitment: bytes(row.commitment)?,
            record_version: number(row.record_version)?,
            previous: key_or_zero(row.previous)?,
            minted_slot: number(row.minted_slot)?,
            minted_at: row.minted_at,
            changed_slot: number(row.changed_slot)?,
            changed_at: row.changed_at,
            issues: number(row.issues)?,
            token: pda::find_token(&mint, &key(row.holder)?).0,
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

pub async fn recoveries_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Recovery)>> {
    let rows = sqlx::query!(
        r#"SELECT recovery AS "recovery!", vault AS "vault!", recovery_id AS "recovery_id!", bump AS "bump!",
                  new_owner AS "new_owner!", new_encryption_key AS "new_encryption_key!",
                  guardian_epoch AS "guardian_epoch!", delegate_epoch AS "delegate_epoch!",
                  approvals AS "approvals!", status::text AS "status!", executable_at AS "executable_at!",
                  lapses_at AS "lapses_at!", rent_payer AS "rent_payer!", proposed_slot AS "proposed_slot!",
                  proposed_at AS "proposed_at!", changed_slot AS "changed_slot!", changed_at AS "changed_at!"
           FROM recovery_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let recovery = Recovery {
            version: VERSION,
            bump: number(row.bump)?,
            status: recovery_status(&row.status)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            recovery_id: bytes(row.recovery_id)?,
            new_owner: key(row.new_owner)?,
            new_encryption_key: bytes(row.new_encryption_key)?,
            guardian_epoch: number(row.guardian_epoch)?,
            delegate_epoch: number(row.delegate_epoch)?,
            approvals: number(row.approvals)?,
            executable_at: row.executable_at,
            lapses_at: row.lapses_at,
            proposed_slot: number(row.proposed_slot)?,
            proposed_at: row.proposed_at,
            changed_slot: number(row.changed_slot)?,
            changed_at: row.changed_at,
        };
        Ok((key(row.recovery)?, recovery))
    });
    accounts.collect()
}

pub async fn registrars_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Registrar)>> {
    let rows = sqlx::query!(
        r#"SELECT registrar AS "registrar!", registrar_authority AS "registrar_authority!", bump AS "bump!",
                  kinds AS "kinds!", profile_commitment AS "profile_commitment!", rent_payer AS "rent_payer!",
                  added_slot AS "added_slot!", added_at AS "added_at!", removed_slot, removed_at
           FROM registrar_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let registrar = Registrar {
            version: VERSION,
            bump: number(row.bump)?,
            rent_payer: key(row.rent_payer)?,
            authority: key(row.registrar_authority)?,
            kinds: number(row.kinds)?,
            profile_commitment: bytes(row.profile_commitment)?,
            added_slot: number(row.added_slot)?,
            added_at: row.added_at,
            removed_slot: number_or_zero(row.removed_slot)?,
            removed_at: row.removed_at.unwrap_or(0),
        };
        Ok((key(row.registrar)?, registrar))
    });
    accounts.collect()
}

pub async fn credentials_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, Credential)>> {
    let rows = sqlx::query!(
        r#"SELECT credential AS "credential!", registrar AS "registrar!", subject AS "subject!", bump AS "bump!",
                  kind::text AS "kind!", status::text AS "status!", emergency AS "emergency!",
                  encryption_key AS "encryption_key!", profile_commitment AS "profile_commitment!",
                  from_day AS "from_day!", until_day AS "until_day!", revision AS "revision!",
                  rent_payer AS "rent_payer!", issued_slot AS "issued_slot!", issued_at AS "issued_at!",
                  changed_slot AS "changed_slot!", changed_at AS "changed_at!"
           FROM credential_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let credential = Credential {
            version: VERSION,
            bump: number(row.bump)?,
            kind: credential_kind(&row.kind)?,
            status: credential_status(&row.status)?,
            emergency: row.emergency,
            rent_payer: key(row.rent_payer)?,
            registrar: key(row.registrar)?,
            subject: key(row.subject)?,
            encryption_key: bytes(row.encryption_key)?,
            profile_commitment: bytes(row.profile_commitment)?,
            from_day: number(row.from_day)?,
            until_day: number(row.until_day)?,
            revision: number(row.revision)?,
            issued_slot: number(row.issued_slot)?,
            issued_at: row.issued_at,
            changed_slot: number(row.changed_slot)?,
            changed_at: row.changed_at,
        };
        Ok((key(row.credential)?, credential))
    });
    accounts.collect()
}

pub async fn break_glasses_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, BreakGlass)>> {
    let rows = sqlx::query!(
        r#"SELECT break_glass AS "break_glass!", vault AS "vault!", break_glass_id AS "break_glass_id!",
                  bump AS "bump!", commitment AS "commitment!", expires_at AS "expires_at!",
                  rent_payer AS "rent_payer!", opened_slot AS "opened_slot!", opened_at AS "opened_at!",
                  opened_by AS "opened_by!", reviewed_slot, reviewed_at
           FROM break_glass_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let break_glass = BreakGlass {
            version: VERSION,
            bump: number(row.bump)?,
            rent_payer: key(row.rent_payer)?,
            vault: key(row.vault)?,
            break_glass_id: bytes(row.break_glass_id)?,
            commitment: bytes(row.commitment)?,
            opened_by: key(row.opened_by)?,
            opened_slot: number(row.opened_slot)?,
            opened_at: row.opened_at,
            expires_at: row.expires_at,
            reviewed_slot: number_or_zero(row.reviewed_slot)?,
            reviewed_at: row.reviewed_at.unwrap_or(0),
        };
        Ok((key(row.break_glass)?, break_glass))
    });
    accounts.collect()
}

pub async fn audit_roots_at(slot: i64, connection: &mut PgConnection) -> sqlx::Result<Vec<(Pubkey, AuditRoot)>> {
    let rows = sqlx::query!(
        r#"SELECT audit_root AS "audit_root!", operator AS "operator!", index AS "index!", bump AS "bump!",
                  tree_size AS "tree_size!", root AS "root!", heads AS "heads!", rent_payer AS "rent_payer!",
                  anchored_slot AS "anchored_slot!", anchored_at AS "anchored_at!"
           FROM audit_root_at($1)"#,
        slot
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| {
        let audit_root = AuditRoot {
            version: VERSION,
            bump: number(row.bump)?,
            rent_payer: key(row.rent_payer)?,
            operator: key(row.operator)?,
            index: number(row.index)?,
            tree_size: number(row.tree_size)?,
            root: bytes(row.root)?,
            heads: bytes(row.heads)?,
            anchored_slot: number(row.anchored_slot)?,
            anchored_at: row.anchored_at,
        };
        Ok((key(row.audit_root)?, audit_root))
    });
    accounts.collect()
}

pub fn record_status(name: &str) -> sqlx::Result<RecordStatus> {
    Ok(match name {
        "active" => RecordStatus::Active,
        "amended" => RecordStatus::Amended,
        "entered_in_error" => RecordStatus::EnteredInError,
        "erased" => RecordStatus::Erased,
        _ => return Err(decode_error(format!("the record status {name}"))),
    })
}

fn recovery_status(name: &str) -> sqlx::Result<RecoveryStatus> {
    Ok(match name {
        "proposed" => RecoveryStatus::Proposed,
        "pending" => RecoveryStatus::Pending,
        "vetoed" => RecoveryStatus::Vetoed,
        "executed" => RecoveryStatus::Executed,
        _ => return Err(decode_error(format!("the recovery status {name}"))),
    })
}

pub fn credential_status(name: &str) -> sqlx::Result<CredentialStatus> {
    Ok(match name {
        "active" => CredentialStatus::Active,
        "suspended" => CredentialStatus::Suspended,
        "revoked" => CredentialStatus::Revoked,
        _ => return Err(decode_error(format!("the credential status {name}"))),
    })
}

pub fn credential_kind(name: &str) -> sqlx::Result<CredentialKind> {
    Ok(match name {
        "practitioner" => CredentialKind::Practitioner,
        "organization" => CredentialKind::Organization,
        "researcher" => CredentialKind::Researcher,
        "pharmacy" => CredentialKind::Pharmacy,
        "manufacturer" => CredentialKind::Manufacturer,
        "insurer" => CredentialKind::Insurer,
        "custodian" => CredentialKind::Custodian,
        "agent" => CredentialKind::Agent,
        _ => return Err(decode_error(format!("the credential kind {name}"))),
    })
}
