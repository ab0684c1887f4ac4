//! The chain's state about one vault and one caller, at the finalized and at the confirmed slot.

use aegle_client::state::EMERGENCIES_ALLOWED;
use aegle_decision::{
    Caller, ChainView, ConsentOpening, ConsentView, CredentialView, DelegateView, Document, Key, VaultView, Views,
};
use sqlx::PgConnection;

use crate::{
    api::store,
    db::state::{credential_kind, credential_status},
};

/// Slots that a decision looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    pub finalized: i64,
    pub confirmed: i64,
}

impl Slots {
    fn both(self) -> [i64; 2] {
        [self.finalized, self.confirmed]
    }
}

fn key(bytes: Vec<u8>) -> sqlx::Result<Key> {
    bytes.try_into().map(Key).map_err(|_| corrupt("a key has not 32 bytes"))
}

fn digest(bytes: Vec<u8>) -> sqlx::Result<[u8; 32]> {
    Ok(key(bytes)?.0)
}

fn number<T: TryFrom<U>, U>(value: U) -> sqlx::Result<T> {
    T::try_from(value).map_err(|_| corrupt("a number is out of range"))
}

fn corrupt(reason: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(reason.into())
}

/// What the engine asks of the chain and of the openings kept here.
///
/// # Errors
/// Of the database, or rows that are not what the program's events can give.
#[tracing::instrument(name = "db.view.load", skip_all)]
pub async fn load(
    conn: &mut PgConnection,
    slots: Slots,
    vault: Key,
    caller: &Caller,
) -> sqlx::Result<(Views, Vec<ConsentOpening>)> {
    let openings = openings(conn, vault, caller.key).await?;
    let mut views = [empty(slots.finalized)?, empty(slots.confirmed)?];
    vaults(conn, slots, vault, &mut views).await?;
    delegates(conn, slots, vault, caller.key, &mut views).await?;
    if !openings.is_empty() {
        consents(conn, slots, vault, &openings, &mut views).await?;
    }
    credentials(conn, slots, caller, &mut views).await?;
    let stated = store::emergency::of_clinician_in(conn, slots.confirmed, vault, caller.key).await?;
    let emergencies = stated.iter().filter_map(store::emergency::Row::emergency).collect();
    let withdrawals_pending = withdrawals_pending(conn, slots, vault, &views).await?;
    let [finalized, confirmed] = views;
    Ok((Views { finalized, confirmed, withdrawals_pending, emergencies }, openings))
}

fn empty(slot: i64) -> sqlx::Result<ChainView> {
    Ok(ChainView { slot: number(slot)?, vault: None, delegate: None, consents: vec![], credentials: vec![] })
}

/// Openings by which `grantee` may have been granted something in `vault`.
async fn openings(conn: &mut PgConnection, vault: Key, grantee: Key) -> sqlx::Result<Vec<ConsentOpening>> {
    let rows = sqlx::query!(
        r#"
        SELECT consent AS "consent!: Vec<u8>", salt AS "salt!: Vec<u8>", policy, policy_salt AS "policy_salt!: Vec<u8>"
        FROM protected.opening WHERE vault = $1 AND grantee = $2 ORDER BY consent
        "#,
        &vault.0[..] as _,
        &grantee.0[..] as _
    )
    .fetch_all(conn)
    .await?;
    let read = rows.into_iter().map(|row| {
        // A policy that cannot be read opens nothing: leaving the opening out denies.
        let policy = Document::read(row.policy.into_bytes());
        let Ok(policy) = policy else { return Ok(None) };
        Ok(Some(ConsentOpening {
            consent: key(row.consent)?,
            grantee,
            salt: digest(row.salt)?,
            policy,
            policy_salt: digest(row.policy_salt)?,
        }))
    });
    read.filter_map(Result::transpose).collect()
}

async fn vaults(conn: &mut PgConnection, slots: Slots, vault: Key, views: &mut [ChainView; 2]) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"
        SELECT s.place AS "place!", v.owner AS "owner!: Vec<u8>", v.key_epoch AS "key_epoch!",
               v.consent_epoch AS "consent_epoch!", v.delegate_epoch AS "delegate_epoch!",
               v.emergency_policy AS "emergency_policy!"
        FROM unnest($1::bigint[]) WITH ORDINALITY s (slot, place), LATERAL vault_at(s.slot) v WHERE v.vault = $2
        "#,
        &slots.both(),
        &vault.0[..] as _
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        at(views, row.place)?.vault = Some(VaultView {
            vault,
            owner: key(row.owner)?,
            key_epoch: number(row.key_epoch)?,
            consent_epoch: number(row.consent_epoch)?,
            delegate_epoch: number(row.delegate_epoch)?,
            emergencies_allowed: row.emergency_policy == i16::from(EMERGENCIES_ALLOWED),
        });
    }
    Ok(())
}

