//! How far the node and the mirror are, shared by the two ends of ingestion for the lag metrics.

use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::decode::Header;

#[derive(Debug, Default)]
pub struct Progress {
    tip: AtomicI64,
    slot: AtomicI64,
    /// Zero while unknown.
    time: AtomicI64,
}

impl Progress {
    /// A mirror whose head is `slot`.
    pub fn new(slot: i64) -> Self {
        Self { slot: slot.into(), ..Default::default() }
    }

    pub fn observed(&self, tip: i64) {
        self.tip.store(tip, Relaxed);
        self.publish();
    }

    pub fn committed(&self, header: &Header) {
        self.slot.store(header.slot, Relaxed);
        self.time.store(header.time.unwrap_or(0), Relaxed);
        self.publish();
    }

    #[expect(clippy::disallowed_methods, reason = "a metric: nothing is decided by it")]
    fn publish(&self) {
        let (tip, slot, time) = (self.tip.load(Relaxed), self.slot.load(Relaxed), self.time.load(Relaxed));
        metrics::gauge!("aegle_node_slot").set(tip as f64);
        metrics::gauge!("aegle_lag_slots").set((tip - slot).max(0) as f64);
        if time != 0
            && let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH)
        {
            metrics::gauge!("aegle_lag_seconds").set((now.as_secs_f64() - time as f64).max(0.0));
        }
    }
}
