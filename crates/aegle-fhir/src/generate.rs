//! Generated patients whose records look like real care, for demonstrations and measurements.
//!
//! The same seed gives the same bytes. The people have names that nobody has, and every resource says
//! that it is test data (`HTEST`).

mod catalogue;
mod people;
mod resources;
mod values;
mod visits;

use fhirkit::{
    r4::{Bundle, BundleEntry, BundleEntryRequest, Resource},
    to_json,
};
use jiff::{ToSpan, civil::Date};
use people::Person;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    pub seed: u64,
    /// The patient's, in the name `Test Patient 1`.
    pub number: u32,
    /// The last encounter is at most four weeks before this day.
    pub today: Date,
    /// At least four: one is psychiatric, one has imaging, one is a stay in hospital.
    pub encounters: u32,
}

/// Files as a hospital's system would give them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// A transaction Bundle with everything but the document.
    pub transaction: String,
    /// The same as given out later: the laboratory has corrected a result of each of the last two visits
    /// that have any.
    pub corrected: String,
    /// A document Bundle: the discharge summary of the stay in hospital.
    pub document: String,
}

/// Visits of which a result is corrected later.
const CORRECTED: usize = 2;
/// Days between encounters.
const INTERVAL: i64 = 84;

/// Generates one patient's records.
pub fn generate(generator: &Generator) -> Generated {
    let encounters = generator.encounters.max(4);
    let days_before = |days: i64| generator.today.checked_sub(days.days()).unwrap_or(Date::MIN);
    let first = days_before(i64::from(encounters) * INTERVAL);
    let mut scene = Scene::new(generator, first);
    scene.history(first);
    for index in 0..encounters {
        let day = days_before(i64::from(encounters - 1 - index) * INTERVAL + scene.rng.gen_range(0..28));
        match index {
            0 => scene.first_visit(day),
            1 => scene.psychiatric_visit(day),
            2 => scene.imaging_visit(day),
            3 => scene.hospital_stay(day),
            _ => scene.check_up(day, index % 3 == 1),
        }
    }
    scene.finish()
}

/// Resources so far, each with its full URL.
struct Scene {
    rng: ChaCha20Rng,
    today: Date,
    entries: Vec<(String, Resource)>,
    document: Vec<(String, Resource)>,
    /// Full URLs of a visit, of a result there that may be corrected, and of its report.
    results: Vec<(String, String, String)>,
    person: Person,
    patient: String,
    practitioner: String,
    psychiatrist: String,
    organization: String,
}

impl Scene {
    fn new(generator: &Generator, first: Date) -> Self {
        let mut scene = Self {
            rng: ChaCha20Rng::seed_from_u64(generator.seed),
            today: generator.today,
            entries: Vec::new(),
            document: Vec::new(),
            results: Vec::new(),
            person: Person::default(),
            patient: String::new(),
            practitioner: String::new(),
            psychiatrist: String::new(),
            organization: String::new(),
        };
        scene.people(generator, first);
        scene
    }

    /// A random UUID.
    fn id(&mut self) -> String {
        let mut bytes: [u8; 16] = self.rng.r#gen();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex::encode(bytes);
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// Takes a resource with the id it has; returns what others refer to it by.
    fn add(&mut self, id: &str, resource: Resource) -> String {
        let url = format!("urn:uuid:{id}");
        self.entries.push((url.clone(), resource));
        url
    }

    /// Resources as they are once results have been corrected.
    fn corrected(&self) -> Vec<(String, Resource)> {
        let mut entries = self.entries.clone();
        // The first result of a visit.
        let mut results: Vec<_> = self.results.iter().collect();
        results.dedup_by_key(|(visit, ..)| visit);
        for (_, result, report) in results.into_iter().rev().take(CORRECTED) {
            for (url, resource) in &mut entries {
                match resource {
                    Resource::Observation(observation) if url == result => resources::correct(observation),
                    Resource::DiagnosticReport(found) if url == report => found.status = values::some("corrected"),
                    _ => {}
                }
            }
        }
        entries
    }

    fn finish(self) -> Generated {
        let entry = |(full_url, resource): (String, Resource), request: bool| BundleEntry {
            full_url: Some(full_url.into()),
            request: request.then(|| BundleEntryRequest {
                method: Some("POST".into()),
                url: Some(resource.resource_type().into()),
                ..Default::default()
            }),
            resource: Some(resource),
            ..Default::default()
        };
        let transaction = |entries: Vec<(String, Resource)>| Bundle {
            type_: Some("transaction".into()),
            entry: entries.into_iter().map(|found| entry(found, true)).collect(),
            ..Default::default()
        };
        let corrected = to_json(&transaction(self.corrected()));
        let transaction = to_json(&transaction(self.entries));
        let id =
            self.document.first().and_then(|(url, _)| url.strip_prefix("urn:uuid:")).unwrap_or_default().to_owned();
        let timestamp = self.document.first().and_then(|(_, resource)| match resource {
            Resource::Composition(composition) => composition.date.clone(),
            _ => None,
        });
        let document = Bundle {
            identifier: Some(values::identifier("urn:ietf:rfc:3986", &format!("urn:uuid:{id}"))),
            type_: Some("document".into()),
            timestamp,
            entry: self.document.into_iter().map(|found| entry(found, false)).collect(),
            ..Default::default()
        };
        Generated { transaction, corrected, document: to_json(&document) }
    }
}
