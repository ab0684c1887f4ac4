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

/// A value of a fact.
#[derive(Clone, Copy)]
enum Value {
    B(Key),
    N(i64),
    T(&'static str),
    Flag(bool),
}

use Value::{B, Flag, N, T};

impl Value {
    fn sql(&self) -> String {
        match self {
            B(bytes) => format!("'\\x{}'", hex::encode(bytes)),
            N(number) => number.to_string(),
            T(text) => format!("'{text}'"),
            Flag(flag) => flag.to_string(),
        }
    }
}

/// No guardians are pending; without a number, the commitment of nobody.
const PENDING: [(&str, Option<i64>); 5] = [
    ("guardians_due_at", Some(0)),
    ("pending_guardian_count", Some(0)),
    ("pending_guardian_threshold", Some(0)),
    ("pending_guardian_commitment", None),
    ("pending_recovery_delay", Some(0)),
];

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

/// Seconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the API that is tested reads the real clock")]
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Day of a slot's block.
pub fn day(slot: i64) -> i64 {
    now() / DAY - CONFIRMED + slot
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
                                 rent_payer, holder)
             VALUES ($1, 0, 3, $2, $3, $4, $5, $6, $7, 255, $8, $9, $10, $11, $12, $13, $12)",
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

    /// The record's token issued again, to another holder.
    pub async fn reissue(&mut self, slot: i64, vault: Key, record: Key, issues: i64, holder: Key) -> Fact {
        let fact = self.event(slot, "RecordReissued", record, Some(vault)).await;
        self.fact(
            "record_reissue",
            fact,
            &[
                ("record", B(record)),
                ("issues", N(issues)),
                ("holder", B(holder)),
                ("rent_payer", B(key(210))),
                ("authority", B(holder)),
            ],
        )
        .await;
        fact
    }

    /// Guardians in effect: how many, and how many of them it takes, with a delay of a day.
    pub async fn guardians(&mut self, slot: i64, vault: Key, epoch: i64, count: i64, threshold: i64) -> Fact {
        let fact = self.event(slot, "GuardiansChanged", vault, Some(vault)).await;
        let values = [
            ("guardian_epoch", N(epoch)),
            ("guardian_count", N(count)),
            ("guardian_threshold", N(threshold)),
            ("guardian_commitment", B(key(211))),
            ("recovery_delay", N(DAY)),
        ];
        let values = [
            &values[..],
            &PENDING.map(|(name, number)| (name, number.map_or(B(key(0)), N))),
            &[("vault", B(vault)), ("authority", B(key(200)))],
        ]
        .concat();
        self.fact("vault_guardian_change", fact, &values).await;
        fact
    }

    /// Guardians that are to be in effect.
    pub async fn propose_guardians(&mut self, slot: i64, vault: Key, count: i64, threshold: i64, due_at: i64) -> Fact {
        let fact = self.event(slot, "GuardianChangeProposed", vault, Some(vault)).await;
        self.fact(
            "vault_guardian_change",
            fact,
            &[
                ("vault", B(vault)),
                ("guardians_due_at", N(due_at)),
                ("pending_guardian_count", N(count)),
                ("pending_guardian_threshold", N(threshold)),
                ("pending_guardian_commitment", B(key(212))),
                ("pending_recovery_delay", N(2 * DAY)),
                ("authority", B(key(200))),
            ],
        )
        .await;
        fact
    }

    /// A recovery of guardian epoch 1 and delegate epoch 0, by the first guardian.
    pub async fn propose_recovery(&mut self, slot: i64, vault: Key, recovery: Key, lapses_at: i64) -> Fact {
        let fact = self.event(slot, "RecoveryProposed", recovery, Some(vault)).await;
        self.fact(
            "recovery",
            fact,
            &[
                ("recovery", B(recovery)),
                ("vault", B(vault)),
                ("recovery_id", B(key(213))),
                ("bump", N(255)),
                ("new_owner", B(key(214))),
                ("new_encryption_key", B(key(215))),
                ("guardian_epoch", N(1)),
                ("delegate_epoch", N(0)),
                ("approvals", N(1)),
                ("status", T("proposed")),
                ("executable_at", N(0)),
                ("lapses_at", N(lapses_at)),
                ("authority", B(key(216))),
                ("rent_payer", B(key(202))),
            ],
        )
        .await;
        fact
    }

