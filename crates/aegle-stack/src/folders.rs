//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context;

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
