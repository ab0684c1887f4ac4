use crate::{
    decode::DecodeError,
    source::{RecordingError, SourceError},
};

/// Postgres' class of integrity constraint violations.
const INTEGRITY: &str = "23";

/// Why ingestion stops.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error("another process writes to this mirror; stop it first")]
    Busy,
    #[error(
        "the mirror holds the chain with the genesis hash {stored}, the node is on {node}; use another database or node"
    )]
    OtherChain { stored: String, node: String },
    #[error("the mirror holds the program {stored}, this release reads {own}; use another database")]
    OtherProgram { stored: String, own: String },
    #[error(
        "the mirrored block of slot {slot} was made at {stored}, the node's at {node} (seconds since the Unix epoch): \
         the ledger was started anew; use another database"
    )]
    Restarted { slot: i64, stored: i64, node: i64 },
    #[error(
        "ingest.start_slot is {start}, above the mirrored slot {confirmed}: the slots between would be lost; \
         lower or remove it"
    )]
    StartAbove { start: u64, confirmed: i64 },
    #[error(
        "finalized block was replaced: slot {slot} is final here, but the node's block {child} does not build on it"
    )]
    FinalizedReplaced { slot: i64, child: i64 },
    #[error(
        "the node contradicts itself: its final block of slot {slot} does not link as it did when it was read; \
         use another node"
    )]
    Contradiction { slot: i64 },
    #[error("block {slot} does not build on a mirrored block")]
    Unlinked { slot: i64 },
    #[error("the mirror has no checkpoint yet; start it with `aegle-indexer run` first")]
    NoCheckpoint,
    #[error(
        "the node's oldest blocks, {first} and {second}, contradict each other; set ingest.start_slot to {second} or later"
    )]
    BrokenStart { first: u64, second: u64 },
    #[error("{0}")]
    Range(String),
    #[error("a stage of ingestion failed: {0}")]
    Stage(String),
}

impl IngestError {
    /// Whether it rests on nothing but what the node said. Rows that contradict each other do: of a
    /// block with a wrong parent, say, that holds what the branch it seems to be on has already.
    pub fn may_be_wrong(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with(INTEGRITY))
            }
            Self::Source(SourceError::Refused(_))
            | Self::Decode(_)
            | Self::OtherChain { .. }
            | Self::Restarted { .. }
            | Self::FinalizedReplaced { .. }
            | Self::Contradiction { .. }
            | Self::Unlinked { .. }
            | Self::BrokenStart { .. } => true,
            Self::Source(SourceError::Unavailable(_) | SourceError::Stopped)
            | Self::Database(_)
            | Self::OtherProgram { .. }
            | Self::StartAbove { .. }
            | Self::NoCheckpoint
            | Self::Range(_)
            | Self::Recording(_)
            | Self::Busy
            | Self::Stage(_) => false,
        }
    }

    /// Whether it may pass by itself: a database that is away, not one that refuses a row.
    pub fn may_pass(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            // Classes: connection, insufficient resources, operator intervention, rollback of a conflict.
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)))
            }
            // What a closing server leaves behind.
            sqlx::Error::Protocol(_) => true,
            _ => false,
        }
    }
}
