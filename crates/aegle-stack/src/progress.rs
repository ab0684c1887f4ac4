//! What the person at the terminal sees while something takes long.

use std::{future::Future, io::Write, time::Duration};

use tokio::time::{Instant, interval};

/// Runs `work`; from the second second on, the line says how long it has taken.
pub async fn step<T>(what: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    counted(what, String::new, work).await
}

/// The same; the line also says `how_far`.
pub async fn counted<T>(
    what: &str,
    how_far: impl Fn() -> String,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    let mut ticks = interval(Duration::from_secs(2));
    ticks.tick().await;
    let mut work = std::pin::pin!(work);
    let mut shown = false;
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            _ = ticks.tick() => {
                let begin = if shown { "\r" } else { "" };
                print!("{begin}{what}{} … {} s", how_far(), started.elapsed().as_secs());
                let _ = std::io::stdout().flush();
                shown = true;
            }
        }
    };
    let end = if result.is_ok() { "done" } else { "failed" };
    let begin = if shown { "\r" } else { "" };
    println!("{begin}{what}{}: {end} after {:.1} s", how_far(), started.elapsed().as_secs_f64());
    result
}
