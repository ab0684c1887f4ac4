//! A fork is undone whole, what is final stays, and the checkpoint never goes back.

use aegle_indexer::ingest::{IngestError, Step, apply};
use sqlx::PgPool;

use crate::{
    mirror::{begin, clear, decoded, dump, id, read_checkpoint, steps},
    story::Story,
};

/// The story's blocks up to `fork_after`, then two blocks of another branch: the second holds the last
/// event of the first branch again, as a transaction that lands twice does.
fn forked(story: &Story, fork_after: u64) -> Vec<Step> {
    let mut kept: Vec<Step> = steps(&story.ledger);
    kept.truncate(fork_after as usize);
    let landed_again = story.ledger.last().expect("an event").1.clone();
    kept.push(Step::Block(decoded(fork_after + 2, 1, (fork_after, 0), Vec::new())));
    kept.push(Step::Block(decoded(fork_after + 3, 1, (fork_after + 2, 1), vec![landed_again])));
    kept
}

/// Configuration, a vault, and a consent in every following slot.
fn story() -> Story {
    Story::of(&[11, 11, 11, 11, 11])
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn an_abandoned_branch_leaves_no_trace(pool: PgPool) {
    let story = story();
    let branch = forked(&story, 4);
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    apply(&branch, &mut connection).await.expect("the branch alone");
    let expected = dump(&pool).await;

    for batches in [1, 2] {
        clear(&pool).await;
        begin(&pool).await;
        let (first, second) = (steps(&story.ledger), &branch[4..]);
        if batches == 2 {
            apply(&first, &mut connection).await.expect("the first branch");
            apply(second, &mut connection).await.expect("the other branch");
        } else {
            let both = [&first[..], second].concat();
            apply(&both, &mut connection).await.expect("both branches in one batch");
        }
        assert_eq!(dump(&pool).await, expected, "in {batches} batches");
    }
    let checkpoint = read_checkpoint(&pool).await.expect("checkpoint");
    assert_eq!(checkpoint.confirmed, id(7, 1));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_finalized_block_is_never_replaced(pool: PgPool) {
    let story = story();
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    apply(&steps(&story.ledger), &mut connection).await.expect("blocks");
    apply(&[Step::Finalized(id(5, 0))], &mut connection).await.expect("finality");
    let before = dump(&pool).await;

    let refused = apply(&forked(&story, 4)[4..], &mut connection).await.expect_err("below the finalized block");
    assert!(matches!(refused, IngestError::FinalizedReplaced { slot: 5, child: 6 }), "{refused}");
    assert!(refused.to_string().starts_with("finalized block was replaced"), "{refused}");
    assert!(!refused.may_pass());
    let twin = Step::Block(decoded(6, 1, (5, 1), Vec::new()));
    let refused = apply(&[twin], &mut connection).await.expect_err("another block at the finalized slot");
    assert!(matches!(refused, IngestError::FinalizedReplaced { .. }), "{refused}");
    assert_eq!(dump(&pool).await, before);

    // The finalized block itself may be built on.
    let child = Step::Block(decoded(6, 1, (5, 0), Vec::new()));
    let checkpoint = apply(&[child], &mut connection).await.expect("a child of the finalized block");
    assert_eq!(checkpoint.confirmed, id(6, 1));
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn a_block_that_builds_on_nothing_known_is_refused(pool: PgPool) {
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    apply(&steps(&story().ledger), &mut connection).await.expect("blocks");
    for parent in [(5, 9), (20, 0)] {
        let orphan = Step::Block(decoded(21, 0, parent, Vec::new()));
        let refused = apply(&[orphan], &mut connection).await.expect_err("an orphan");
        assert!(matches!(refused, IngestError::Unlinked { slot: 21 }), "{refused}");
    }
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn the_checkpoint_never_goes_back(pool: PgPool) {
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    apply(&steps(&story().ledger), &mut connection).await.expect("blocks");
    apply(&[Step::Finalized(id(6, 0))], &mut connection).await.expect("finality");
    let checkpoint = apply(&[Step::Finalized(id(3, 0))], &mut connection).await.expect("an older finality");
    assert_eq!(checkpoint.finalized, id(6, 0));

    let unknown = apply(&[Step::Finalized(id(7, 4))], &mut connection).await.expect_err("an unknown block");
    assert!(matches!(unknown, IngestError::Unlinked { slot: 7 }), "{unknown}");

    // Nor by other hands.
    for change in ["finalized_slot = 5", "first_slot = 2", "genesis_hash = program"] {
        let sql = sqlx::AssertSqlSafe(format!("UPDATE checkpoint SET {change}"));
        let refused = sqlx::query(sql).execute(&mut *connection).await.expect_err(change);
        let refused = refused.as_database_error().expect("from the database");
        assert!(refused.is_check_violation(), "{change}: {refused}");
    }
}

#[sqlx::test(migrator = "aegle_indexer::db::MIGRATIONS")]
async fn slots_between_a_block_and_its_parent_are_proven_skipped(pool: PgPool) {
    let mut connection = pool.acquire().await.expect("connection");
    begin(&pool).await;
    let far = Step::Block(decoded(4, 0, (0, 0), Vec::new()));
    apply(&[far], &mut connection).await.expect("a block");
    let skipped: Vec<i64> = sqlx::query_scalar("SELECT slot FROM slot WHERE block_hash IS NULL ORDER BY slot")
        .fetch_all(&pool)
        .await
        .expect("slots");
    assert_eq!(skipped, [1, 2, 3]);
}
