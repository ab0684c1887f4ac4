use std::{collections::BTreeMap, fmt, sync::Arc};

/// Where in the input something is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// As the caller named it, or its path below the folder that the caller named.
    pub file: Arc<str>,
    /// Counted from 1, in files with one JSON value per line.
    pub line: Option<u64>,
    /// Counted from 0, as FHIRPath does, in Bundles.
    pub entry: Option<u64>,
}

impl Position {
    pub(crate) fn file(name: &Arc<str>) -> Self {
        Self { file: name.clone(), line: None, entry: None }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        Ok(())
    }
}

/// Why something of the input is in no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    #[error("the file cannot be read")]
    Unreadable,
    #[error("the compressed data is damaged or ends early")]
    Damaged,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it is not JSON, see its line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("it ends before its JSON does")]
    Truncated,
    #[error("it has more bytes than a resource may have")]
    TooLarge,
    #[error("it is nested deeper, or has more values, than a resource may have")]
    TooComplex,
    #[error("it is not a FHIR resource")]
    NotAResource,
    #[error("FHIR R4 has no such resource type, or one that is not about patients")]
    UnknownType,
    #[error("the entry has no resource to keep")]
    Empty,
    #[error("it is about a patient that the input does not have")]
    UnknownPatient,
    #[error("it is about one of several patients of the same id")]
    AmbiguousPatient,
    #[error("it is about another patient than the one chosen")]
    OtherPatient,
    #[error("it says nothing of a patient, and no record refers to it")]
    Unreferenced,
    #[error("the same bytes are in the input more than once")]
    Duplicate,
    #[error("its record would have more kinds of content than labels can name")]
    TooManyLabels,
}

impl Reason {
    /// Whether something is wrong with the input, rather than not meant for this import.
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::OtherPatient | Self::Unreferenced | Self::Duplicate | Self::Empty)
    }

    /// Without its place, so that equal ones are counted together.
    fn kind(self) -> Self {
        if let Self::NotJson { .. } = self { Self::NotJson { line: 0, column: 0 } } else { self }
    }
}

/// Something that was skipped. Says where it is and of which type, and nothing of what it contains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub at: Position,
    pub resource_type: Option<&'static str>,
    pub reason: Reason,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.at)?;
        if let Some(name) = self.resource_type {
            write!(f, "{name}: ")?;
        }
        write!(f, "{}; skipped", self.reason)
    }
}

/// Most problems listed one by one; all are counted.
const MAX_LISTED: usize = 1_000;

/// What became of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub files: u64,
    /// Files of a folder whose names are not those of JSON or NDJSON.
    pub other_files: u64,
    /// Resources found, those inside document Bundles among them.
    pub read: u64,
    /// Resources in records, by type. One that several records carry along counts once.
    pub mapped: BTreeMap<&'static str, u64>,
    pub unmapped: BTreeMap<(Reason, &'static str), u64>,
    /// Mapped although R4 does not allow all that they contain, by type.
    pub invalid: BTreeMap<&'static str, u64>,
    /// Mapped, with an id that other content also has, by type.
    pub conflicting: BTreeMap<&'static str, u64>,
    /// The first 1,000 faults.
    pub problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn skip(&mut self, problem: Problem) {
        *self.unmapped.entry((problem.reason.kind(), problem.resource_type.unwrap_or("?"))).or_default() += 1;
        if problem.reason.is_fault() && self.problems.len() < MAX_LISTED {
            self.problems.push(problem);
        }
    }

    pub(crate) fn map(&mut self, resource_type: &'static str, invalid: bool) {
        *self.mapped.entry(resource_type).or_default() += 1;
        if invalid {
            *self.invalid.entry(resource_type).or_default() += 1;
        }
    }

    /// Resources in records.
    pub fn mapped_total(&self) -> u64 {
        self.mapped.values().sum()
    }

    /// Resources and files in no record.
    pub fn unmapped_total(&self) -> u64 {
        self.unmapped.values().sum()
    }
}
