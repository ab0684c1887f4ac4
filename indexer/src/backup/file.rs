use std::{
    fs::File,
    io::{self, Read, Write},
};

use sha2::{Digest, Sha256};

/// A file with the SHA-256 of what was written to or read from it.
pub struct Hashed {
    file: File,
    hash: Sha256,
}

impl Hashed {
    pub fn new(file: File) -> Self {
        Self { file, hash: Sha256::new() }
    }

    /// Makes what was written survive a power cut, and gives its hash in hex.
    pub fn sync(self) -> io::Result<String> {
        self.file.sync_all()?;
        Ok(hex::encode(self.hash.finalize()))
    }

    /// Reads what is left, and gives the hash of the whole in hex.
    pub fn finish(mut self) -> io::Result<String> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(hex::encode(self.hash.finalize()))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Hashed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
