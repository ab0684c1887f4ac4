use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

/// Work shorter than this needs no words.
const QUIET: Duration = Duration::from_secs(2);

/// Awaits `work`. Where it takes long and `loud`, standard error says for what and since when.
pub async fn wait<T>(what: &str, loud: bool, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    if !loud {
        return work.await;
    }
    let started = Instant::now();
    if let Ok(done) = timeout(QUIET, &mut work).await {
        return done;
    }
    let terminal = io::stderr().is_terminal();
    let say = |line: &str| {
        // Progress that cannot be shown is no reason to stop.
        let _ = io::stderr().write_all(line.as_bytes());
    };
    if !terminal {
        say(&format!("{what}\n"));
        return work.await;
    }
    let done = loop {
        say(&format!("\r{what} ({} s)", started.elapsed().as_secs()));
        tokio::select! {
            done = &mut work => break done,
            () = sleep(Duration::from_secs(1)) => {}
        }
    };
    say("\r\x1b[K");
    done
}
