//! Verification finds every difference between the accounts and the tables, and nothing else.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aegle_indexer::{
    ingest::apply,
    verify::{Difference, VerifyConfig, VerifyError, periodically, verify},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    ledger::Ledger,
    mirror::{begin, steps},
    story::{Story, key},
};

async fn mirrored(pool: &PgPool, story: &Story) -> Ledger {
    begin(pool).await;
    let mut connection = pool.acquire().await.expect("connection");
    apply(&steps(&story.ledger), &mut connection).await.expect("blocks");
    let ledger = Ledger::new(story.last_slot() as u64);
    ledger.script().accounts = story.accounts();
    ledger
}

async fn differences(ledger: &Ledger, pool: &PgPool) -> Vec<Difference> {
    let config = VerifyConfig { interval: 0, patience: 1, reread_after: 0 };
    verify(ledger, pool, &config, &CancellationToken::new()).await.expect("a report").differences
}

async fn run(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.expect(sql);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn what_agrees_has_no_differences(pool: PgPool) {
    let story = Story::full();
    assert!(!story.delegates.is_empty() && story.records.len() > 2 && !story.consents.is_empty());
    assert!(story.root.delegate_epoch == 1 && story.root.guardians_due_at != 0 && !story.recoveries.is_empty());
    assert!(story.registrars.len() == 2 && story.credentials.len() == 2);
    let ledger = mirrored(&pool, &story).await;
    assert_eq!(differences(&ledger, &pool).await, []);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn every_corrupted_field_is_found(pool: PgPool) {
    let ledger = mirrored(&pool, &Story::full()).await;
    let ones = format!("'\\x{}'", "01".repeat(32));
    let number = || "7".to_owned();
    let corruptions = [
        ("config", "min_recovery_delay", number(), "min_recovery_delay"),
        ("vault", "rent_payer", ones.clone(), "rent_payer"),
        ("vault_change", "owner", ones.clone(), "owner"),
        ("vault_change", "delegate_mint_cap", number(), "delegate_mint_cap"),
        ("vault_change", "consent_epoch", number(), "consent_epoch"),
        ("vault_change", "record_count", "70".to_owned(), "record_count"),
        ("vault_guardian_change", "guardian_count", number(), "guardians.count"),
        ("vault_guardian_change", "guardian_commitment", ones.clone(), "guardians.commitment"),
        ("vault_guardian_change", "pending_recovery_delay", number(), "pending_guardians.recovery_delay"),
        ("vault_guardian_change", "guardians_due_at", number(), "guardians_due_at"),
        ("vault_guardian_change", "pending_recovery", ones.clone(), "pending_recovery"),
        ("vault_guardian_change", "recovery_lapses_at", number(), "recovery_lapses_at"),
        ("recovery", "new_owner", ones.clone(), "new_owner"),
        ("recovery", "guardian_epoch", number(), "guardian_epoch"),
        ("recovery_change", "status", "'vetoed'".to_owned(), "status"),
        ("delegate", "rights", "1".to_owned(), "rights"),
        ("delegate_removal", "at", "1".to_owned(), "removed_at"),
        ("record", "commitment", ones.clone(), "commitment"),
        ("record", "holder", ones.clone(), "token"),
        ("record_change", "status", "'active'".to_owned(), "status"),
        ("record_reissue", "issues", number(), "issues"),
        ("record_reissue", "holder", ones.clone(), "token"),
        ("consent", "until_day", "1".to_owned(), "until_day"),
        ("consent", "handle", ones.clone(), "handle"),
        ("consent_revocation", "at", "1".to_owned(), "revoked_at"),
        ("registrar", "kinds", number(), "kinds"),
        ("registrar_removal", "at", "1".to_owned(), "removed_at"),
        ("credential", "subject", ones.clone(), "subject"),
        ("credential", "kind", "'insurer'".to_owned(), "kind"),
        ("credential_change", "revision", number(), "revision"),
        ("credential_change", "status", "'suspended'".to_owned(), "status"),
        ("credential_change", "until_day", "1".to_owned(), "until_day"),
    ];
    for (table, column, value, field) in corruptions {
        run(
            &pool,
            &format!(
                "CREATE SCHEMA aside; CREATE TABLE aside.kept AS TABLE {table}; UPDATE {table} SET {column} = {value} WHERE {column} IS NOT NULL"
            ),
        )
        .await;
        let found = differences(&ledger, &pool).await;
        let found_in: BTreeSet<_> = found.iter().filter_map(|difference| difference.field).collect();
        assert_eq!(found_in, BTreeSet::from([field]), "{table}.{column}: {found:?}");
        assert!(found.iter().all(|difference| difference.chain.is_some() && difference.table.is_some()));
        run(
            &pool,
            &format!("TRUNCATE {table}; INSERT INTO {table} SELECT * FROM aside.kept; DROP SCHEMA aside CASCADE"),
        )
        .await;
        assert_eq!(differences(&ledger, &pool).await, [], "{table} restored");
    }
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn accounts_missing_on_either_side_are_found(pool: PgPool) {
    let story = Story::full();
    let ledger = mirrored(&pool, &story).await;
    let (consent, _) = story.consents[0].clone();
    ledger.script().accounts.retain(|(address, _)| *address != consent);
    let found = differences(&ledger, &pool).await;
    let [Difference { kind: "consent", field: None, chain: None, table: Some(_), account }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(*account, consent.to_string());

    ledger.script().accounts = story.accounts();
    run(&pool, "DELETE FROM record").await;
    let found = differences(&ledger, &pool).await;
    assert_eq!(found.len(), story.records.len());
    assert!(found.iter().all(|difference| difference.kind == "record" && difference.table.is_none()));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn an_account_of_an_unknown_kind_is_a_difference(pool: PgPool) {
    let ledger = mirrored(&pool, &Story::full()).await;
    ledger.script().accounts.push((key(200), vec![1; 40]));
    let found = differences(&ledger, &pool).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].field), ("unknown", None));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_value_that_no_account_can_have_is_a_difference_and_no_failure(pool: PgPool) {
    let ledger = mirrored(&pool, &Story::full()).await;
    run(&pool, "UPDATE record SET bump = 256").await;
    let found = differences(&ledger, &pool).await;
    assert!(matches!(&found[..], [Difference { kind: "state", table: Some(_), .. }]), "{found:?}");
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn an_ingester_compares_soon_after_its_start_and_shows_the_drift(pool: PgPool) {
    let ledger = Arc::new(mirrored(&pool, &Story::full()).await);
    run(&pool, "UPDATE consent SET authority = rent_payer WHERE ctid = (SELECT min(ctid) FROM consent)").await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (config, stop) = (VerifyConfig { interval: 3_600, patience: 1, reread_after: 0 }, CancellationToken::new());
    let comparing = periodically(ledger, pool, config, stop.clone());
    let seen = async {
        while !shown.render().contains("aegle_drift") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.cancel();
    };
    timeout(Duration::from_secs(30), async { tokio::join!(comparing, seen) }).await.expect("a comparison");
    assert!(shown.render().contains("aegle_drift 1\n"), "{}", shown.render());
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn what_is_under_way_does_not_count(pool: PgPool) {
    let story = Story::full();
    let ledger = mirrored(&pool, &story).await;
    let mut early = story.accounts();
    early.pop();
    // A first read that misses an account, as one that falls between an account and its event does.
    ledger.script().early_accounts = Some(early);
    assert_eq!(differences(&ledger, &pool).await, []);
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_mirror_that_does_not_catch_up_is_an_error_and_no_agreement(pool: PgPool) {
    let story = Story::full();
    mirrored(&pool, &story).await;
    let ahead = Ledger::new(story.last_slot() as u64 + 50);
    let config = VerifyConfig { interval: 0, patience: 0, reread_after: 0 };
    let behind = verify(&ahead, &pool, &config, &CancellationToken::new()).await;
    assert!(matches!(behind, Err(VerifyError::Behind { .. })), "{behind:?}");
}