    /// The second guardian's approval, by which the recovery is pending.
    pub async fn approve_recovery(
        &mut self,
        slot: i64,
        vault: Key,
        recovery: Key,
        executable_at: i64,
        lapses_at: i64,
    ) -> Fact {
        let fact = self.event(slot, "RecoveryApproved", recovery, Some(vault)).await;
        self.fact(
            "recovery_change",
            fact,
            &[
                ("recovery", B(recovery)),
                ("status", T("pending")),
                ("approvals", N(5)),
                ("executable_at", N(executable_at)),
                ("lapses_at", N(lapses_at)),
                ("authority", B(key(217))),
            ],
        )
        .await;
        let values = PENDING.map(|(name, number)| (name, number.map_or(B(key(0)), N)));
        let values = [
            &values[..],
            &[
                ("vault", B(vault)),
                ("pending_recovery", B(recovery)),
                ("recovery_lapses_at", N(lapses_at)),
                ("authority", B(key(217))),
            ],
        ]
        .concat();
        self.fact("vault_guardian_change", fact, &values).await;
        fact
    }

    pub async fn veto_recovery(&mut self, slot: i64, vault: Key, recovery: Key) -> Fact {
        let fact = self.event(slot, "RecoveryVetoed", recovery, Some(vault)).await;
        self.end_recovery(fact, vault, recovery, "vetoed", key(200)).await;
        fact
    }

    /// The new owner has the vault, with every epoch at 1.
    pub async fn execute_recovery(&mut self, slot: i64, vault: Key, recovery: Key) -> Fact {
        let fact = self.event(slot, "RecoveryExecuted", recovery, Some(vault)).await;
        self.end_recovery(fact, vault, recovery, "executed", key(214)).await;
        self.fact(
            "vault_change",
            fact,
            &[
                ("vault", B(vault)),
                ("owner", B(key(214))),
                ("encryption_key", B(key(215))),
                ("key_epoch", N(1)),
                ("consent_epoch", N(1)),
                ("delegate_epoch", N(1)),
                ("authority", B(key(214))),
            ],
        )
        .await;
        fact
    }

    async fn end_recovery(&self, fact: Fact, vault: Key, recovery: Key, status: &'static str, authority: Key) {
        self.fact(
            "recovery_change",
            fact,
            &[("recovery", B(recovery)), ("status", T(status)), ("authority", B(authority))],
        )
        .await;
        self.fact(
            "vault_guardian_change",
            fact,
            &[
                ("vault", B(vault)),
                ("pending_recovery", B(key(0))),
                ("recovery_lapses_at", N(0)),
                ("authority", B(authority)),
            ],
        )
        .await;
    }

    pub async fn registrar(&mut self, slot: i64, registrar: Key, kinds: i64) -> Fact {
        let fact = self.event(slot, "RegistrarAdded", registrar, None).await;
        self.fact(
            "registrar",
            fact,
            &[
                ("registrar", B(registrar)),
                ("registrar_authority", B(key(220))),
                ("bump", N(255)),
                ("kinds", N(kinds)),
                ("profile_commitment", B(key(221))),
                ("authority", B(key(222))),
                ("rent_payer", B(key(202))),
            ],
        )
        .await;
        fact
    }

    pub async fn remove_registrar(&mut self, slot: i64, registrar: Key) -> Fact {
        let fact = self.event(slot, "RegistrarRemoved", registrar, None).await;
        self.tombstone("registrar_removal", "registrar", fact, registrar).await;
        fact
    }

    /// A pharmacy's credential.
    /// A credential of a pharmacy.
    pub async fn credential(
        &mut self,
        slot: i64,
        credential: Key,
        registrar: Key,
        subject: Key,
        days: (i64, i64),
    ) -> Fact {
        self.credential_of("pharmacy", slot, credential, registrar, subject, days).await
    }

