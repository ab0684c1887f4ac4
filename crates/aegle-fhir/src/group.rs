//! Which resources make a record together.
//!
//! A document, a study and an encounter gather what refers to them. Bills stay apart from care: those of
//! an encounter are together, others by year. What remains is put together by category, day and
//! sensitivity. Every choice depends on the resources alone, never on their order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{
    category::Category,
    facts::{Author, Role},
    import::Member,
    record::Kind,
    reference::{Index, Names, Target},
    sensitivity::Policy,
};

/// Places of members.
#[derive(Debug)]
pub(crate) struct Group {
    pub kind: Kind,
    /// What the group is about: a document, a study or an encounter.
    pub anchor: Option<usize>,
    /// Of what bills and insurance are, where the group is that.
    pub paperwork: Option<Paperwork>,
    /// Sorted by type and digest, the anchor first.
    pub care: Vec<usize>,
    /// What care refers to: practitioners, organizations, medications. Others may carry them as well.
    pub support: Vec<usize>,
    /// Who wrote each of `care`, where that is a resource with a name.
    pub authors: Vec<Option<usize>>,
    /// Care that bills name, without carrying it: its sensitivity is theirs.
    pub named: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Paperwork {
    /// The encounter, by its place, that was billed.
    Encounter(usize),
    Year(Option<i16>),
}

impl Group {
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.care.iter().chain(&self.support).copied()
    }
}

/// Sorts before use: an anchor by its digest, the rest by what they have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Anchor([u8; 32], usize),
    Bills([u8; 32], usize),
    Paperwork(Option<i16>, BTreeSet<Policy>),
    Common(Category, Option<(Date, Date)>, BTreeSet<Policy>),
}

pub(crate) fn group(members: &[Member]) -> Vec<Group> {
    let grouping = Grouping::new(members);
    let mut groups = BTreeMap::<Key, Vec<usize>>::new();
    for (place, key) in grouping.keys().into_iter().enumerate() {
        if let Some(key) = key {
            groups.entry(key).or_default().push(place);
        }
    }
    let make = |(key, mut care): (Key, Vec<usize>)| {
        let anchor = match key {
            Key::Anchor(_, place) => Some(place),
            Key::Bills(..) | Key::Paperwork(..) | Key::Common(..) => None,
        };
        let paperwork = match key {
            Key::Bills(_, place) => Some(Paperwork::Encounter(place)),
            Key::Paperwork(year, _) => Some(Paperwork::Year(year)),
            Key::Anchor(..) | Key::Common(..) => None,
        };
        care.sort_by_key(|place| (Some(*place) != anchor, grouping.order(*place)));
        let kind = anchor.map_or(Kind::Collection, |place| match members[place].resource.facts.role {
            Role::Encounter => Kind::Encounter,
            Role::Study => Kind::Study,
            _ => Kind::Document,
        });
        let support = grouping.support(&care);
        let authors = care.iter().map(|place| grouping.author(*place)).collect();
        let named = care.iter().flat_map(|place| grouping.billed(*place)).collect();
        Group { kind, anchor, paperwork, care, support, authors, named }
    };
    groups.into_iter().map(make).collect()
}

struct Grouping<'a> {
    members: &'a [Member],
    index: Index,
    /// Whom each belongs together with, both ways.
    kin: Vec<BTreeSet<usize>>,
}

impl<'a> Grouping<'a> {
    fn new(members: &'a [Member]) -> Self {
        let mut index = Index::default();
        for (place, Member { resource, .. }) in members.iter().enumerate() {
            for (scope, full_url) in &resource.found {
                let names = Names {
                    scope: *scope,
                    full_url: full_url.as_deref(),
                    resource_type: resource.resource_type,
                    id: resource.facts.id.as_deref(),
                    identifiers: &resource.facts.identifiers,
                };
                index.add(&names, place);
            }
        }
        let mut grouping = Self { members, index, kin: vec![BTreeSet::new(); members.len()] };
        for (place, member) in members.iter().enumerate() {
            for other in grouping.resolve(place, &member.resource.facts.kin) {
                grouping.kin[place].insert(other);
                grouping.kin[other].insert(place);
            }
        }
        grouping
    }

    fn resolve(&self, from: usize, targets: &[Target]) -> BTreeSet<usize> {
        let resource = &self.members[from].resource;
        let found = targets
            .iter()
            .flat_map(|target| resource.scopes().flat_map(move |scope| self.index.resolve(target, scope)));
        found.filter(|to| *to != from).collect()
    }

    fn role(&self, place: usize) -> Role {
        self.members[place].resource.facts.role
    }

    fn category(&self, place: usize) -> Category {
        self.members[place].resource.facts.category
    }

    fn order(&self, place: usize) -> (&'static str, [u8; 32]) {
        let resource = &self.members[place].resource;
        (resource.resource_type, resource.digest)
    }

    fn is_bill(&self, place: usize) -> bool {
        self.category(place) == Category::Financial
    }

    /// The care that a bill names: its encounters, diagnoses and procedures.
    fn billed(&self, place: usize) -> BTreeSet<usize> {
        let refers = if self.is_bill(place) { self.members[place].resource.refers.as_slice() } else { &[] };
        let is_care = |other: &usize| self.members[*other].is_care && self.role(*other) != Role::Patient;
        self.resolve(place, refers).into_iter().filter(is_care).collect()
    }