async fn delegates(
    conn: &mut PgConnection,
    slots: Slots,
    vault: Key,
    caller: Key,
    views: &mut [ChainView; 2],
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"
        SELECT s.place AS "place!", d.rights AS "rights!", d.until_day AS "until_day!",
               d.delegate_epoch AS "delegate_epoch!", d.removed_slot
        FROM unnest($1::bigint[]) WITH ORDINALITY s (slot, place), LATERAL delegate_at(s.slot) d
        WHERE d.vault = $2 AND d.key = $3
        "#,
        &slots.both(),
        &vault.0[..] as _,
        &caller.0[..] as _
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        at(views, row.place)?.delegate = Some(DelegateView {
            key: caller,
            rights: number(row.rights)?,
            until_day: number(row.until_day)?,
            delegate_epoch: number(row.delegate_epoch)?,
            removed: row.removed_slot.is_some(),
        });
    }
    Ok(())
}

async fn consents(
    conn: &mut PgConnection,
    slots: Slots,
    vault: Key,
    openings: &[ConsentOpening],
    views: &mut [ChainView; 2],
) -> sqlx::Result<()> {
    let asked: Vec<Vec<u8>> = openings.iter().map(|opening| opening.consent.0.to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT s.place AS "place!", c.consent AS "consent!: Vec<u8>", c.consent_id AS "consent_id!: Vec<u8>",
               c.handle AS "handle!: Vec<u8>", c.policy_commitment AS "policy_commitment!: Vec<u8>",
               c.purposes AS "purposes!", c.actions AS "actions!", c.from_day AS "from_day!",
               c.until_day AS "until_day!", c.consent_epoch AS "consent_epoch!", c.revoked_slot
        FROM unnest($1::bigint[]) WITH ORDINALITY s (slot, place), LATERAL consent_at(s.slot) c
        WHERE c.vault = $2 AND c.consent = ANY ($3::bytea[])
        ORDER BY c.consent
        "#,
        &slots.both(),
        &vault.0[..] as _,
        &asked
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        at(views, row.place)?.consents.push(ConsentView {
            consent: key(row.consent)?,
            consent_id: digest(row.consent_id)?,
            handle: digest(row.handle)?,
            policy_commitment: digest(row.policy_commitment)?,
            purposes: number(row.purposes)?,
            actions: number(row.actions)?,
            from_day: number(row.from_day)?,
            until_day: number(row.until_day)?,
            consent_epoch: number(row.consent_epoch)?,
            revoked: row.revoked_slot.is_some(),
        });
    }
    Ok(())
}

async fn credentials(
    conn: &mut PgConnection,
    slots: Slots,
    caller: &Caller,
    views: &mut [ChainView; 2],
) -> sqlx::Result<()> {
    let subjects: Vec<Vec<u8>> =
        [Some(caller.key), caller.practitioner].iter().flatten().map(|k| k.0.to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT s.place AS "place!", c.credential AS "credential!: Vec<u8>", c.registrar AS "registrar!: Vec<u8>",
               c.subject AS "subject!: Vec<u8>", c.kind::text AS "kind!", c.status::text AS "status!",
               c.from_day AS "from_day!", c.until_day AS "until_day!",
               EXISTS (SELECT FROM registrar_removal r WHERE r.registrar = c.registrar AND r.slot <= s.slot)
                   AS "registrar_removed!", c.emergency AS "emergency!"
        FROM unnest($1::bigint[]) WITH ORDINALITY s (slot, place), LATERAL credential_at(s.slot) c
        WHERE c.subject = ANY ($2::bytea[])
        ORDER BY c.credential
        "#,
        &slots.both(),
        &subjects
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        at(views, row.place)?.credentials.push(CredentialView {
            credential: key(row.credential)?,
            registrar: key(row.registrar)?,
            subject: key(row.subject)?,
            kind: credential_kind(&row.kind)?,
            status: credential_status(&row.status)?,
            from_day: number(row.from_day)?,
            until_day: number(row.until_day)?,
            registrar_removed: row.registrar_removed,
            emergency: row.emergency,
        });
    }
    Ok(())
}

/// Whether a withdrawal that concerns any of it was confirmed on a branch that is no more, and finality
/// has not passed its slot.
async fn withdrawals_pending(
    conn: &mut PgConnection,
    slots: Slots,
    vault: Key,
    views: &[ChainView; 2],
) -> sqlx::Result<bool> {
    let consents = views.iter().flat_map(|view| view.consents.iter().map(|consent| consent.consent));
    let credentials = views.iter().flat_map(|view| view.credentials.iter().flat_map(|c| [c.credential, c.registrar]));
    let delegates = views.iter().filter_map(|view| view.delegate.as_ref());
    let delegates = delegates
        .map(|delegate| Key(aegle_client::pda::find_delegate(&vault.0.into(), &delegate.key.0.into()).0.to_bytes()));
    let mut accounts: Vec<Vec<u8>> = consents.chain(credentials).chain(delegates).map(|key| key.0.to_vec()).collect();
    accounts.push(vault.0.to_vec());
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM protected.abandoned_withdrawal w
            WHERE w.slot > $1
                AND (w.account = ANY ($2::bytea[]) OR w.account IN (SELECT recovery FROM recovery WHERE vault = $3))
        ) AS "pending!"
        "#,
        slots.finalized,
        &accounts,
        &vault.0[..] as _
    )
    .fetch_one(conn)
    .await
}

/// The view of a row, by the place of its slot counted from one.
fn at(views: &mut [ChainView; 2], place: i64) -> sqlx::Result<&mut ChainView> {
    usize::try_from(place - 1).ok().and_then(|place| views.get_mut(place)).ok_or_else(|| corrupt("a third slot"))
}
