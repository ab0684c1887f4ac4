//! Asking again, later each time.

use std::{future::Future, time::Duration};

use rand::{
    Rng, RngCore, SeedableRng,
    rngs::{OsRng, StdRng},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::source::SourceError;

const FIRST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_secs(10);

/// Exponential backoff with jitter, so that many clients of one node do not ask in step.
#[derive(Debug)]
pub struct Backoff {
    attempts: u32,
    jitter: StdRng,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(OsRng.next_u64())
    }
}

impl Backoff {
    /// `seed` gives the jitter.
    pub fn new(seed: u64) -> Self {
        Self { attempts: 0, jitter: StdRng::seed_from_u64(seed) }
    }

    /// The next pause: from half of to the whole of 25 ms, 50 ms, … up to 10 s.
    pub fn pause(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.attempts.min(10)).min(LONGEST);
        self.attempts += 1;
        whole.mul_f64(self.jitter.gen_range(0.5..=1.0))
    }

    pub async fn wait(&mut self) {
        tokio::time::sleep(self.pause()).await;
    }
}

/// Asks until there is an answer or a refusal. Counts every retry.
///
/// # Errors
/// The refusal, or that `stop` came first.
pub async fn retry<T, F>(
    what: &'static str,
    stop: &CancellationToken,
    mut ask: impl FnMut() -> F,
) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, SourceError>>,
{
    let mut backoff = Backoff::default();
    loop {
        match stop.run_until_cancelled(ask()).await {
            Some(Err(SourceError::Unavailable(reason))) => {
                metrics::counter!("aegle_retries_total", "what" => what).increment(1);
                let pause = backoff.pause();
                warn!(what, reason, ?pause, "asking the node again");
                stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
            Some(answer) => return answer,
            None => return Err(SourceError::Stopped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_seconds_and_no_further() {
        let mut backoff = Backoff::new(1);
        let pauses: Vec<Duration> = (0..40).map(|_| backoff.pause()).collect();
        assert!(pauses[0] <= FIRST);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST));
        assert!(pauses[39] >= LONGEST / 2);
        assert_ne!(Backoff::new(2).pause(), pauses[0], "others wait differently long");
    }

    #[tokio::test]
    async fn a_refusal_is_not_asked_again_and_a_failure_is() {
        let stop = CancellationToken::new();
        let mut asked = 0;
        let answer = retry("test", &stop, || {
            asked += 1;
            let answer = if asked == 1 { Err(SourceError::Unavailable("busy".into())) } else { Ok(asked) };
            async move { answer }
        });
        assert_eq!(answer.await.expect("the second answer"), 2);

        let mut asked = 0;
        let refused = retry("test", &stop, || {
            asked += 1;
            async { Err::<(), _>(SourceError::Refused("no".into())) }
        });
        assert!(matches!(refused.await, Err(SourceError::Refused(_))));
        assert_eq!(asked, 1);
    }
}
