//! What patients allow whom, and by which policies.

use std::collections::BTreeSet;

use aegle_client::state::{ALL_ACTIONS, ALL_PURPOSES, Action, Purpose};
use aegle_decision::{Base, Key, Policy, PolicyVersion, Rule, Sensitivity};
use jiff::{ToSpan, civil::Date};

use super::provider::Role;

/// To whom: a provider, or a relative, whom the patient alone vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grantee {
    Provider(Role),
    Relative,
}

/// One kind of consent.
pub struct Kind {
    pub grantee: Grantee,
    /// The one that the grantee reads for.
    pub purpose: Purpose,
    pub purposes: u16,
    pub actions: u8,
    opens: fn(&Wishes) -> Policy,
}

/// What a patient's policies go by.
pub struct Wishes {
    pub today: Date,
    /// A record that the family doctor is not to see.
    pub exception: Key,
    /// Every sensitivity that a record is labelled with.
    pub sensitivities: BTreeSet<Sensitivity>,
}

impl Kind {
    const fn new(grantee: Grantee, purpose: Purpose, actions: u8, opens: fn(&Wishes) -> Policy) -> Self {
        Self { grantee, purpose, purposes: purpose as u16, actions, opens }
    }

    pub fn policy(&self, wishes: &Wishes) -> Policy {
        (self.opens)(wishes)
    }
}

const READ: u8 = Action::Read as u8;

/// For treatment; in turn with the others.
pub const TREATMENT: &Kind = &KINDS[0];

pub const KINDS: [Kind; 10] = [
    Kind::new(Grantee::Provider(Role::FamilyDoctor), Purpose::Treatment, READ, |wishes| Policy {
        deny: vec![Rule { records: [wishes.exception].into(), ..Rule::default() }],
        ..based_on(Base::AllNormal)
    }),
    Kind::new(Grantee::Provider(Role::Hospital), Purpose::EmergencyTreatment, READ, |_| based_on(Base::BasicNormal)),
    Kind::new(Grantee::Provider(Role::Insurer), Purpose::Payment, READ, |_| only(&["financial"])),
    Kind::new(Grantee::Provider(Role::Hospital), Purpose::Operations, READ | Action::Export as u8, |wishes| Policy {
        permit: vec![Rule { from: years_before(wishes.today, 1), ..Rule::default() }],
        ..based_on(Base::Deny)
    }),
    Kind::new(Grantee::Provider(Role::Researcher), Purpose::Research, READ | Action::Compute as u8, |wishes| Policy {
        erase_by: wishes.today.checked_add(1.years()).ok(),
        ..only(&["encounter", "laboratory", "vital-signs", "immunization"])
    }),
    Kind::new(Grantee::Provider(Role::Hospital), Purpose::PublicHealth, READ | Action::Compute as u8, |_| {
        only(&["immunization"])
    }),
    Kind::new(Grantee::Relative, Purpose::FamilyRequest, READ | Action::Annotate as u8, |wishes| Policy {
        deny: vec![Rule { until: years_before(wishes.today, 1), ..Rule::default() }],
        ..based_on(Base::BasicNormal)
    }),
    // May add and read nothing.
    Kind::new(Grantee::Relative, Purpose::PatientRequest, Action::Contribute as u8, |_| based_on(Base::Deny)),
    Kind::new(Grantee::Provider(Role::Hospital), Purpose::Marketing, READ, |_| only(&["immunization"])),
    Kind {
        grantee: Grantee::Provider(Role::Psychiatrist),
        purpose: Purpose::Treatment,
        purposes: ALL_PURPOSES,
        actions: ALL_ACTIONS,
        opens: |wishes| Policy { sensitivity: wishes.sensitivities.clone(), ..based_on(Base::AllNormal) },
    },
];

fn based_on(base: Base) -> Policy {
    Policy {
        kind: PolicyVersion::V1,
        base,
        permit: Vec::new(),
        deny: Vec::new(),
        sensitivity: [].into(),
        erase_by: None,
        preview: None,
        recipient: None,
    }
}

/// Records that are of these categories alone.
fn only(categories: &[&str]) -> Policy {
    let categories = categories.iter().filter_map(|name| name.parse().ok()).collect();
    Policy { permit: vec![Rule { categories, ..Rule::default() }], ..based_on(Base::Deny) }
}

fn years_before(today: Date, years: i64) -> Option<Date> {
    today.checked_sub(years.years()).ok()
}
