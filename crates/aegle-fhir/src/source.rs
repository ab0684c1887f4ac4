//! Files and folders of FHIR JSON, as a stream of resources.

mod bundle;
mod lines;

use std::{
    fs::{self, File},
    io::{self, BufReader, Cursor, Read},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::read::MultiGzDecoder;

use crate::{
    limits::Limits,
    problem::{Position, Problem, Reason},
    reference::Scope,
    sensitivity::Policy,
};

/// What the caller named cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read")]
pub struct SourceError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// How far reading came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub files: u64,
    pub files_done: u64,
    pub resources: u64,
}

/// Files and folders to import, or their contents.
#[derive(Clone, Debug, Default)]
pub struct Source {
    inputs: Vec<Input>,
    limits: Limits,
}

#[derive(Clone, Debug)]
enum Input {
    Path(PathBuf),
    Bytes(Arc<str>, Vec<u8>),
}

/// A resource as found: its very bytes, and what its Bundle says of it.
pub(crate) struct Raw<'a> {
    pub at: Position,
    pub scope: Scope,
    pub full_url: Option<&'a str>,
    /// As it names itself.
    pub resource_type: &'a str,
    /// Sensitivities of the Bundle around it.
    pub inherited: &'a [Policy],
    pub json: &'a str,
}

pub(crate) enum Found<'a> {
    Resource(Raw<'a>),
    Skipped(Problem),
    /// Sensitivities of a Bundle that are said after its entries, which have these scopes.
    Labelled(RangeInclusive<Scope>, Vec<Policy>),
}

/// Files seen while reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Files {
    pub read: u64,
    pub other: u64,
}

/// Numbers the Bundles, and passes on what is found.
pub(crate) struct Sink<'a> {
    limits: Limits,
    next_scope: Scope,
    files: Progress,
    take: &'a mut dyn FnMut(Found<'_>),
    progress: &'a mut dyn FnMut(Progress),
}

/// Resources between two reports of progress.
const STEP: u64 = 1_000;

impl Sink<'_> {
    fn skip(&mut self, at: Position, reason: Reason) {
        (self.take)(Found::Skipped(Problem { at, resource_type: None, reason }));
    }

    fn resource(&mut self, raw: Raw<'_>) {
        (self.take)(Found::Resource(raw));
        self.files.resources += 1;
        if self.files.resources.is_multiple_of(STEP) {
            (self.progress)(self.files);
        }
    }

    /// Labels what has been found since the scope was opened.
    fn label(&mut self, since: Scope, policies: Vec<Policy>) {
        (self.take)(Found::Labelled(since..=self.next_scope, policies));
    }

    fn scope(&mut self) -> Scope {
        self.next_scope += 1;
        self.next_scope
    }
}

impl Source {
    pub fn new(limits: Limits) -> Self {
        Self { inputs: Vec::new(), limits }
    }

    /// A file of any name, or a folder: of it all files whose names end in `.json`, `.ndjson` or
    /// `.jsonl`, with or without `.gz`, in its folders too. Links to folders are not followed.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.inputs.push(Input::Path(path.into()));
        self
    }

    /// A file's content; `name` is what problems call it.
    pub fn bytes(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.inputs.push(Input::Bytes(name.into(), bytes.into()));
        self
    }

    /// Reads everything, in the same order each time as long as the files stay the same.
    pub(crate) fn read(
        &self,
        take: &mut dyn FnMut(Found<'_>),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Files, SourceError> {
        let mut files = Files::default();
        let mut sink = Sink { limits: self.limits, next_scope: 0, files: Progress::default(), take, progress };
        let mut found = Vec::new();
        for input in &self.inputs {
            match input {
                Input::Path(path) => {
                    let wrap = |source| SourceError { path: path.clone(), source };
                    if fs::metadata(path).map_err(wrap)?.is_dir() {
                        self.folder(path, 0, &mut found, &mut files, &mut sink).map_err(wrap)?;
                    } else {
                        found.push(path.clone());
                    }
                }
                Input::Bytes(..) => files.read += 1,
            }
        }
        files.read += found.len() as u64;
        sink.files.files = files.read;
        for path in found {
            let name = Arc::<str>::from(path.display().to_string());
            match File::open(&path) {
                Ok(file) => content(&name, file, &mut sink),
                Err(_) => sink.skip(Position::file(&name), Reason::Unreadable),
            }
            sink.done();
        }
        for input in &self.inputs {
            if let Input::Bytes(name, bytes) = input {
                content(name, Cursor::new(bytes), &mut sink);
                sink.done();
            }
        }
        Ok(files)
    }

    fn folder(
        &self,
        folder: &Path,
        depth: usize,
        found: &mut Vec<PathBuf>,
        files: &mut Files,
        sink: &mut Sink<'_>,
    ) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                let name = Arc::<str>::from(path.display().to_string());
                let readable = depth < self.limits.folders && self.folder(&path, depth + 1, found, files, sink).is_ok();
                if !readable {
                    sink.skip(Position::file(&name), Reason::Unreadable);
                }
            } else if is_fhir(&path) {
                found.push(path);
            } else {
                files.other += 1;
            }
        }
        Ok(())
    }
}

impl Sink<'_> {
    fn done(&mut self) {
        self.files.files_done += 1;
        (self.progress)(self.files);
    }
}

/// A file's extension, in front of `.gz`.
fn extension(path: &Path) -> Option<String> {
    let extension = |path: &Path| Some(path.extension()?.to_str()?.to_ascii_lowercase());
    match extension(path)?.as_str() {
        "gz" => extension(Path::new(path.file_stem()?)),
        other => Some(other.to_owned()),
    }
}

fn is_fhir(path: &Path) -> bool {
    extension(path).is_some_and(|extension| matches!(extension.as_str(), "json" | "ndjson" | "jsonl"))
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

fn content(name: &Arc<str>, mut file: impl Read, sink: &mut Sink<'_>) {
    let mut magic = Vec::new();
    if file.by_ref().take(2).read_to_end(&mut magic).is_err() {
        return sink.skip(Position::file(name), Reason::Unreadable);
    }
    let lined = matches!(extension(Path::new(&**name)).as_deref(), Some("ndjson" | "jsonl"));
    let zipped = magic == GZIP;
    let file = Cursor::new(magic).chain(file);
    if zipped {
        lines::read(name, BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)), lined, sink);
    } else {
        lines::read(name, BufReader::with_capacity(1 << 16, file), lined, sink);
    }
}

/// What reading failed of. What a decompressor finds is wrong with the data, not with the disk.
fn reason(error: &io::Error) -> Reason {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.kind() {
        InvalidData | InvalidInput | UnexpectedEof => Reason::Damaged,
        _ => Reason::Unreadable,
    }
}
