//! Builds the tables' content fact by fact, as the projector would, with one slot a day: slot 100 is
//! the first, 150 the finalized one and 155, today's, the confirmed one.

use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::PgPool;

pub const FIRST: i64 = 100;
pub const FINALIZED: i64 = 150;
pub const CONFIRMED: i64 = 155;
const DAY: i64 = 86_400;

pub type Key = [u8; 32];

/// Where a fact stands.
#[derive(Clone, Copy)]
pub struct Fact {
    pub signature: [u8; 64],
    pub slot: i64,
    pub tx_index: i32,
}

pub struct Ledger {
    pub pool: PgPool,
    transactions: i32,
}

/// A key that is told apart by its number.
pub fn key(number: u8) -> Key {
    [number; 32]
}

pub fn base58(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

/// Time of a slot's block.
pub fn time(slot: i64) -> i64 {
    day(slot) * DAY + 3_600
}

/// Day of a slot's block.
#[expect(clippy::disallowed_methods, reason = "the API that is tested reads the real clock")]
pub fn day(slot: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    now / DAY - CONFIRMED + slot
}

impl Ledger {
    /// A mirror that has ingested everything and whose node is where it is.
    pub async fn new(pool: &PgPool) -> Self {
        for slot in FIRST..=CONFIRMED {
            sqlx::query(
                "INSERT INTO slot (slot, block_hash, parent_slot, parent_hash, block_height, block_time)
                 VALUES ($1, $2, $1 - 1, $3, $1, $4)",
            )
            .bind(slot)
            .bind(key(slot as u8))
            .bind(key(slot as u8 - 1))
            .bind(time(slot))
            .execute(pool)
            .await
            .unwrap();
        }
        sqlx::query(
            "INSERT INTO checkpoint (genesis_hash, program, first_slot, finalized_slot, finalized_hash,
                                     confirmed_slot, confirmed_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key(1))
        .bind(aegle_client::PROGRAM_ID.to_bytes())
        .bind(FIRST)
        .bind(FINALIZED)
        .bind(key(FINALIZED as u8))
        .bind(CONFIRMED)
        .bind(key(CONFIRMED as u8))
        .execute(pool)
        .await
        .unwrap();
        let ledger = Self { pool: pool.clone(), transactions: 0 };
        ledger.node_tip(CONFIRMED, Some(time(CONFIRMED)), 0).await;
        ledger
    }

    /// The node's slot, as seen so many seconds ago.
    pub async fn node_tip(&self, slot: i64, block_time: Option<i64>, age: i64) {
        sqlx::query(
            "INSERT INTO node_tip (slot, block_time, observed_at)
             VALUES ($1, $2, now() - make_interval(secs => $3::bigint))
             ON CONFLICT (singleton) DO UPDATE
             SET slot = excluded.slot, block_time = excluded.block_time, observed_at = excluded.observed_at",
        )
        .bind(slot)
        .bind(block_time)
        .bind(age)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// Makes everything up to a slot final, in a mirror that has all slots up to it.
    pub async fn finalize(&self, slot: i64) {
        sqlx::query(
            "INSERT INTO slot (slot, block_hash, parent_slot, parent_hash, block_height, block_time)
             SELECT slot, sha256(slot::text::bytea), slot - 1, sha256((slot - 1)::text::bytea), slot, $3
             FROM generate_series($1::bigint + 1, $2) AS slot ON CONFLICT DO NOTHING",
        )
        .bind(CONFIRMED)
        .bind(slot)
        .bind(time(CONFIRMED))
        .execute(&self.pool)
        .await
        .unwrap();
        sqlx::query("UPDATE checkpoint SET finalized_slot = $1, confirmed_slot = greatest(confirmed_slot, $1)")
            .bind(slot)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// So many events of a vault in each of the slots, all final, each with so many times 64 bytes.
    pub async fn many(&mut self, slots: std::ops::RangeInclusive<i64>, each: i32, vault: Key, size: i32) {
        let (first, last) = slots.into_inner();
        self.finalize(first - 1).await;
        let mut transaction = self.pool.begin().await.unwrap();
        sqlx::query(
            "INSERT INTO slot (slot, block_hash, parent_slot, parent_hash, block_height, block_time)
             SELECT slot, sha256(slot::text::bytea), slot - 1, sha256((slot - 1)::text::bytea), slot, $3
             FROM generate_series($1::bigint, $2) AS slot ON CONFLICT DO NOTHING",
        )
        .bind(first)
        .bind(last)
        .bind(time(CONFIRMED))
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO event (signature, instruction_index, inner_index, slot, tx_index, name, account, vault,
                                authority, data)
             SELECT sha512(format('%s/%s', slot, tx)::bytea), tx % 3, tx % 7, slot, tx, 'RecordMinted',
                    sha256(format('%s/%s', slot, tx)::bytea), $4, $4,
                    decode(repeat(encode(sha512(format('%s/%s', slot, tx)::bytea), 'hex'), $5), 'hex')
             FROM generate_series($1::bigint, $2) AS slot, generate_series(0, $3 - 1) AS tx",
        )
        .bind(first)
        .bind(last)
        .bind(each)
        .bind(vault)
        .bind(size)
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query("UPDATE checkpoint SET finalized_slot = $1, confirmed_slot = greatest(confirmed_slot, $1)")
            .bind(last)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn event(&mut self, slot: i64, name: &str, account: Key, vault: Option<Key>) -> Fact {
        self.transactions += 1;
        let tx_index = self.transactions;
        let mut signature = [9; 64];
        signature[..4].copy_from_slice(&tx_index.to_be_bytes());
        sqlx::query(
            "INSERT INTO event (signature, instruction_index, inner_index, slot, tx_index, name, account, vault,
                                authority, data)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, '\\x01ff')",
        )
        .bind(signature)
        .bind(slot)
        .bind(tx_index)
        .bind(name)
        .bind(account)
        .bind(vault)
        .bind(key(200))
        .execute(&self.pool)
        .await
        .unwrap();
        Fact { signature, slot, tx_index }
    }

    pub async fn vault(&mut self, slot: i64, vault: Key) -> Fact {
        let fact = self.event(slot, "VaultCreated", vault, Some(vault)).await;
        sqlx::query(
            "INSERT INTO vault (signature, instruction_index, inner_index, slot, tx_index, at, vault, vault_id, bump,
                                owner, rent_payer, encryption_key, delegate_mint_cap)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, 255, $7, $8, $9, 1000)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(vault)
        .bind(key(201))
        .bind(key(200))
        .bind(key(202))
        .bind(key(203))
        .execute(&self.pool)
        .await
        .unwrap();
        fact
    }

    pub async fn rotate_key(&mut self, slot: i64, vault: Key, encryption_key: Key, epoch: i64) -> Fact {
        let fact = self.event(slot, "KeyRotated", vault, Some(vault)).await;
        sqlx::query(
            "INSERT INTO vault_change (signature, instruction_index, inner_index, slot, tx_index, at, vault,
                                       encryption_key, key_epoch, authority)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(vault)
        .bind(encryption_key)
        .bind(epoch)
        .bind(key(200))
        .execute(&self.pool)
        .await
        .unwrap();
        fact
    }

    pub async fn revoke_all(&mut self, slot: i64, vault: Key, epoch: i64) -> Fact {
        let fact = self.event(slot, "AllConsentsRevoked", vault, Some(vault)).await;
        sqlx::query(
            "INSERT INTO vault_change (signature, instruction_index, inner_index, slot, tx_index, at, vault,
                                       consent_epoch, authority)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(vault)
        .bind(epoch)
        .bind(key(200))
        .execute(&self.pool)
        .await
        .unwrap();
        fact
    }

    pub async fn delegate(&mut self, slot: i64, vault: Key, delegate: Key, rights: i16, until_day: i64) -> Fact {
        let fact = self.event(slot, "DelegateAdded", delegate, Some(vault)).await;
        sqlx::query(
            "INSERT INTO delegate (signature, instruction_index, inner_index, slot, tx_index, at, delegate, vault, key,
                                   bump, authority, rent_payer, rights, until_day, delegate_epoch)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, 255, $8, $9, $10, $11, 0)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(delegate)
        .bind(vault)
        .bind(key(204))
        .bind(key(200))
        .bind(key(202))
        .bind(rights)
        .bind(until_day)
        .execute(&self.pool)
        .await
        .unwrap();
        fact
    }

    pub async fn remove_delegate(&mut self, slot: i64, vault: Key, delegate: Key) -> Fact {
        let fact = self.event(slot, "DelegateRemoved", delegate, Some(vault)).await;
        self.tombstone("delegate_removal", "delegate", fact, delegate).await;
        fact
    }

    /// A version of a record; an amendment gives its predecessor too.
    pub async fn record(&mut self, slot: i64, vault: Key, record: Key, version: i64, previous: Option<Key>) -> Fact {
        let name = if previous.is_some() { "RecordAmended" } else { "RecordMinted" };
        let fact = self.event(slot, name, record, Some(vault)).await;
        sqlx::query(
            "INSERT INTO record (signature, instruction_index, inner_index, slot, tx_index, at, record, vault,
                                 record_id, bump, mint_bump, commitment, record_version, previous, authority,
                                 rent_payer)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, 255, $8, $9, $10, $11, $12, $13)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(record)
        .bind(vault)
        .bind(key(205))
        .bind(i16::from(aegle_client::pda::find_mint(&record.into()).1))
        .bind(key(206))
        .bind(version)
        .bind(previous)
        .bind(key(200))
        .bind(key(202))
        .execute(&self.pool)
        .await
        .unwrap();
        if let Some(previous) = previous {
            self.change_record(fact, previous, "amended").await;
        }
        fact
    }

    pub async fn erase(&mut self, slot: i64, vault: Key, record: Key) -> Fact {
        let fact = self.event(slot, "RecordErased", record, Some(vault)).await;
        self.change_record(fact, record, "erased").await;
        fact
    }

    async fn change_record(&self, fact: Fact, record: Key, status: &str) {
        sqlx::query(
            "INSERT INTO record_change (signature, instruction_index, inner_index, slot, tx_index, at, record, status,
                                        authority)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6::record_status, $7)",
        )
        .bind(fact.signature)
        .bind(fact.slot)
        .bind(fact.tx_index)
        .bind(time(fact.slot))
        .bind(record)
        .bind(status)
        .bind(key(200))
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// A consent to read for treatment and research, in epoch 0.
    pub async fn consent(&mut self, slot: i64, vault: Key, consent: Key, from_day: i64, until_day: i64) -> Fact {
        let fact = self.event(slot, "ConsentGranted", consent, Some(vault)).await;
        sqlx::query(
            "INSERT INTO consent (signature, instruction_index, inner_index, slot, tx_index, at, consent, vault,
                                  consent_id, bump, handle, policy_commitment, purposes, actions, from_day, until_day,
                                  consent_epoch, authority, rent_payer)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, 255, $8, $9, 17, 1, $10, $11, 0, $12, $13)",
        )
        .bind(fact.signature)
        .bind(slot)
        .bind(fact.tx_index)
        .bind(time(slot))
        .bind(consent)
        .bind(vault)
        .bind(key(207))
        .bind(key(208))
        .bind(key(209))
        .bind(from_day)
        .bind(until_day)
        .bind(key(200))
        .bind(key(202))
        .execute(&self.pool)
        .await
        .unwrap();
        fact
    }

    pub async fn revoke(&mut self, slot: i64, vault: Key, consent: Key) -> Fact {
        let fact = self.event(slot, "ConsentRevoked", consent, Some(vault)).await;
        self.tombstone("consent_revocation", "consent", fact, consent).await;
        fact
    }

    async fn tombstone(&self, table: &str, column: &str, fact: Fact, account: Key) {
        let insert = format!(
            "INSERT INTO {table} (signature, instruction_index, inner_index, slot, tx_index, at, {column}, authority)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6)"
        );
        sqlx::query(sqlx::AssertSqlSafe(insert))
            .bind(fact.signature)
            .bind(fact.slot)
            .bind(fact.tx_index)
            .bind(time(fact.slot))
            .bind(account)
            .bind(key(200))
            .execute(&self.pool)
            .await
            .unwrap();
    }
}
