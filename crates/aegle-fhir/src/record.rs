//! A record's content, its labels, and what describes it to its readers.

use std::{collections::BTreeSet, io, sync::Arc};

use aegle_decision::{Key, Labels, LabelsVersion};
use jiff::civil::Date;

use crate::{
    days::Days,
    facts::{Author, Code, Role},
    group::{Group, Paperwork},
    import::Member,
    resource::Resource,
    secret::Secret,
};

pub const MEDIA_TYPE: &str = "application/fhir+json";

/// What holds a record's resources together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Encounter,
    Document,
    Study,
    /// The same category, day and sensitivity; bills of the same encounter, or of the same year.
    Collection,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Encounter => "encounter",
            Self::Document => "document",
            Self::Study => "study",
            Self::Collection => "collection",
        }
    }
}

/// What goes into a record's encrypted details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// At most 120 characters.
    pub title: String,
    /// Of the codes in it, the first 100 or 16 KiB in the order of their systems and codes.
    pub codes: Vec<Code>,
    /// At most 120 characters.
    pub author: Option<String>,
    pub issued: Option<Date>,
}

/// A record to be.
#[derive(Clone, Debug)]
pub struct Record {
    /// The same for the same resources and secret, whatever comes along with them: an import that finds
    /// a record of this key has nothing to add.
    pub key: [u8; 32],
    /// The same for the same encounter, document, study or day: content that changed is its next version.
    /// Several records have it only where the input has several contents under one id.
    pub identity: [u8; 32],
    pub kind: Kind,
    pub labels: Labels,
    pub description: Description,
    /// Resources in it.
    pub resources: usize,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// A document Bundle.
    Whole(Arc<str>),
    /// Entries of a collection, with their full URLs where they had any.
    Entries(Vec<(Option<Box<str>>, Arc<str>)>),
}

