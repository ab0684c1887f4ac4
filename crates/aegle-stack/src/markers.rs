//! Whether anything that the server must not know is found where it keeps or holds things: in its
//! database, its blobs, its log, and the memory of its process.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;
use anyhow::{Context, ensure};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::indexer::{Indexer, Settings};

/// Bytes looked through at once.
const WINDOW: usize = 4 << 20;
/// Every encrypted content begins with it.
const CONTENT_MAGIC: &[u8] = b"AEGLE";

/// Plaintexts and keys by name.
#[derive(Default)]
pub struct Planted(Vec<(String, Vec<u8>)>);

/// Where a server keeps and holds things.
pub struct Places {
    database_url: String,
    blobs: PathBuf,
    log: PathBuf,
    listen: String,
    process: u32,
}

impl Places {
    pub fn of(settings: &Settings, indexer: &Indexer) -> anyhow::Result<Self> {
        Ok(Self {
            database_url: settings.database_url.clone(),
            blobs: settings.blobs.clone(),
            log: settings.log.clone(),
            listen: settings.listen.clone(),
            process: indexer.process().context("the indexer has ended")?,
        })
    }
}

impl Planted {
    /// Remembers what must be found nowhere.
    pub fn secret(&mut self, name: &str, bytes: &[u8]) {
        self.0.push((name.to_owned(), bytes.to_vec()));
    }

    /// Names that begin with `prefix`, and what they stand for.
    pub fn named(&self, prefix: &str) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().filter(move |(name, _)| name.starts_with(prefix)).map(|(name, bytes)| (&**name, &**bytes))
    }

    /// Looks everywhere. `known` is a text that the server is told: where it is not found in the database
    /// and the memory, the search itself is broken.
    ///
    /// # Errors
    /// Something was found, or could not have been.
    pub async fn search(&self, places: &Places, known: &[u8]) -> anyhow::Result<String> {
        const KNOWN: &str = "what the server knows";
        let found_in = |place: &str, found: BTreeSet<String>, control: &str| {
            ensure!(found.contains(control), "{control} is not found in {place}: the search does not work");
            let secrets: Vec<&String> = found.iter().filter(|name| *name != control).collect();
            ensure!(secrets.is_empty(), "{place} has {secrets:?}");
            Ok(())
        };
        let search = |control, text| Search::new(self.named("").chain([(control, text)]));

        let database = search(KNOWN, known)?;
        let (rows, found) = in_database(&places.database_url, &database).await?;
        found_in("the database", found, KNOWN)?;
        let (blobs, found) = in_folder(&places.blobs, &search("the magic of contents", CONTENT_MAGIC)?)?;
        found_in("the blobs", found, "the magic of contents")?;
        let (_, found) = in_file(&places.log, &search("the address", places.listen.as_bytes())?)?;
        found_in("the log", found, "the address")?;
        let (process, memory) = (places.process, search(KNOWN, known)?);
        let (bytes, found) = tokio::task::spawn_blocking(move || in_memory(process, &memory)).await??;
        found_in("the server's memory", found, KNOWN)?;
        let mebibytes = |bytes: u64| bytes >> 20;
        let (blobs, bytes) = (mebibytes(blobs), mebibytes(bytes));
        Ok(format!("{} of them in {rows} rows, {blobs} MiB of blobs, {bytes} MiB of memory", self.0.len()))
    }
}

/// Names with the many ways in which each may be written.
struct Search {
    automaton: AhoCorasick,
    names: Vec<String>,
    longest: usize,
}

impl Search {
    fn new<'a>(named: impl Iterator<Item = (&'a str, &'a [u8])>) -> anyhow::Result<Self> {
        let mut patterns = BTreeMap::new();
        for (name, bytes) in named {
            for pattern in spellings(bytes) {
                patterns.insert(pattern, name.to_owned());
            }
        }
        let (patterns, names): (Vec<Vec<u8>>, Vec<String>) = patterns.into_iter().unzip();
        let longest = patterns.iter().map(Vec::len).max().unwrap_or_default();
        Ok(Self { automaton: AhoCorasick::new(patterns)?, names, longest })
    }

    fn look(&self, bytes: &[u8], found: &mut BTreeSet<String>) {
        for hit in self.automaton.find_overlapping_iter(bytes) {
            found.insert(self.names[hit.pattern().as_usize()].clone());
        }
    }
}

/// As it is, in hex, and in base64 wherever it begins within a group of three.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut spellings = vec![bytes.to_vec(), hex::encode(bytes).into_bytes()];
    for before in 0..3 {
        let text = BASE64_STANDARD_NO_PAD.encode([&[0; 3][..before], bytes].concat());
        // The first characters mix with what is before, the last with what is behind.
        let (first, last) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
        spellings.push(text.as_bytes().get(first..last).unwrap_or_default().to_vec());
    }
    spellings.retain(|spelling| spelling.len() >= 5);
    spellings
}

