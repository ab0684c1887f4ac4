//! How fast content is encrypted and decrypted, against the bare AEAD over chunks of the same size,
//! interleaved in one run; and how much memory a record of 2 GiB takes. Prints FIGURE lines.

use std::{
    fs,
    hint::black_box,
    io::{self, BufRead, Read, Write},
    time::{Duration, Instant},
};

use aegle_decision::{Document, Key, Labels};
use aegle_envelope::{
    ContentKey, Details, DetailsVersion, Expected, Manifest,
    content::{Reader, TAG_LENGTH, Writer},
    measure, open_record, seal_record,
};
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const CHUNK: usize = 1 << 16;
const SIZES: [(&str, usize); 3] = [("64_kib", 1 << 16), ("1_mib", 1 << 20), ("64_mib", 1 << 26)];
const ROUNDS: usize = 41;
/// At least this much for each measurement, in bytes.
const WORK: usize = 1 << 24;
const RECORD: u64 = 2 << 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grown = memory()?;
    figure("content_2_gib_memory_growth", &format!("{grown:.1}"), "MiB", grown <= 8.0, "<=8");
    for (name, size) in SIZES {
        let plaintext: Vec<u8> = (0..size).map(|place| place as u8).collect();
        let (mut writes, mut reads) = (Vec::new(), Vec::new());
        let mut contest = Contest::new(plaintext)?;
        for _ in 0..ROUNDS {
            let bare = contest.time(Contest::bare_encrypt)?;
            let ours = contest.time(Contest::write)?;
            writes.push(bare.as_secs_f64() / ours.as_secs_f64());
            let bare = contest.time(Contest::bare_decrypt)?;
            let ours = contest.time(Contest::read)?;
            reads.push(bare.as_secs_f64() / ours.as_secs_f64());
        }
        for (what, values) in [("writer", writes), ("reader", reads)] {
            let ratio = median(values);
            figure(&format!("content_{what}_{name}_to_aead"), &format!("{ratio:.3}"), "x", ratio >= 0.95, ">=0.95");
        }
    }
    Ok(())
}

/// Ours and the bare AEAD, each from one buffer into another.
struct Contest {
    key: ContentKey,
    aead: ChaCha20Poly1305,
    rng: ChaCha20Rng,
    plaintext: Vec<u8>,
    ciphertext: Vec<u8>,
    bare_ciphertext: Vec<u8>,
    sink: Vec<u8>,
    chunk: Vec<u8>,
}

impl Contest {
    fn new(plaintext: Vec<u8>) -> io::Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut contest = Self {
            key: ContentKey::generate(&mut rng),
            aead: ChaCha20Poly1305::new(&[7; 32].into()),
            rng,
            ciphertext: Vec::new(),
            bare_ciphertext: Vec::new(),
            sink: vec![0; plaintext.len() * 2],
            chunk: Vec::with_capacity(CHUNK + TAG_LENGTH),
            plaintext,
        };
        contest.bare_encrypt()?;
        contest.bare_ciphertext = contest.sink.clone();
        contest.write()?;
        contest.ciphertext = contest.sink.clone();
        Ok(contest)
    }

    fn time(&mut self, run: fn(&mut Self) -> io::Result<()>) -> io::Result<Duration> {
        let start = Instant::now();
        for _ in 0..WORK.div_ceil(self.plaintext.len()) {
            run(self)?;
        }
        Ok(start.elapsed())
    }

    fn write(&mut self) -> io::Result<()> {
        self.sink.clear();
        let mut writer = Writer::new(&self.key, &mut self.sink, &mut self.rng)?;
        writer.write_all(&self.plaintext)?;
        black_box(writer.finish()?);
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let mut reader = Reader::new(&self.key, &self.ciphertext[..])?;
        loop {
            let count = black_box(reader.fill_buf()?).len();
            if count == 0 {
                return Ok(());
            }
            reader.consume(count);
        }
    }

    fn bare_encrypt(&mut self) -> io::Result<()> {
        self.sink.clear();
        for (place, part) in self.plaintext.chunks(CHUNK).enumerate() {
            self.chunk.clear();
            self.chunk.extend_from_slice(part);
            self.aead.encrypt_in_place(&nonce(place), &[], &mut self.chunk).map_err(io::Error::other)?;
            self.sink.write_all(&self.chunk)?;
        }
        black_box(&self.sink);
        Ok(())
    }

    fn bare_decrypt(&mut self) -> io::Result<()> {
        for (place, part) in self.bare_ciphertext.chunks(CHUNK + TAG_LENGTH).enumerate() {
            self.chunk.clear();
            self.chunk.extend_from_slice(part);
            self.aead.decrypt_in_place(&nonce(place), &[], &mut self.chunk).map_err(io::Error::other)?;
            black_box(&self.chunk);
        }
        Ok(())
    }
}

fn nonce(place: usize) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..8].copy_from_slice(&(place as u64).to_le_bytes());
    nonce
}

/// How much more memory the process takes at most while a large record is sealed and opened, in MiB.
fn memory() -> Result<f64, Box<dyn std::error::Error>> {
    let content = || io::repeat(b'x').take(RECORD);
    let (length, content_sha256) = measure(content())?;
    let vault = Key([7; 32]);
    let details = Details {
        kind: DetailsVersion::V1,
        vault,
        media_type: "application/dicom".into(),
        length,
        content_sha256,
        title: None,
        codes: Vec::new(),
        author: None,
        issued: None,
        issue: None,
    };
    let labels: Document<Labels> = Document::read(br#"{"kind":"aegle:labels:v1","categories":["imaging"]}"#.to_vec())?;
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let manifest = Manifest::new(labels, Document::new(details), &mut rng)?;
    // The key is known only when all is sealed, so that the ciphertext waits in a file.
    let path = std::env::temp_dir().join(format!("aegle-envelope-bench-{}", std::process::id()));
    let before = status("VmRSS")?;
    let (key, file) = seal_record(&manifest, content(), fs::File::create(&path)?, &mut rng)?;
    drop(file);
    let source = fs::File::open(&path)?;
    fs::remove_file(&path)?;
    let expected = Expected { vault, commitment: Some(manifest.commitment()) };
    let opened = io::copy(&mut open_record(&key, source, &expected)?, &mut io::sink())?;
    assert_eq!(opened, RECORD);
    Ok((status("VmHWM")? - before) / 1024.0)
}

/// A line of this process's status, in KiB.
fn status(name: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn figure(name: &str, text: &str, unit: &str, kept: bool, target: &str) {
    println!("FIGURE {name} {text} {unit} {target} {}", if kept { "ok" } else { "MISSED" });
}
