//! What became of the transactions that the relay sent.

use std::time::Duration;

use solana_signature::Signature;
use tokio_util::sync::CancellationToken;

use super::{DAY, Relay, away, day, node::Progress};
use crate::api::{
    error::ApiError,
    state::ApiState,
    store::relay::{self, RelayStatus},
};

const INTERVAL: Duration = Duration::from_secs(2);
/// Transactions that are asked for at once; the node's limit is 256.
const BATCH: i64 = 200;
/// Days for which is kept what became of a transaction.
const KEPT_DAYS: i64 = 30;

/// Settles what is pending, of any process, until told to stop.
pub async fn settle_until(state: ApiState, shutdown: CancellationToken) {
    let Some(relay) = state.relay.clone() else { return };
    while !shutdown.is_cancelled() {
        if let Err(error) = round(&state, &relay).await {
            error.log();
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn round(state: &ApiState, relay: &Relay) -> Result<(), ApiError> {
    settle(state, relay, None).await?;
    let now = (state.now)();
    let (today, ever) = relay::spent(&state.pool, day(now)).await?;
    let left = |limit: u64, spent: i64| limit.saturating_sub(spent.unsigned_abs()) as f64;
    metrics::gauge!("aegle_relay_lamports_left", "of" => "day").set(left(relay.config.lamports_per_day, today));
    metrics::gauge!("aegle_relay_lamports_left", "of" => "total").set(left(relay.config.lamports_total, ever));
    metrics::gauge!("aegle_relay_balance_lamports").set(relay.node.balance(&relay.payer()).await.map_err(away)? as f64);
    relay::sweep(&state.pool, now - KEPT_DAYS * DAY, day(now)).await?;
    Ok(())
}

/// Settles one transaction, or the oldest that are pending: what failed counts its fee alone, what has
/// expired nothing, and both give their invitation back.
pub async fn settle(state: &ApiState, relay: &Relay, only: Option<Signature>) -> Result<(), ApiError> {
    let only = only.map(Into::into);
    let pending = relay::pending(&state.pool, only, BATCH).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let signatures: Vec<_> = pending.iter().map(|one| Signature::from(one.signature.0)).collect();
    let (height, progress) = relay.node.progress(&signatures).await.map_err(away)?;
    let height = i64::try_from(height).unwrap_or(i64::MAX);
    for (one, progress) in pending.iter().zip(progress) {
        let status = match progress {
            Progress::Landed => RelayStatus::Landed,
            Progress::Failed => RelayStatus::Failed,
            Progress::Unseen if height > one.last_valid_block_height => RelayStatus::Expired,
            Progress::Unseen | Progress::Seen => continue,
        };
        let mut transaction = state.pool.begin().await?;
        let settled = relay::settle(&mut transaction, one.signature, status, (state.now)()).await?;
        transaction.commit().await?;
        if settled {
            metrics::counter!("aegle_relayed_total", "outcome" => status.name()).increment(1);
        }
    }
    Ok(())
}