/// Every row of every table, also of those that only the server's own role reads.
async fn in_database(url: &str, search: &Search) -> anyhow::Result<(u64, BTreeSet<String>)> {
    let mut connection = PgConnection::connect(url).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg\\_temp\\_%'",
    )
    .fetch_all(&mut connection)
    .await?;
    let (mut count, mut found) = (0, BTreeSet::new());
    for table in tables {
        let query = format!("SELECT row::text FROM {table} row");
        let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(query)).fetch(&mut connection);
        while let Some(row) = rows.try_next().await? {
            count += 1;
            search.look(row.as_bytes(), &mut found);
        }
    }
    Ok((count, found))
}

fn in_folder(folder: &Path, search: &Search) -> anyhow::Result<(u64, BTreeSet<String>)> {
    let (mut bytes, mut found) = (0, BTreeSet::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let (more, there) = if path.is_dir() { in_folder(&path, search)? } else { in_file(&path, search)? };
        bytes += more;
        found.extend(there);
    }
    Ok((bytes, found))
}

fn in_file(path: &Path, search: &Search) -> anyhow::Result<(u64, BTreeSet<String>)> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let length = file.metadata()?.len();
    let mut found = BTreeSet::new();
    in_range(&file, 0..length, search, &mut found)?;
    Ok((length, found))
}

/// All that a process can write to, and so may have something of its own in.
fn in_memory(process: u32, search: &Search) -> anyhow::Result<(u64, BTreeSet<String>)> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let (mut bytes, mut found) = (0, BTreeSet::new());
    for line in maps.lines() {
        let Some((range, rest)) = line.split_once(' ') else { continue };
        if !rest.starts_with("rw") {
            continue;
        }
        let address = |text: &str| u64::from_str_radix(text, 16);
        let (start, end) = range.split_once('-').context("a mapping without its end")?;
        bytes += in_range(&memory, address(start)?..address(end)?, search, &mut found)?;
    }
    Ok((bytes, found))
}

/// Returns the bytes that could be read: memory may be given back meanwhile.
fn in_range(
    file: &File,
    range: std::ops::Range<u64>,
    search: &Search,
    found: &mut BTreeSet<String>,
) -> anyhow::Result<u64> {
    let mut window = vec![0; WINDOW];
    let (mut at, mut read) = (range.start, 0);
    while at < range.end {
        let wanted = usize::try_from(range.end - at).unwrap_or(WINDOW).min(WINDOW);
        let got = match file.read_at(&mut window[..wanted], at) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.raw_os_error() == Some(nix::libc::EIO) => break,
            Err(error) => return Err(error.into()),
        };
        search.look(&window[..got], found);
        read += got as u64;
        let reached = at + got as u64;
        if reached >= range.end {
            break;
        }
        // What lies over the edge of a window is seen in the next one.
        at = reached.saturating_sub(search.longest as u64).max(at + 1);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn search(needle: &[u8]) -> Search {
        Search::new([("needle", needle)].into_iter()).unwrap()
    }

    fn finds(needle: &[u8], hay: &[u8]) -> bool {
        let mut found = BTreeSet::new();
        search(needle).look(hay, &mut found);
        !found.is_empty()
    }

    /// INV-8's check itself.
    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let needle = b"needle of some length";
        assert!(finds(needle, b"hay needle of some length hay"));
        assert!(finds(needle, hex::encode([b"hay", &needle[..]].concat()).as_bytes()));
        for before in 0..4 {
            let hay = [&vec![7; before][..], needle, b"hay"].concat();
            assert!(finds(needle, BASE64_STANDARD_NO_PAD.encode(hay).as_bytes()), "{before} bytes before");
        }
        assert!(!finds(needle, b"hay needle of some strength hay"));
    }

    #[test]
    fn a_secret_over_the_edge_of_a_window_is_found_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = vec![0; 2 * WINDOW];
        content[WINDOW - 3..WINDOW + 3].copy_from_slice(b"needle");
        fs::write(folder.path().join("file"), &content).unwrap();
        assert_eq!(in_folder(folder.path(), &search(b"needle")).unwrap().1.len(), 1);
        assert!(in_folder(folder.path(), &search(b"noodle")).unwrap().1.is_empty());
    }

    #[test]
    fn a_secret_in_the_memory_of_a_process_is_found() {
        let needle = format!("needle-{}", std::process::id());
        let mut child = Command::new("sleep").arg("30").env("HAY", &needle).stdin(Stdio::null()).spawn().unwrap();
        let found = |needle: &str| in_memory(child.id(), &search(needle.as_bytes())).unwrap().1.len();
        let counts = (found(&needle), found("no needle anywhere"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(counts, (1, 0));
    }
}