    pub async fn credential_of(
        &mut self,
        kind: &'static str,
        slot: i64,
        credential: Key,
        registrar: Key,
        subject: Key,
        days: (i64, i64),
    ) -> Fact {
        let fact = self.event(slot, "CredentialIssued", credential, None).await;
        self.fact(
            "credential",
            fact,
            &[
                ("credential", B(credential)),
                ("registrar", B(registrar)),
                ("subject", B(subject)),
                ("bump", N(255)),
                ("kind", T(kind)),
                ("emergency", Flag(false)),
                ("encryption_key", B(key(223))),
                ("profile_commitment", B(key(224))),
                ("from_day", N(days.0)),
                ("until_day", N(days.1)),
                ("authority", B(key(220))),
                ("rent_payer", B(key(202))),
            ],
        )
        .await;
        fact
    }

    pub async fn renew_credential(&mut self, slot: i64, credential: Key, revision: i64, days: (i64, i64)) -> Fact {
        let fact = self.event(slot, "CredentialRenewed", credential, None).await;
        self.fact(
            "credential_change",
            fact,
            &[
                ("credential", B(credential)),
                ("revision", N(revision)),
                ("emergency", Flag(true)),
                ("encryption_key", B(key(225))),
                ("profile_commitment", B(key(226))),
                ("from_day", N(days.0)),
                ("until_day", N(days.1)),
                ("authority", B(key(220))),
            ],
        )
        .await;
        fact
    }

    pub async fn credential_status(&mut self, slot: i64, credential: Key, revision: i64, status: &'static str) -> Fact {
        let fact = self.event(slot, "CredentialStatusChanged", credential, None).await;
        self.fact(
            "credential_change",
            fact,
            &[
                ("credential", B(credential)),
                ("revision", N(revision)),
                ("status", T(status)),
                ("authority", B(key(220))),
            ],
        )
        .await;
        fact
    }

    pub async fn emergency_policy(&mut self, slot: i64, vault: Key, policy: i64) -> Fact {
        let fact = self.event(slot, "EmergencyPolicySet", vault, Some(vault)).await;
        let values = [("vault", B(vault)), ("emergency_policy", N(policy)), ("authority", B(key(200)))];
        self.fact("vault_change", fact, &values).await;
        fact
    }

    /// An opening of that id until a time.
    pub async fn break_glass(&mut self, slot: i64, vault: Key, break_glass: Key, id: Key, expires_at: i64) -> Fact {
        let fact = self.event(slot, "BreakGlassOpened", break_glass, Some(vault)).await;
        self.fact(
            "break_glass",
            fact,
            &[
                ("break_glass", B(break_glass)),
                ("vault", B(vault)),
                ("break_glass_id", B(id)),
                ("bump", N(255)),
                ("commitment", B(key(232))),
                ("expires_at", N(expires_at)),
                ("authority", B(key(233))),
                ("rent_payer", B(key(202))),
            ],
        )
        .await;
        fact
    }

    pub async fn review_break_glass(&mut self, slot: i64, vault: Key, break_glass: Key) -> Fact {
        let fact = self.event(slot, "BreakGlassReviewed", break_glass, Some(vault)).await;
        self.tombstone("break_glass_review", "break_glass", fact, break_glass).await;
        fact
    }

    pub async fn audit_root(&mut self, slot: i64, audit_root: Key, operator: Key, index: i64, tree_size: i64) -> Fact {
        let fact = self.event(slot, "AuditRootAnchored", audit_root, None).await;
        self.fact(
            "audit_root",
            fact,
            &[
                ("audit_root", B(audit_root)),
                ("operator", B(operator)),
                ("index", N(index)),
                ("bump", N(255)),
                ("tree_size", N(tree_size)),
                ("root", B(key(241))),
                ("heads", B(key(242))),
                ("rent_payer", B(key(202))),
            ],
        )
        .await;
        fact
    }

    /// A row of `table` with its position, its time and `values`.
    async fn fact(&self, table: &str, fact: Fact, values: &[(&str, Value)]) {
        let names: String = values.iter().map(|(name, _)| format!(", {name}")).collect();
        let values: String = values.iter().map(|(_, value)| format!(", {}", value.sql())).collect();
        let insert = format!(
            "INSERT INTO {table} (signature, instruction_index, inner_index, slot, tx_index, at{names})
             VALUES ($1, 0, 3, $2, $3, $4{values})"
        );
        sqlx::query(sqlx::AssertSqlSafe(insert))
            .bind(fact.signature)
            .bind(fact.slot)
            .bind(fact.tx_index)
            .bind(time(fact.slot))
            .execute(&self.pool)
            .await
            .unwrap();
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
