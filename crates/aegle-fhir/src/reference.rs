//! FHIR references in all their forms, and the index that resolves them.

use std::collections::{BTreeSet, HashMap};

use fhirkit::r4::Reference;

use crate::facts::text;

/// What a reference points to. One to a resource contained in the same resource points nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// `urn:uuid:…`, `urn:oid:…`, or an address without its version; with the type and id it ends in.
    Url(String, Option<(String, String)>),
    /// `Type/id`.
    Relative(String, String),
    /// By an identifier: conditional (`Type?identifier=system|value`) or logical, of whatever type.
    Identified(Option<String>, String, String),
}

impl Target {
    pub fn of(reference: &Reference) -> Option<Self> {
        match text(&reference.reference) {
            Some(literal) => Self::read(&literal),
            None => {
                let identifier = reference.identifier.as_ref()?;
                let system = text(&identifier.system).unwrap_or_default();
                Some(Self::Identified(text(&reference.type_), system, text(&identifier.value)?))
            }
        }
    }

    pub fn read(literal: &str) -> Option<Self> {
        let literal = literal.trim();
        if literal.is_empty() || literal.starts_with('#') {
            return None;
        }
        if literal.starts_with("urn:") {
            return Some(Self::Url(literal.to_owned(), None));
        }
        if let Some((path, query)) = literal.split_once('?') {
            let query = query.split('&').find_map(|part| part.strip_prefix("identifier="))?;
            let query = query.replace("%7C", "|").replace("%7c", "|");
            let (system, value) = query.split_once('|').unwrap_or(("", &query));
            let name = path.rsplit('/').next().unwrap_or(path);
            return (!value.is_empty()).then(|| Self::Identified(Some(name.into()), system.into(), value.into()));
        }
        let plain = literal.split(['#']).next().unwrap_or(literal);
        let plain = plain.split_once("/_history/").map_or(plain, |(before, _)| before).trim_end_matches('/');
        let mut parts = plain.rsplit('/');
        let (id, name) = (parts.next()?, parts.next());
        let typed = name.filter(|name| is_type(name) && !id.is_empty()).map(|name| (name.to_owned(), id.to_owned()));
        if plain.contains("://") {
            return Some(Self::Url(plain.to_owned(), typed));
        }
        typed.map(|(name, id)| Self::Relative(name, id))
    }

    /// Whether it can point to a resource of this type: most forms say of which they are.
    pub fn may_be(&self, resource_type: &str) -> bool {
        match self {
            Self::Url(_, Some((name, _))) | Self::Relative(name, _) | Self::Identified(Some(name), ..) => {
                name == resource_type
            }
            Self::Url(_, None) | Self::Identified(None, ..) => true,
        }
    }
}

fn is_type(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Where a resource was found: a Bundle of its own, or whatever lies outside of Bundles.
pub(crate) type Scope = u32;

/// A resource's names in one place it was found.
pub(crate) struct Names<'a> {
    pub scope: Scope,
    pub full_url: Option<&'a str>,
    pub resource_type: &'a str,
    pub id: Option<&'a str>,
    pub identifiers: &'a [(String, String)],
}

/// Resolves references, within the Bundle they are in first.
#[derive(Default)]
pub(crate) struct Index {
    by_name: HashMap<String, Vec<(Scope, usize)>>,
}

impl Index {
    pub fn add(&mut self, names: &Names<'_>, value: usize) {
        let mut add = |name| self.by_name.entry(name).or_default().push((names.scope, value));
        if let Some(url) = names.full_url {
            add(url_name(url));
        }
        if let Some(id) = names.id {
            add(relative_name(names.resource_type, id));
        }
        // The type's name in a fullUrl is a name too, also where the resource itself has no id.
        if let Some(Target::Url(_, Some((name, id)))) = names.full_url.and_then(Target::read)
            && names.id != Some(id.as_str())
        {
            add(relative_name(&name, &id));
        }
        for (system, value) in names.identifiers {
            add(identifier_name(Some(names.resource_type), system, value));
            add(identifier_name(None, system, value));
        }
    }

    /// What the target names: in its own Bundle, and only where that has none, anywhere.
    pub fn resolve(&self, target: &Target, scope: Scope) -> BTreeSet<usize> {
        let found = |name: String| {
            let all = self.by_name.get(&name).map(Vec::as_slice).unwrap_or_default();
            let near: BTreeSet<_> = all.iter().filter(|(at, _)| *at == scope).map(|(_, value)| *value).collect();
            if near.is_empty() { all.iter().map(|(_, value)| *value).collect() } else { near }
        };
        match target {
            Target::Url(url, typed) => {
                let exact = found(url_name(url));
                match typed {
                    Some((name, id)) if exact.is_empty() => found(relative_name(name, id)),
                    _ => exact,
                }
            }
            Target::Relative(name, id) => found(relative_name(name, id)),
            Target::Identified(name, system, value) => found(identifier_name(name.as_deref(), system, value)),
        }
    }
}

fn url_name(url: &str) -> String {
    let plain = url.split_once("/_history/").map_or(url, |(before, _)| before).trim_end_matches('/');
    format!("u {plain}")
}

fn relative_name(resource_type: &str, id: &str) -> String {
    format!("r {resource_type}/{id}")
}

fn identifier_name(resource_type: Option<&str>, system: &str, value: &str) -> String {
    format!("i {}?{system}|{value}", resource_type.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_reference_is_read() {
        let relative = |name: &str, id: &str| Some(Target::Relative(name.into(), id.into()));
        assert_eq!(Target::read("Patient/1"), relative("Patient", "1"));
        assert_eq!(Target::read("Patient/1/_history/2"), relative("Patient", "1"));
        assert_eq!(
            Target::read("http://example.org/fhir/Patient/1/_history/7"),
            Some(Target::Url("http://example.org/fhir/Patient/1".into(), Some(("Patient".into(), "1".into()))))
        );
        assert_eq!(Target::read("urn:uuid:a"), Some(Target::Url("urn:uuid:a".into(), None)));
        assert_eq!(
            Target::read("Practitioner?identifier=http://example.org|7"),
            Some(Target::Identified(Some("Practitioner".into()), "http://example.org".into(), "7".into()))
        );
        assert_eq!(
            Target::read("Patient?identifier=7"),
            Some(Target::Identified(Some("Patient".into()), "".into(), "7".into()))
        );
        for nothing in ["", "#contained", "Patient", "/", "patient/1", "Patient?name=x", "Patient?identifier=a|"] {
            assert_eq!(Target::read(nothing), None, "{nothing}");
        }
    }
}
