//! Writes a recording.

use std::{
    fs::File,
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::{Head, MAGIC, MAX_BODY, Origin, RecordedBlock, RecordingError, VERSION};

/// Bytes of blocks that fill a frame.
const FRAME: usize = 1 << 20;
/// More takes long and gains little: most bytes are keys and hashes.
const COMPRESSION: i32 = 12;

/// What a recording holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Recorded {
    pub first_slot: u64,
    pub last_slot: u64,
    pub blocks: u64,
}

/// Writes beside the wanted file and puts it there when it is complete.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    /// Blocks that wait for their frame to be full.
    pending: Vec<u8>,
    frame: Recorded,
    total: Recorded,
    parent: (u64, [u8; 32]),
}

impl Writer {
    /// Starts a recording at `path`.
    ///
    /// # Errors
    /// A file that is there already, a folder that cannot be written.
    pub fn create(path: &Path, origin: &Origin) -> Result<Self, RecordingError> {
        if path.symlink_metadata().is_ok() {
            return Err(RecordingError::Exists);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = BufWriter::new(NamedTempFile::new_in(folder)?);
        let start = [&MAGIC[..], &VERSION.to_le_bytes(), &borsh::to_vec(origin)?].concat();
        file.write_all(&start)?;
        file.write_all(&crc32fast::hash(&start).to_le_bytes())?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            pending: Vec::new(),
            frame: Recorded::default(),
            total: Recorded::default(),
            parent: (origin.parent_slot, origin.parent_hash),
        })
    }

    /// Adds a block, which must be the child of the one before.
    ///
    /// # Errors
    /// A block that is not, a disk that is full.
    pub fn add(&mut self, block: &RecordedBlock) -> Result<(), RecordingError> {
        if (block.parent_slot, block.parent_hash) != self.parent {
            let reason = format!("its parent is not the block of slot {}", self.parent.0);
            return Err(RecordingError::Block { slot: block.slot, reason });
        }
        self.parent = (block.slot, block.hash);
        borsh::to_writer(&mut self.pending, block)?;
        for count in [&mut self.frame, &mut self.total] {
            if count.blocks == 0 {
                count.first_slot = block.slot;
            }
            count.last_slot = block.slot;
            count.blocks += 1;
        }
        if self.pending.len() >= FRAME {
            self.end_frame()?;
        }
        Ok(())
    }

    /// Completes the recording and puts it at its path.
    ///
    /// # Errors
    /// A file that was put there meanwhile, a disk that is full.
    pub fn finish(mut self) -> Result<Recorded, RecordingError> {
        self.end_frame()?;
        self.write(self.total, 0, &[])?;
        let file: NamedTempFile = self.file.into_inner().map_err(|error| error.into_error())?;
        file.as_file().sync_all()?;
        let placed: Result<File, _> = file.persist_noclobber(&self.path);
        placed.map_err(|failure| match failure.error.kind() {
            ErrorKind::AlreadyExists => RecordingError::Exists,
            _ => RecordingError::Io(failure.error),
        })?;
        Ok(self.total)
    }

    fn end_frame(&mut self) -> Result<(), RecordingError> {
        if self.frame.blocks == 0 {
            return Ok(());
        }
        let body = zstd::bulk::compress(&self.pending, COMPRESSION)?;
        let size = u32::try_from(self.pending.len()).ok().filter(|size| *size <= MAX_BODY);
        let size = size.ok_or_else(|| RecordingError::Block {
            slot: self.frame.last_slot,
            reason: format!("more than {MAX_BODY} bytes of it would be kept"),
        })?;
        self.write(self.frame, size, &body)?;
        self.pending.clear();
        self.frame = Recorded::default();
        Ok(())
    }

    fn write(&mut self, what: Recorded, size: u32, body: &[u8]) -> Result<(), RecordingError> {
        let length = u32::try_from(body.len()).map_err(std::io::Error::other)?;
        let Recorded { first_slot, last_slot, blocks } = what;
        let mut head = Head { length, size, first_slot, last_slot, blocks, body: crc32fast::hash(body), checksum: 0 };
        head.checksum = head.own_checksum()?;
        borsh::to_writer(&mut self.file, &head)?;
        self.file.write_all(body)?;
        Ok(())
    }
}
