use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::config::Secret;

const MIB: u64 = 1024 * 1024;

/// Settings of the blob store and of uploads. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct BlobConfig {
    /// Where blobs lie: `file:///path`, or `s3://bucket/prefix` in a build with the feature `s3`.
    /// Absent, the folder `blobs` in the working directory.
    pub url: Option<String>,
    /// Options of an S3-compatible store, such as `aws_region`, `aws_endpoint`, `aws_access_key_id`,
    /// `aws_secret_access_key`, `aws_allow_http`; they go over the environment's `AWS_…`.
    pub options: BTreeMap<String, Secret>,
    /// Largest upload, in bytes.
    pub max_bytes: u64,
    /// Bytes that one request may add, at least (the last one of an upload apart) and at most.
    pub min_chunk_bytes: u64,
    pub max_chunk_bytes: u64,
    /// Seconds that such a request may take.
    pub chunk_timeout: u32,
    /// Such requests at once, in this process and of one wallet; each holds its bytes in memory.
    pub max_chunks: u32,
    pub max_chunks_per_wallet: u32,
    /// What one wallet may hold that no record or mailbox item has claimed: uploads, and bytes declared.
    pub max_unclaimed: u32,
    pub max_unclaimed_bytes: u64,
    /// Seconds without progress after which an upload that nothing claimed is removed.
    pub expire_after: u32,
    /// Seconds between two sweeps.
    pub sweep_interval: u32,
    /// Hours between two searches of the whole store for objects that the database does not know.
    pub orphan_interval: u32,
    /// Days that such an object must be old before it is deleted.
    pub orphan_days: u32,
}

impl Default for BlobConfig {
    fn default() -> Self {
        Self {
            url: None,
            options: BTreeMap::new(),
            max_bytes: 2 * 1024 * MIB,
            min_chunk_bytes: 64 * 1024,
            max_chunk_bytes: 4 * MIB,
            chunk_timeout: 120,
            max_chunks: 32,
            max_chunks_per_wallet: 8,
            max_unclaimed: 64,
            max_unclaimed_bytes: 4 * 1024 * MIB,
            expire_after: 24 * 3_600,
            sweep_interval: 60,
            orphan_interval: 24,
            orphan_days: 7,
        }
    }
}

impl BlobConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong. Values of options are not
    /// repeated.
    pub fn validate(&self) -> Result<(), String> {
        for (key, value, least, most) in [
            ("max_bytes", self.max_bytes, 1, 1 << 50),
            ("min_chunk_bytes", self.min_chunk_bytes, 1, MIB),
            ("max_chunk_bytes", self.max_chunk_bytes, self.min_chunk_bytes, 64 * MIB),
            ("chunk_timeout", self.chunk_timeout.into(), 1, 3_600),
            ("max_chunks", self.max_chunks.into(), 1, 10_000),
            ("max_chunks_per_wallet", self.max_chunks_per_wallet.into(), 1, 10_000),
            ("max_unclaimed", self.max_unclaimed.into(), 1, 1_000_000),
            ("max_unclaimed_bytes", self.max_unclaimed_bytes, self.max_bytes, 1 << 53),
            ("expire_after", self.expire_after.into(), self.chunk_timeout.into(), 365 * 86_400),
            ("sweep_interval", self.sweep_interval.into(), 1, 86_400),
            ("orphan_interval", self.orphan_interval.into(), 1, 24 * 365),
            ("orphan_days", self.orphan_days.into(), 1, 3_650),
        ] {
            if !(least..=most).contains(&value) {
                return Err(format!("{key} is {value}, and must be from {least} to {most}"));
            }
        }
        self.location().map(drop)
    }

    pub(crate) fn location(&self) -> Result<Location, String> {
        Location::parse(self.url.as_deref(), &self.options, "blobs")
    }

    pub fn chunk_timeout(&self) -> Duration {
        Duration::from_secs(self.chunk_timeout.into())
    }

    /// How long a part may be in the making before a sweep gives it up: longer than its request, so that
    /// only what was killed or frozen meets it.
    pub(super) fn lease(&self) -> Duration {
        self.chunk_timeout() * 2
    }
}

/// Where objects lie.
pub(crate) enum Location {
    Folder(PathBuf),
    S3(url::Url),
}

impl Location {
    /// The place that `url` names; without one, the folder `default` in the working directory.
    ///
    /// # Errors
    /// A sentence that starts with the key that is wrong.
    pub fn parse(url: Option<&str>, options: &BTreeMap<String, Secret>, default: &str) -> Result<Self, String> {
        let Some(text) = url else {
            return Ok(Self::Folder(default.into()));
        };
        let url = url::Url::parse(text).map_err(|_| "url must be file:///path or s3://bucket/prefix".to_owned())?;
        if url.password().is_some() || !url.username().is_empty() || url.query().is_some() {
            return Err("url holds more than a place; secrets belong into options".into());
        }
        match url.scheme() {
            "file" => match url.to_file_path() {
                Ok(folder) if options.is_empty() => Ok(Self::Folder(folder)),
                Ok(_) => Err("options are for an S3-compatible store, and url is a folder".into()),
                Err(()) => Err("url names no folder of this machine; write file:///path".into()),
            },
            "s3" if cfg!(feature = "s3") => Ok(Self::S3(url)),
            "s3" => Err("url needs a program built with `--features s3`".into()),
            scheme => Err(format!("url starts with {scheme}://; file:// and s3:// are known")),
        }
    }

    /// Whether one of the two places lies in the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(one), Self::Folder(other)) => one.starts_with(other) || other.starts_with(one),
            (Self::S3(one), Self::S3(other)) => {
                let place = |url: &url::Url| {
                    PathBuf::from(format!("{}/{}", url.host_str().unwrap_or_default(), url.path().trim_matches('/')))
                };
                let (one, other) = (place(one), place(other));
                one.starts_with(&other) || other.starts_with(&one)
            }
            _ => false,
        }
    }
}
