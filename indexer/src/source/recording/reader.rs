//! Reads a recording, frame by frame or as a source of blocks.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use borsh::BorshDeserialize;
use solana_transaction_status_client_types::UiConfirmedBlock;

use super::{Head, MAGIC, MAX_BODY, Origin, Recorded, RecordedBlock, RecordingError, VERSION};
use crate::{
    decode::Header,
    source::{Accounts, Answer, Finality, Source, SourceError},
};

/// A recorded ledger. Its heads are checked when it is opened, a frame's body when it is read.
#[derive(Clone)]
pub struct Recording(Arc<Inner>);

struct Inner {
    file: File,
    origin: Origin,
    frames: Vec<Frame>,
    total: Recorded,
    /// The frame that was read last, by its number.
    last_read: Mutex<Option<(usize, Arc<Vec<RecordedBlock>>)>>,
}

/// A head and where it stands in the file.
struct Frame {
    offset: u64,
    head: Head,
}

impl Recording {
    /// Opens the recording at `path`.
    ///
    /// # Errors
    /// A file that is none, is of another version, or is damaged or cut off.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let origin = read_origin(&file, length)?;
        let (frames, total) = read_heads(&file, length)?;
        Ok(Self(Arc::new(Inner { file, origin, frames, total, last_read: Mutex::new(None) })))
    }

    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    pub fn total(&self) -> Recorded {
        self.0.total
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.0.frames.len()
    }

    /// The blocks of frame `number`, from 0 on, in ascending order. Blocks the thread.
    ///
    /// # Errors
    /// A damaged frame.
    pub fn read(&self, number: usize) -> Result<Vec<RecordedBlock>, RecordingError> {
        let Some(Frame { offset, head }) = self.0.frames.get(number) else {
            return Ok(Vec::new());
        };
        let damaged = |reason: String| RecordingError::Damaged { offset: *offset, reason };
        let mut body = vec![0; head.length as usize];
        self.0.file.read_exact_at(&mut body, offset + Head::LEN as u64)?;
        if head.body != crc32fast::hash(&body) {
            return Err(damaged("the checksum of a frame does not fit".into()));
        }
        let size = head.size as usize;
        let bytes = zstd::bulk::decompress(&body, size).map_err(|error| damaged(error.to_string()))?;
        let mut rest = &bytes[..];
        let mut blocks = Vec::new();
        while !rest.is_empty() {
            let block = RecordedBlock::deserialize(&mut rest).map_err(|error| damaged(error.to_string()))?;
            if !block.is_sound() {
                return Err(damaged(format!("the block of slot {} cannot be", block.slot)));
            }
            blocks.push(block);
        }
        let ends = blocks.first().zip(blocks.last()).map(|(first, last)| (first.slot, last.slot));
        if ends != Some((head.first_slot, head.last_slot)) || blocks.len() as u64 != head.blocks {
            return Err(damaged("a frame does not hold the blocks that its head names".into()));
        }
        Ok(blocks)
    }

    /// The blocks of frame `number`, which may have been read before.
    async fn frame(&self, number: usize) -> Answer<Arc<Vec<RecordedBlock>>> {
        let this = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut last_read = this.0.last_read.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, blocks)) = last_read.as_ref().filter(|(last, _)| *last == number) {
                return Ok(blocks.clone());
            }
            let blocks = Arc::new(this.read(number)?);
            *last_read = Some((number, blocks.clone()));
            Ok(blocks)
        });
        let read = reading.await.map_err(|failure| SourceError::Refused(failure.to_string()))?;
        read.map_err(|error: RecordingError| SourceError::Refused(error.to_string()))
    }

    /// The first frame that may hold `slot` or a later one.
    fn frame_from(&self, slot: u64) -> usize {
        self.0.frames.partition_point(|frame| frame.head.last_slot < slot)
    }
}

