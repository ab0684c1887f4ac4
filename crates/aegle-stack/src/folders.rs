//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context;
use nix::sys::statvfs::statvfs;

/// Free bytes that make it worth while: some ten times what the tests' databases take at once.
const SCRATCH: u64 = 4 << 30;

/// The checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Build output and tools, shared by all checkouts: `AEGLE_CACHE`, else `~/.cache/aegle`.
pub fn cache() -> anyhow::Result<PathBuf> {
    if let Some(folder) = env::var_os("AEGLE_CACHE") {
        return Ok(folder.into());
    }
    if let Some(folder) = env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder).join("aegle"));
    }
    let home = env::var_os("HOME").context("neither AEGLE_CACHE nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/aegle"))
}

/// What a running stack writes.
pub fn state() -> PathBuf {
    root().join(".aegle")
}

/// Where tests keep what no run needs again: in memory, where there is room for it, since they create and
/// remove hundreds of databases and a disk takes most of their time; else beside the rest.
pub fn scratch() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let room = statvfs(memory).map_or(0, |disk| disk.blocks_available() * disk.fragment_size());
    if room < SCRATCH {
        return state();
    }
    // Every checkout has its own.
    let hash = solana_sha256_hasher::hash(root().as_os_str().as_encoded_bytes());
    memory.join(format!("aegle-{}", hex::encode(&hash.to_bytes()[..8])))
}

/// The program as built.
pub fn elf() -> PathBuf {
    root().join("target/deploy/aegle.so")
}

/// A binary of this workspace, built into the same folder as the running one.
pub fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let here = env::current_exe()?;
    // Tests run one folder deeper than binaries.
    let found = here.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.exists());
    found.with_context(|| format!("{name} is not built; run `make build`"))
}
