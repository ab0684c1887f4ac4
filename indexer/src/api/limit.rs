//! How often somebody may do something, counted by this process.

use std::{
    hash::Hash,
    sync::atomic::{AtomicU32, Ordering},
};

use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};

/// Checks between two sweeps of keys that have been quiet.
const SWEEP: u32 = 1_024;

/// A limit for each key.
pub struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    pub fn new(quota: Quota) -> Self {
        Self { limiter: DefaultKeyedRateLimiter::keyed(quota), checks: AtomicU32::new(0) }
    }

    /// Counts once.
    ///
    /// # Errors
    /// The limit is reached: seconds after which to ask again.
    pub fn check(&self, key: &K) -> Result<(), u64> {
        // Keys that could send a full burst again need no entry, so memory is bounded by the keys that
        // were seen in the time a burst needs to come back.
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(key).map_err(|refused| refused.wait_time_from(self.limiter.clock().now()).as_secs() + 1)
    }
}