fn read_origin(file: &File, length: u64) -> Result<Origin, RecordingError> {
    const START: usize = MAGIC.len() + 2 + Origin::LEN;
    let mut start = [0; START + 4];
    let there = length.min(start.len() as u64) as usize;
    file.read_exact_at(&mut start[..there], 0)?;
    if there < MAGIC.len() || !start.starts_with(&MAGIC) {
        return Err(RecordingError::NoRecording);
    }
    let version = u16::from_le_bytes([start[8], start[9]]);
    if there > 9 && version != VERSION {
        return Err(RecordingError::UnknownVersion(version));
    }
    let damaged = |reason: &str| RecordingError::Damaged { offset: 0, reason: reason.into() };
    if there < start.len() {
        return Err(damaged("the file ends in the middle of its first part"));
    }
    let (start, checksum) = start.split_at(START);
    if crc32fast::hash(start).to_le_bytes() != *checksum {
        return Err(damaged("the checksum of the first part does not fit"));
    }
    Origin::try_from_slice(&start[MAGIC.len() + 2..]).map_err(|error| damaged(&error.to_string()))
}

fn read_heads(file: &File, length: u64) -> Result<(Vec<Frame>, Recorded), RecordingError> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut offset = (MAGIC.len() + 2 + Origin::LEN + 4) as u64;
    let mut total = Recorded::default();
    loop {
        let damaged = |reason: &str| RecordingError::Damaged { offset, reason: reason.into() };
        let mut bytes = [0; Head::LEN];
        if offset + Head::LEN as u64 > length {
            return Err(damaged("the file is cut off"));
        }
        file.read_exact_at(&mut bytes, offset)?;
        let head = Head::try_from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
        if head.checksum != head.own_checksum()? {
            return Err(damaged("the checksum of a frame's head does not fit"));
        }
        let end = offset + Head::LEN as u64 + u64::from(head.length);
        if head.length == 0 {
            let Head { first_slot, last_slot, blocks, .. } = head;
            if total != (Recorded { first_slot, last_slot, blocks }) {
                return Err(damaged("the last part does not fit the rest"));
            }
            if end != length {
                return Err(RecordingError::Damaged { offset: end, reason: "something follows the end".into() });
            }
            return Ok((frames, total));
        }
        if end > length {
            return Err(damaged("the file is cut off"));
        }
        let ascending = head.first_slot > total.last_slot && head.last_slot >= head.first_slot;
        if head.size > MAX_BODY || head.blocks == 0 || !ascending {
            return Err(damaged("no frame begins here"));
        }
        if frames.is_empty() {
            total.first_slot = head.first_slot;
        }
        total.last_slot = head.last_slot;
        total.blocks = total.blocks.saturating_add(head.blocks);
        frames.push(Frame { offset, head });
        offset = end;
    }
}

/// Everything in a recording is final, and there will be no more.
impl Source for Recording {
    async fn genesis_hash(&self) -> Answer<[u8; 32]> {
        Ok(self.0.origin.genesis_hash)
    }

    async fn first_slot(&self) -> Answer<u64> {
        Ok(self.0.total.first_slot)
    }

    async fn tip(&self, _: Finality) -> Answer<u64> {
        Ok(self.0.total.last_slot)
    }

    async fn slots(&self, from: u64, limit: usize) -> Answer<Vec<u64>> {
        let mut slots = Vec::new();
        for number in self.frame_from(from)..self.frames() {
            let blocks = self.frame(number).await?;
            slots.extend(blocks.iter().map(|block| block.slot).filter(|slot| *slot >= from));
            if slots.len() >= limit {
                break;
            }
        }
        slots.truncate(limit);
        Ok(slots)
    }

    async fn block(&self, slot: u64) -> Answer<Option<UiConfirmedBlock>> {
        let blocks = self.frame(self.frame_from(slot)).await?;
        let found = blocks.binary_search_by_key(&slot, |block| block.slot).ok();
        Ok(found.map(|index| blocks[index].clone().into_block()))
    }

    async fn header(&self, slot: u64, _: Finality) -> Answer<Option<Header>> {
        let header = self.block(slot).await?.map(|block| Header::of(slot, &block)).transpose();
        header.map_err(|error| SourceError::Refused(error.to_string()))
    }

    async fn accounts(&self) -> Answer<Accounts> {
        Err(SourceError::Refused("a recording holds blocks and no accounts".into()))
    }

    async fn hint(&self) {
        std::future::pending().await
    }
}
