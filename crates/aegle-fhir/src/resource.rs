//! One resource, read: its bytes as they were, and what they say.

use std::{collections::BTreeSet, sync::Arc};

use fhirkit::{
    Json, Severity,
    r4::{self, Resource as Model},
};
use sha2::{Digest, Sha256};

use crate::{
    category::Category,
    facts::{self, Facts, Role},
    limits,
    problem::{Position, Reason},
    reference::{Scope, Target},
    sensitivity::{self, Policy},
    source::Raw,
};

#[derive(Debug)]
pub(crate) struct Resource {
    pub at: Position,
    pub resource_type: &'static str,
    /// Verbatim.
    pub json: Arc<str>,
    /// SHA-256 of the verbatim bytes.
    pub digest: [u8; 32],
    /// Every place where these bytes were found, and what they are called there.
    pub found: BTreeSet<(Scope, Option<Box<str>>)>,
    pub facts: Facts,
    /// All references in it, and where they are resolved from.
    pub refers: Vec<Target>,
    pub sensitivity: BTreeSet<Policy>,
    /// It has what R4 does not allow.
    pub invalid: bool,
    /// The entries of a document Bundle; the Bundle itself is what is kept.
    pub entries: Vec<Resource>,
}

impl Resource {
    /// # Errors
    /// With the type, as far as that is known.
    pub fn read(raw: &Raw<'_>) -> Result<Self, (Option<&'static str>, Reason)> {
        if !limits::is_simple(raw.json) {
            return Err((None, Reason::TooComplex));
        }
        let json = Json::parse(raw.json)
            .map_err(|error| (None, Reason::NotJson { line: error.line, column: error.column }))?;
        Self::of(&json, raw.json, raw).unwrap_or(Err((None, Reason::UnknownType)))
    }

    fn of(json: &Json, text: &str, raw: &Raw<'_>) -> Option<Result<Self, (Option<&'static str>, Reason)>> {
        if has_many_members(json) {
            return Some(Err((None, Reason::TooComplex)));
        }
        let mut refers = Vec::new();
        references(json, &mut refers);
        let (model, issues) = fhirkit::decode_json::<Model>(json);
        let model = model?;
        let resource_type = model.resource_type();
        let mut sensitivity = sensitivity::find(json);
        sensitivity.extend(raw.inherited);
        let (facts, entries) = match &model {
            Model::Bundle(bundle) => {
                let entries = document_entries(json, raw);
                (document(bundle, &entries), entries)
            }
            model => match facts::facts(model) {
                Some(facts) => (facts, Vec::new()),
                None => return Some(Err((Some(resource_type), Reason::UnknownType))),
            },
        };
        Some(Ok(Self {
            at: raw.at.clone(),
            resource_type,
            json: text.into(),
            digest: Sha256::digest(text.as_bytes()).into(),
            found: BTreeSet::from([(raw.scope, raw.full_url.map(Into::into))]),
            facts,
            refers,
            sensitivity,
            invalid: issues.iter().any(|issue| issue.severity == Severity::Error),
            entries,
        }))
    }

    /// The scope that its references are resolved from: any of those where its bytes were found.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.found.iter().map(|(scope, _)| *scope)
    }

    /// Whether the target names it, within its Bundle.
    pub fn is(&self, target: &Target) -> bool {
        let url = |url: &str| self.found.iter().any(|(_, found)| found.as_deref() == Some(url));
        let typed = |name: &str, id: &str| name == self.resource_type && self.facts.id.as_deref() == Some(id);
        match target {
            Target::Url(literal, named) => url(literal) || named.as_ref().is_some_and(|(name, id)| typed(name, id)),
            Target::Relative(name, id) => typed(name, id),
            Target::Identified(..) => false,
        }
    }

    /// Itself, or what is in it.
    pub fn parts(&self) -> impl Iterator<Item = &Resource> {
        std::iter::once(self).filter(|_| self.entries.is_empty()).chain(&self.entries)
    }
}

/// Entries of a document that can be read. It is kept whole, whatever becomes of them.
fn document_entries(json: &Json, raw: &Raw<'_>) -> Vec<Resource> {
    let Some(Json::Array(entries)) = json.get("entry") else { return Vec::new() };
    let read = |(index, entry): (usize, &Json)| {
        let resource = entry.get("resource")?;
        if resource.get("resourceType").and_then(Json::as_str) == Some("Bundle") {
            return None;
        }
        let at = Position { entry: Some(index as u64), ..raw.at.clone() };
        let full_url = entry.get("fullUrl").and_then(Json::as_str);
        let inside = Raw { at, scope: raw.scope, full_url, resource_type: "", inherited: &[], json: "" };
        Resource::of(resource, "", &inside)?.ok()
    };
    entries.iter().enumerate().filter_map(read).collect()
}

/// A document is known by its first entry, a Composition.
fn document(bundle: &r4::Bundle, entries: &[Resource]) -> Facts {
    let composition = bundle.entry.iter().find_map(|entry| match entry.resource.as_ref() {
        Some(Model::Composition(composition)) => Some(composition),
        _ => None,
    });
    let facts = composition.and_then(|composition| facts::facts(&Model::Composition(composition.clone())));
    let mut facts = facts.unwrap_or_else(|| Facts::new(Role::Document, Category::Document, &bundle.id));
    facts.id = bundle.id.clone();
    // The document stands by itself.
    facts.encounters.clear();
    facts.kin.clear();
    if facts.subjects.is_empty() {
        let patient = entries.iter().find(|entry| entry.facts.role == Role::Patient);
        facts.subjects = patient
            .and_then(|patient| patient.facts.id.clone())
            .map_or_else(Vec::new, |id| vec![Target::Relative("Patient".to_owned(), id)]);
    }
    facts
}

fn has_many_members(json: &Json) -> bool {
    match json {
        Json::Array(items) => items.iter().any(has_many_members),
        Json::Object(members) => {
            members.len() > limits::MAX_MEMBERS || members.iter().any(|(_, value)| has_many_members(value))
        }
        _ => false,
    }
}

fn references(json: &Json, found: &mut Vec<Target>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        Json::Object(members) => members.iter().for_each(|(key, value)| match value {
            Json::String(literal) if key == "reference" => found.extend(Target::read(literal)),
            // Of attachments.
            Json::String(literal) if key == "url" && literal.contains("Binary/") => found.extend(Target::read(literal)),
            value => references(value, found),
        }),
        _ => {}
    }
}
