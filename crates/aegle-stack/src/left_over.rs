//! Processes of a run that was killed and could not stop them.

use std::{
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Stops the process whose id is on the first line of `pid_file`, if it still is the one that works in `folder`.
pub fn stop(pid_file: &Path, folder: &Path, signal: Signal) {
    let Ok(text) = fs::read_to_string(pid_file) else {
        return;
    };
    let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()).map(Pid::from_raw) else {
        return;
    };
    let is_ours = fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*folder.to_string_lossy()));
    if is_ours && kill(pid, signal).is_ok() {
        let deadline = Instant::now() + Duration::from_secs(10);
        while kill(pid, None).is_ok() && Instant::now() < deadline {
            sleep(Duration::from_millis(50));
        }
    }
}