impl Record {
    /// The content: FHIR JSON, a document Bundle as it was or a collection Bundle around resources as
    /// they were.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_content(&self, mut to: impl io::Write) -> io::Result<()> {
        let entries = match &self.content {
            Content::Whole(json) => return to.write_all(json.as_bytes()),
            Content::Entries(entries) => entries,
        };
        to.write_all(br#"{"resourceType":"Bundle","type":"collection","entry":["#)?;
        for (index, (full_url, json)) in entries.iter().enumerate() {
            to.write_all(if index == 0 { b"{" } else { b",{" })?;
            if let Some(url) = full_url {
                to.write_all(br#""fullUrl":"#)?;
                serde_json::to_writer(&mut to, url)?;
                to.write_all(b",")?;
            }
            to.write_all(br#""resource":"#)?;
            to.write_all(json.as_bytes())?;
            to.write_all(b"}")?;
        }
        to.write_all(b"]}")
    }

    /// The content at once.
    pub fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        // Writing to memory does not fail.
        self.write_content(&mut content).unwrap_or_default();
        content
    }
}

const MAX_TYPES: usize = 64;
const MAX_SENSITIVITIES: usize = 32;
const MAX_CODES: usize = 100;
const MAX_CODE_BYTES: usize = 16 << 10;
const MAX_TEXT: usize = 120;

/// `None` if there is more to label than labels may say.
pub(crate) fn of(group: &Group, members: &[Member], secret: &Secret) -> Option<Record> {
    let resource = |place: &usize| &members[*place].resource;
    let care: Vec<_> = group.care.iter().map(resource).collect();
    let all: Vec<_> = group.all().map(|place| resource(&place)).collect();
    let anchor = group.anchor.map(|place| resource(&place));

    let mut digests: Vec<_> = care.iter().map(|resource| resource.digest).collect();
    digests.sort_unstable();
    let visit = match group.paperwork {
        Some(Paperwork::Encounter(visit)) => Some(resource(&visit)),
        _ => None,
    };
    let mut labels = labels(&care, &all, anchor, secret)?;
    // What bills say of days is when they were made out, and until when they may be paid.
    if let Some(days) = visit.and_then(|visit| visit.facts.days) {
        (labels.from, labels.until) = (Some(days.from), Some(days.until));
    }
    let named = group.named.iter().flat_map(|place| &members[*place].resource.sensitivity);
    labels.sensitivity.extend(named.filter_map(|policy| policy.parse().ok()));
    if labels.sensitivity.len() > MAX_SENSITIVITIES {
        return None;
    }
    let content = match anchor.filter(|anchor| anchor.resource_type == "Bundle") {
        Some(document) => Content::Whole(document.json.clone()),
        None => Content::Entries(all.iter().map(|resource| (full_url(resource), resource.json.clone())).collect()),
    };
    Some(Record {
        key: secret.derive("aegle:import:key:v1", &digests.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>()),
        identity: identity(group, &care, anchor, visit, secret),
        kind: group.kind,
        description: describe(group, &care, &all, anchor, visit, members),
        labels,
        resources: all.iter().map(|resource| resource.parts().count()).sum(),
        content,
    })
}

/// The first of those it was found by.
fn full_url(resource: &Resource) -> Option<Box<str>> {
    resource.found.iter().filter_map(|(_, url)| url.as_ref()).min().cloned()
}

fn identity(
    group: &Group,
    care: &[&Resource],
    anchor: Option<&Resource>,
    visit: Option<&Resource>,
    secret: &Secret,
) -> [u8; 32] {
    let mut parts = vec![group.kind.name().to_owned()];
    match anchor.or(visit) {
        Some(about) => {
            let name = about.facts.id.clone().or_else(|| full_url(about).map(Into::into));
            parts.push(about.resource_type.to_owned());
            parts.push(name.unwrap_or_else(|| hex::encode(about.digest)));
        }
        None => {
            match group.paperwork {
                Some(Paperwork::Year(year)) => parts.push(format!("paperwork {year:?}")),
                _ => {
                    let first = care.first().map(|first| (first.facts.category.as_str(), days(care)));
                    parts.push(format!("{first:?}"));
                }
            }
            parts.extend(
                care.iter()
                    .flat_map(|resource| &resource.sensitivity)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .map(|policy| (*policy).to_owned()),
            );
        }
    }
    secret.derive("aegle:import:identity:v1", &parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

fn parts<'a>(resources: &'a [&Resource]) -> impl Iterator<Item = &'a Resource> {
    // A document says itself what it is, and its entries what is in it.
    resources.iter().flat_map(|resource| std::iter::once(*resource).chain(&resource.entries))
}

fn days(care: &[&Resource]) -> Option<Days> {
    parts(care).filter_map(|part| part.facts.days).reduce(Days::union)
}

fn labels(care: &[&Resource], all: &[&Resource], anchor: Option<&Resource>, secret: &Secret) -> Option<Labels> {
    // A document's own people and places are no care either.
    let told = || parts(care).filter(|part| !matches!(part.facts.role, Role::Support));
    let days = days(care);
    let study =
        anchor.filter(|anchor| anchor.facts.role == Role::Study).and_then(|anchor| anchor.facts.study_uid.as_ref());
    let is_whole = anchor.is_some_and(|anchor| anchor.resource_type == "Bundle");
    let categories = told().filter(|part| !(is_whole && part.facts.role == Role::Patient));
    let labels = Labels {
        kind: LabelsVersion::V1,
        categories: categories.filter_map(|part| part.facts.category.label()).collect(),
        types: told().filter_map(|part| part.resource_type.parse().ok()).collect(),
        from: days.map(|days| days.from),
        until: days.map(|days| days.until),
        study: study.map(|uid| Key(secret.derive("aegle:import:study:v1", &[uid.as_bytes()]))),
        sensitivity: parts(all).flat_map(|part| &part.sensitivity).filter_map(|policy| policy.parse().ok()).collect(),
        author: None,
    };
    let fits = labels.types.len() <= MAX_TYPES && labels.sensitivity.len() <= MAX_SENSITIVITIES;
    (fits && labels.validate().is_ok()).then_some(labels)
}

fn describe(
    group: &Group,
    care: &[&Resource],
    all: &[&Resource],
    anchor: Option<&Resource>,
    visit: Option<&Resource>,
    members: &[Member],
) -> Description {
    let of_anchor = anchor.and_then(|anchor| anchor.facts.title.as_deref());
    let titles: BTreeSet<_> = care.iter().filter_map(|resource| resource.facts.title.as_deref()).collect();
    // A report speaks for its results.
    let reports = || care.iter().filter(|resource| resource.resource_type == "DiagnosticReport");
    let report = reports().next().filter(|_| reports().count() == 1).and_then(|report| report.facts.title.as_deref());
    let only = report.or(titles.first().copied().filter(|_| titles.len() == 1));
    let year = match group.paperwork {
        Some(Paperwork::Year(year)) => year.map(|year| year.to_string()),
        _ => None,
    };
    let only = visit.and_then(|visit| visit.facts.title.as_deref()).or(only).or(year.as_deref());
    let heading = care.first().map_or("", |first| first.facts.category.title());
    let title = match (group.kind, of_anchor) {
        (Kind::Encounter, title) => title.map_or("Visit".to_owned(), |title| format!("Visit: {title}")),
        (Kind::Study, title) => title.map_or("Imaging".to_owned(), |title| format!("Imaging: {title}")),
        (Kind::Document, title) => title.unwrap_or("Document").to_owned(),
        (Kind::Collection, _) => only.map_or(heading.to_owned(), |title| format!("{heading}: {title}")),
    };
    let speaker = anchor.or(care.first().copied());
    let mut authors = care.iter().zip(&group.authors).filter_map(|(part, referred)| author(part, *referred, members));
    let codes: BTreeSet<_> = parts(all).flat_map(|part| &part.facts.codes).collect();
    Description {
        title: short(&title),
        codes: first(codes.into_iter().map(clip)),
        author: authors.next().map(|author| short(&author)),
        issued: speaker.and_then(|speaker| speaker.facts.issued.or(speaker.facts.days)).map(|days| days.until),
    }
}

/// The first author with a name, its own or that of who is referred to.
fn author(resource: &Resource, referred: Option<usize>, members: &[Member]) -> Option<String> {
    let named = resource.facts.authors.iter().find_map(|author| match author {
        Author::Named(name) => Some(name.clone()),
        Author::At(target) => {
            resource.entries.iter().find(|entry| entry.is(target)).and_then(|entry| entry.facts.title.clone())
        }
    });
    named.or_else(|| referred.and_then(|author| members[author].resource.facts.title.clone()))
}

fn short(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TEXT).collect()
}

fn first(codes: impl Iterator<Item = Code>) -> Vec<Code> {
    let mut bytes = 0;
    let fits = |code: &Code| {
        bytes += code.system.len() + code.code.len() + code.display.as_ref().map_or(0, String::len);
        bytes <= MAX_CODE_BYTES
    };
    codes.take(MAX_CODES).take_while(fits).collect()
}

/// Codes are short; whatever is not is cut, as details have a limit.
fn clip(code: &Code) -> Code {
    Code { system: short(&code.system), code: short(&code.code), display: code.display.as_deref().map(short) }
}
