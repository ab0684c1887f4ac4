//! Resources out of a JSON value: itself, or the entries of a Bundle, in which others may be.

use std::{
    borrow::Cow,
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use fhirkit::Json;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use super::{Raw, Sink};
use crate::{
    limits,
    problem::{Position, Reason},
    reference::Scope,
    sensitivity::{self, Policy},
};

/// Bundles inside one another, such as the answers of a batch.
const MAX_NESTING: usize = 4;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "resourceType")]
    resource_type: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    entry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, rename = "fullUrl")]
    full_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// What is passed down to entries.
#[derive(Clone)]
struct Around {
    at: Position,
    scope: Scope,
    inherited: Vec<Policy>,
    nesting: usize,
}

/// A complete JSON value.
pub(super) fn value(at: &Position, json: &str, sink: &mut Sink<'_>) {
    let around = Around { at: at.clone(), scope: 0, inherited: Vec::new(), nesting: 0 };
    resource(&around, None, json, sink);
}

fn resource(around: &Around, full_url: Option<&str>, json: &str, sink: &mut Sink<'_>) {
    let skip = |sink: &mut Sink<'_>, reason| sink.skip(around.at.clone(), reason);
    let head: Head<'_> = match serde_json::from_str(json) {
        Ok(head) => head,
        Err(error) => return skip(sink, reason(&error)),
    };
    match head.resource_type.as_deref() {
        None => skip(sink, Reason::NotAResource),
        Some("Bundle") if !is_document(head.kind) => {
            if around.nesting >= MAX_NESTING {
                return skip(sink, Reason::TooComplex);
            }
            let inside = Around {
                scope: sink.scope(),
                inherited: around.inherited.iter().copied().chain(security(head.meta)).collect(),
                nesting: around.nesting + 1,
                at: around.at.clone(),
            };
            match head.entry.map(|entries| serde_json::from_str::<Vec<&RawValue>>(entries.get())) {
                None => {}
                Some(Ok(entries)) => {
                    entries.iter().enumerate().for_each(|(index, json)| entry(&inside, index, json.get(), sink));
                }
                Some(Err(_)) => skip(sink, Reason::NotAResource),
            }
        }
        Some(name) => {
            // A document is a Bundle of its own, also where it is an entry of another.
            let scope = if name == "Bundle" { sink.scope() } else { around.scope };
            let (at, inherited) = (around.at.clone(), around.inherited.as_slice());
            sink.resource(Raw { at, scope, full_url, resource_type: name, inherited, json });
        }
    }
}

fn entry(around: &Around, index: usize, json: &str, sink: &mut Sink<'_>) {
    // Of Bundles in Bundles the outer entry says where.
    let at = Position { entry: around.at.entry.or(Some(index as u64)), ..around.at.clone() };
    let around = Around { at, ..around.clone() };
    match serde_json::from_str::<Entry<'_>>(json) {
        Ok(Entry { full_url, resource: Some(json) }) => resource(&around, full_url.as_deref(), json.get(), sink),
        Ok(_) => sink.skip(around.at, Reason::Empty),
        Err(error) => sink.skip(around.at, reason(&error)),
    }
}

fn is_document(kind: Option<&RawValue>) -> bool {
    kind.is_some_and(|kind| kind.get() == r#""document""#)
}

fn security(meta: Option<&RawValue>) -> Vec<Policy> {
    let Some(meta) = meta.map(RawValue::get) else { return Vec::new() };
    match limits::is_simple(meta).then(|| Json::parse(meta)) {
        Some(Ok(meta)) => sensitivity::find(&Json::Object(vec![("meta".to_owned(), meta)])).into_iter().collect(),
        // Labels that cannot be read are not taken for none.
        _ => vec![sensitivity::SPECIALLY_PROTECTED],
    }
}

pub(crate) fn reason(error: &serde_json::Error) -> Reason {
    match error.classify() {
        Category::Io => match error.io_error_kind() {
            Some(io::ErrorKind::FileTooLarge) => Reason::TooLarge,
            Some(kind) => super::reason(&kind.into()),
            None => Reason::Unreadable,
        },
        Category::Eof => Reason::Truncated,
        Category::Syntax => Reason::NotJson { line: error.line(), column: error.column() },
        Category::Data => Reason::NotAResource,
    }
}

/// A value too large to be held: a Bundle's entries, one at a time. That it is a Bundle has to come
/// before them.
pub(super) fn stream(at: &Position, reader: impl Read, sink: &mut Sink<'_>) {
    let left = Rc::new(Cell::new(sink.limits.resource));
    let metered = Metered { reader, left: left.clone() };
    let around = Around { at: at.clone(), scope: sink.scope(), inherited: Vec::new(), nesting: 1 };
    let mut deserializer = serde_json::Deserializer::from_reader(metered);
    let result = BundleSeed { around, left, sink }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = result {
        sink.skip(at.clone(), reason(&error));
    }
}

/// Fails once more was read than one entry may have, so that nobody can make us hold more.
struct Metered<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(read).ok_or(io::ErrorKind::FileTooLarge)?;
        self.left.set(left);
        Ok(read)
    }
}

struct BundleSeed<'s, 'a> {
    around: Around,
    left: Rc<Cell<usize>>,
    sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for BundleSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BundleSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a Bundle")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (mut is_bundle, mut entries) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "resourceType" => is_bundle = map.next_value::<String>()? == "Bundle",
                "type" => {
                    if map.next_value::<Box<RawValue>>()?.get() == r#""document""# {
                        self.left.set(0);
                    }
                }
                "meta" => {
                    let labels = security(Some(&map.next_value::<Box<RawValue>>()?));
                    if entries {
                        self.sink.label(self.around.scope, labels.clone());
                    }
                    self.around.inherited.extend(labels);
                }
                "entry" if is_bundle => {
                    entries = true;
                    let seed = EntriesSeed { around: &self.around, left: &self.left, sink: &mut *self.sink };
                    map.next_value_seed(seed)?;
                }
                // Not known to be a Bundle, or a document, which is kept whole: the next read fails.
                "entry" => self.left.set(0),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct EntriesSeed<'s, 'a> {
    around: &'s Around,
    left: &'s Rc<Cell<usize>>,
    sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for EntriesSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EntriesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(json) = sequence.next_element::<Box<RawValue>>()? {
            entry(self.around, index, json.get(), self.sink);
            self.left.set(self.sink.limits.resource);
            index += 1;
        }
        Ok(())
    }
}