    fn anchor(&self, place: usize) -> Key {
        Key::Anchor(self.members[place].resource.digest, place)
    }

    /// The encounter that it is part of, and of that one the outermost.
    fn encounter(&self, place: usize) -> Option<usize> {
        let (mut seen, mut found) = (BTreeSet::from([place]), None);
        let mut at = place;
        loop {
            let outer = self.resolve(at, &self.members[at].resource.facts.encounters).into_iter();
            let outer = outer.filter(|outer| self.role(*outer) == Role::Encounter && self.members[*outer].is_care);
            let Some(outer) = outer.min_by_key(|outer| self.order(*outer)) else { return found };
            if !seen.insert(outer) {
                // Encounters that are part of each other: the same of them for all.
                return seen
                    .into_iter()
                    .filter(|place| self.role(*place) == Role::Encounter)
                    .min_by_key(|place| self.order(*place));
            }
            (at, found) = (outer, Some(outer));
        }
    }

    /// The group of each, or none.
    fn keys(&self) -> Vec<Option<Key>> {
        let mut keys = vec![None; self.members.len()];
        for (place, member) in self.members.iter().enumerate() {
            if !member.is_care {
                continue;
            }
            let is_study = |other: &&usize| self.role(**other) == Role::Study;
            keys[place] = match self.role(place) {
                Role::Study => Some(self.anchor(place)),
                Role::Encounter | Role::Document => Some(self.anchor(self.encounter(place).unwrap_or(place))),
                // A bill is not needed to treat, and a visit is not shared with whoever may see bills: they
                // are a record of their own beside the visit's.
                Role::Other if self.is_bill(place) => self.encounter(place).map(|encounter| {
                    let resource = &self.members[encounter].resource;
                    Key::Bills(resource.digest, encounter)
                }),
                Role::Other => {
                    let studies = self.kin[place].iter().filter(is_study);
                    let study = studies.min_by_key(|study| self.order(**study)).copied();
                    study.or_else(|| self.encounter(place)).map(|anchor| self.anchor(anchor))
                }
                Role::Patient | Role::Support => None,
            };
        }
        self.follow(&mut keys);
        // A report goes by its own category and day and its results follow it; so do answers to a claim or an
        // appointment.
        for (place, member) in self.members.iter().enumerate() {
            let leads = matches!(member.resource.resource_type, "Appointment" | "DiagnosticReport" | "Claim");
            if keys[place].is_none() && member.is_care && leads {
                let kin = self.kin[place].iter().filter(|other| keys[**other].is_none());
                let sensitivity = kin.flat_map(|other| self.members[*other].resource.sensitivity.iter().copied());
                keys[place] = Some(self.common(place, sensitivity.collect()));
            }
        }
        self.follow(&mut keys);
        for (place, member) in self.members.iter().enumerate() {
            if keys[place].is_none() && member.is_care {
                keys[place] = Some(self.common(place, BTreeSet::new()));
            }
        }
        self.follow(&mut keys);
        keys
    }

    fn common(&self, place: usize, mut sensitivity: BTreeSet<Policy>) -> Key {
        let resource = &self.members[place].resource;
        sensitivity.extend(&resource.sensitivity);
        if self.is_bill(place) {
            sensitivity.extend(self.billed(place).iter().flat_map(|care| &self.members[*care].resource.sensitivity));
            return Key::Paperwork(resource.facts.days.map(|days| days.from.year()), sensitivity);
        }
        let days = resource.facts.days.map(|days| (days.from, days.until));
        Key::Common(resource.facts.category, days, sensitivity)
    }

    /// Whoever has no group yet joins that of its kin, the first of several; kin of kin in the next round.
    fn follow(&self, keys: &mut [Option<Key>]) {
        loop {
            let joins = |place: usize| {
                if keys[place].is_some() || self.role(place) == Role::Patient {
                    return None;
                }
                let kin = self.kin[place].iter().filter(|other| self.is_bill(place) == self.is_bill(**other));
                kin.filter_map(|other| keys[*other].clone()).min()
            };
            let joined: Vec<_> = (0..keys.len()).filter_map(|place| Some((place, joins(place)?))).collect();
            if joined.is_empty() {
                return;
            }
            for (place, key) in joined {
                keys[place] = Some(key);
            }
        }
    }

    fn author(&self, place: usize) -> Option<usize> {
        let authors = self.members[place].resource.facts.authors.iter().filter_map(|author| match author {
            Author::At(target) => Some(target.clone()),
            Author::Named(_) => None,
        });
        let found = self.resolve(place, &authors.collect::<Vec<_>>()).into_iter();
        let named = found.filter(|author| self.members[*author].resource.facts.title.is_some());
        named.min_by_key(|author| self.order(*author))
    }

    /// All that care refers to and that is about nobody, and what that refers to in turn.
    fn support(&self, care: &[usize]) -> Vec<usize> {
        let (mut found, mut open) = (BTreeSet::new(), care.to_vec());
        let care: BTreeSet<_> = care.iter().collect();
        while let Some(place) = open.pop() {
            for to in self.resolve(place, &self.members[place].resource.refers) {
                if !self.members[to].is_care && !care.contains(&to) && found.insert(to) {
                    open.push(to);
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|place| self.order(*place));
        found
    }
}
