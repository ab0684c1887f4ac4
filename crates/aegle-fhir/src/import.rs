//! From the input to records: whom it is about, what of it is the chosen patient's, and what becomes of
//! the rest.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
};

use crate::{
    group,
    patients::{About, Patients, Sighting},
    problem::{Problem, Reason, Report},
    record::{self, Record},
    reference::Scope,
    resource::Resource,
    secret::Secret,
    sensitivity::Policy,
    source::{Found, Progress, Source, SourceError},
};

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("no patient was chosen of those that the input has")]
    NobodyChosen,
}

/// Records of the chosen patients, sorted by their keys, and what became of everything else.
#[derive(Debug)]
pub struct Import {
    pub records: Vec<Record>,
    pub report: Report,
}

/// A resource with whether it is about a chosen patient, or about nobody.
pub(crate) struct Member {
    pub resource: Resource,
    pub is_care: bool,
}

impl Source {
    /// Whom the input is about. Reads all of it, and keeps only that.
    ///
    /// # Errors
    /// A file or folder that the caller named does not open. Whatever else is wrong, `import` reports.
    pub fn patients(&self, progress: &mut dyn FnMut(Progress)) -> Result<Patients, SourceError> {
        let mut sightings = Vec::new();
        let mut take = |found: Found<'_>| {
            let Found::Resource(raw) = found else { return };
            if matches!(raw.resource_type, "Patient" | "Bundle") {
                sightings.extend(Resource::read(&raw).iter().flat_map(Sighting::of));
            }
        };
        self.read(&mut take, progress)?;
        Ok(Patients::new(&sightings))
    }

    /// Makes records of what the input has on the patients chosen, by their places in the list: usually
    /// one, several where sources that do not know each other mean the same person.
    ///
    /// Holds the chosen patients' resources in memory, and those that are about nobody. The same
    /// resources give the same records in whatever files and order they come.
    ///
    /// # Errors
    /// Nobody chosen; a file or folder that the caller named does not open.
    pub fn import(
        &self,
        patients: &Patients,
        chosen: &BTreeSet<usize>,
        secret: &Secret,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Import, ImportError> {
        if !chosen.iter().any(|place| *place < patients.list().len()) {
            return Err(ImportError::NobodyChosen);
        }
        let mut loader =
            Loader { patients, chosen, report: Report::default(), members: Vec::new(), known: HashMap::new() };
        let files = self.read(&mut |found| loader.take(found), progress)?;
        let Loader { mut report, members, .. } = loader;
        (report.files, report.other_files) = (files.read, files.other);
        count_conflicts(&members, &mut report);

        let grouping = group::group(&members);
        let mut records = BTreeMap::new();
        let mut mapped = BTreeSet::new();
        for group in &grouping {
            match record::of(group, &members, secret) {
                Some(record) => {
                    mapped.extend(group.all());
                    records.insert(record.key, record);
                }
                None => {
                    for place in &group.care {
                        report.skip(problem(&members[*place].resource, Reason::TooManyLabels));
                    }
                    mapped.extend(&group.care);
                }
            }
        }
        for (place, member) in members.iter().enumerate() {
            if mapped.contains(&place) {
                member.resource.parts().for_each(|part| report.map(part.resource_type, part.invalid));
            } else {
                report.skip(problem(&member.resource, Reason::Unreferenced));
            }
        }
        report.problems.sort();
        Ok(Import { records: records.into_values().collect(), report })
    }
}

fn problem(resource: &Resource, reason: Reason) -> Problem {
    Problem { at: resource.at.clone(), resource_type: Some(resource.resource_type), reason }
}

fn count_conflicts(members: &[Member], report: &mut Report) {
    let mut ids = BTreeMap::<_, u64>::new();
    for Member { resource, .. } in members {
        if let Some(id) = &resource.facts.id {
            *ids.entry((resource.resource_type, id)).or_default() += 1;
        }
    }
    for ((resource_type, _), count) in ids {
        if count > 1 {
            *report.conflicting.entry(resource_type).or_default() += count;
        }
    }
}

struct Loader<'a> {
    patients: &'a Patients,
    chosen: &'a BTreeSet<usize>,
    report: Report,
    members: Vec<Member>,
    /// By the digest of the bytes.
    known: HashMap<[u8; 32], usize>,
}

impl Loader<'_> {
    fn take(&mut self, found: Found<'_>) {
        let raw = match found {
            Found::Resource(raw) => raw,
            Found::Skipped(problem) => return self.report.skip(problem),
            Found::Labelled(scopes, policies) => return self.label(&scopes, &policies),
        };
        let resource = match Resource::read(&raw) {
            Ok(resource) => resource,
            Err((resource_type, reason)) => {
                self.report.read += 1;
                return self.report.skip(Problem { at: raw.at, resource_type, reason });
            }
        };
        self.report.read += resource.parts().count() as u64;
        let is_care = match self.patients.of(&resource) {
            About::Patient(patient) if self.chosen.contains(&patient) => true,
            About::Patient(_) => return self.skip(&resource, Reason::OtherPatient),
            About::Several => return self.skip(&resource, Reason::AmbiguousPatient),
            About::Unknown => return self.skip(&resource, Reason::UnknownPatient),
            About::Nobody => false,
        };
        if let Some(place) = self.known.get(&resource.digest).copied() {
            self.skip(&resource, Reason::Duplicate);
            if let Some(member) = self.members.get_mut(place) {
                member.resource.found.extend(resource.found);
                member.resource.sensitivity.extend(resource.sensitivity);
                member.is_care |= is_care;
            }
            return;
        }
        self.known.insert(resource.digest, self.members.len());
        self.members.push(Member { resource, is_care });
    }

    fn label(&mut self, scopes: &RangeInclusive<Scope>, policies: &[Policy]) {
        let labelled =
            self.members.iter_mut().filter(|member| member.resource.scopes().any(|scope| scopes.contains(&scope)));
        labelled.for_each(|member| member.resource.sensitivity.extend(policies));
    }

    fn skip(&mut self, resource: &Resource, reason: Reason) {
        for part in resource.parts() {
            self.report.skip(problem(part, reason));
        }
    }
}
