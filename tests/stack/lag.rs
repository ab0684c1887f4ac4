use std::time::{Duration, Instant};

use crate::stack::Stack;

/// INV-10: without its ledger the mirror soon is behind, and then answers with no data at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_cannot_follow_its_ledger_stops_answering() {
    let mut stack = Stack::start(|settings| {
        settings.environment.push(("AEGLE_API__MAX_LAG_SECONDS".into(), "5".into()));
    })
    .await;
    let events = "/v1/chain/events";
    stack.indexer.api.get(events).await.expect("events while the ledger is there");
    stack.stop_ledger().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while stack.indexer.api.is_ready().await {
        assert!(Instant::now() < deadline, "still ready half a minute after the ledger went away");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused = stack.indexer.api.get(events).await.expect_err("no data").to_string();
    assert!(refused.contains("503"), "{refused}");
    stack.stop().await;
}
