//! Whom the input is about.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    facts::Role,
    reference::{Index, Names, Scope, Target},
    resource::Resource,
};

/// A patient that the input has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The logical id, or where there is none, the full URL.
    pub id: String,
    /// For the person who chooses; as sensitive as the rest.
    pub name: Option<String>,
    pub birth_date: Option<String>,
}

/// All patients of the input, in an order that depends on nothing but them.
#[derive(Default)]
pub struct Patients {
    pub(crate) list: Vec<Patient>,
    index: Index,
}

/// Who a resource is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Patient(usize),
    Several,
    Unknown,
    /// It does not say, or it is about a group, a place or a device.
    Nobody,
}

/// Patients with the same of all three are the same: one id alone may be two people's in two hospitals.
type Identity = (String, Option<String>, Option<String>);

/// One place where a patient was found.
pub(crate) struct Sighting {
    identity: Identity,
    scope: Scope,
    full_url: Option<Box<str>>,
    id: Option<String>,
    identifiers: Vec<(String, String)>,
}

impl Sighting {
    pub fn of(resource: &Resource) -> Vec<Self> {
        let patients = resource.parts().filter(|part| part.facts.role == Role::Patient);
        let sightings = patients.flat_map(|patient| {
            patient.found.iter().map(|(scope, full_url)| {
                let url = || full_url.as_deref().map(ToOwned::to_owned);
                let id = patient.facts.id.clone().or_else(url).unwrap_or_default();
                Self {
                    identity: (id, patient.facts.birth_date.clone(), patient.facts.title.clone()),
                    scope: *scope,
                    full_url: full_url.clone(),
                    id: patient.facts.id.clone(),
                    identifiers: patient.facts.identifiers.clone(),
                }
            })
        });
        sightings.collect()
    }
}

impl Patients {
    pub(crate) fn new(sightings: &[Sighting]) -> Self {
        let identities: BTreeSet<_> = sightings.iter().map(|sighting| &sighting.identity).collect();
        let places: BTreeMap<_, _> =
            identities.iter().enumerate().map(|(place, identity)| (*identity, place)).collect();
        let mut index = Index::default();
        for Sighting { identity, scope, full_url, id, identifiers } in sightings {
            let names = Names {
                scope: *scope,
                full_url: full_url.as_deref(),
                resource_type: "Patient",
                id: id.as_deref(),
                identifiers,
            };
            if let Some(place) = places.get(identity) {
                index.add(&names, *place);
            }
        }
        let list = identities.into_iter().cloned();
        let list = list.map(|(id, birth_date, name)| Patient { id, name, birth_date }).collect();
        Self { list, index }
    }

    pub fn list(&self) -> &[Patient] {
        &self.list
    }

    /// Whom the resource is about. A patient is about itself.
    pub(crate) fn of(&self, resource: &Resource) -> About {
        let facts = &resource.facts;
        let itself = (facts.role == Role::Patient).then(|| {
            let full_url = resource.found.iter().find_map(|(_, url)| url.clone());
            match (&facts.id, full_url) {
                (Some(id), _) => Some(Target::Relative("Patient".to_owned(), id.clone())),
                (None, url) => url.and_then(|url| Target::read(&url)),
            }
        });
        let subjects = || itself.iter().flatten().chain(&facts.subjects).filter(|target| target.may_be("Patient"));
        if subjects().next().is_none() {
            return About::Nobody;
        }
        let found: BTreeSet<_> = subjects()
            .flat_map(|target| resource.scopes().map(move |scope| self.index.resolve(target, scope)))
            .flatten()
            .collect();
        match found.len() {
            0 => About::Unknown,
            1 => found.first().map_or(About::Unknown, |patient| About::Patient(*patient)),
            _ => self.by_identity(resource, &found).map_or(About::Several, About::Patient),
        }
    }

    /// A patient resource says itself which of several it is.
    fn by_identity(&self, resource: &Resource, found: &BTreeSet<usize>) -> Option<usize> {
        let identity = (resource.facts.role == Role::Patient).then(|| Sighting::of(resource))?.pop()?.identity;
        found.iter().copied().find(|place| {
            let patient = self.list.get(*place);
            patient.is_some_and(|patient| {
                (&patient.id, &patient.birth_date, &patient.name) == (&identity.0, &identity.1, &identity.2)
            })
        })
    }
}
