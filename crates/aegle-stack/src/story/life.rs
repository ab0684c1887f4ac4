//! What care a patient had: generated FHIR documents, and the records they make.

use std::collections::{BTreeMap, BTreeSet};

use aegle_api_client::record::Draft;
use aegle_envelope::Coding;
use aegle_fhir::{Generator, Import, Limits, MEDIA_TYPE, Record, Secret, Source, generate};
use anyhow::{Context, ensure};
use jiff::civil::Date;
use serde_json::Value;

/// Visits of each patient.
const ENCOUNTERS: u32 = 5;

/// A patient's records to be, and what they were made of.
pub struct Life {
    /// The oldest care first.
    pub records: Vec<Record>,
    /// The next versions of some of them, by their places.
    pub corrected: Vec<(usize, Record)>,
    generated: Generated,
}

/// What the hospital's system gave out.
struct Generated {
    /// By full URL, and by type: each as it was first and as it was corrected.
    resources: BTreeMap<String, Vec<Value>>,
    document: Value,
}

impl Life {
    /// The life up to `today` of the patient who has that number, the same for the same seed.
    pub fn new(seed: [u8; 32], number: usize, today: Date) -> anyhow::Result<Self> {
        let [a, b, c, d, e, f, g, h, ..] = seed;
        let number = u32::try_from(number)?;
        let generator =
            Generator { seed: u64::from_le_bytes([a, b, c, d, e, f, g, h]), number, today, encounters: ENCOUNTERS };
        let files = generate(&generator);
        let secret = Secret::new(seed);
        let first = whole(import(&[&files.transaction, &files.document], &secret)?)?;
        let later = whole(import(&[&files.corrected, &files.document], &secret)?)?;

        let mut records = first.records;
        records.sort_by_key(|record| (record.labels.from, record.description.title.clone()));
        let mut corrected = Vec::new();
        for newer in later.records.into_iter().filter(|newer| records.iter().all(|record| record.key != newer.key)) {
            let older = records.iter().position(|record| record.identity == newer.identity);
            corrected.push((older.context("a correction of nothing")?, newer));
        }
        corrected.sort_by_key(|(place, _)| *place);
        ensure!(!corrected.is_empty(), "nothing was corrected");

        let mut resources = BTreeMap::<String, Vec<Value>>::new();
        for file in [&files.transaction, &files.corrected] {
            for entry in entries(&serde_json::from_str(file)?)? {
                let url = entry["fullUrl"].as_str().context("an entry without its URL")?;
                resources.entry(url.to_owned()).or_default().push(entry["resource"].clone());
            }
        }
        let generated = Generated { resources, document: serde_json::from_str(&files.document)? };
        Ok(Self { records, corrected, generated })
    }

    /// Every sensitivity that a record is labelled with.
    pub fn sensitivities(&self) -> BTreeSet<aegle_decision::Sensitivity> {
        self.records.iter().flat_map(|record| record.labels.sensitivity.iter().cloned()).collect()
    }

    /// How many resources there are of each type.
    pub fn resources(&self) -> BTreeMap<String, usize> {
        let mut types = BTreeMap::new();
        for resource in self.generated.resources.values().filter_map(|versions| versions.first()) {
            *types.entry(resource["resourceType"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        types
    }

    /// Whether `content` is a Bundle of what was generated and nothing else; returns its resources by type.
    pub fn recognises(&self, content: &[u8]) -> anyhow::Result<BTreeMap<String, usize>> {
        let bundle: Value = serde_json::from_slice(content)?;
        ensure!(bundle["resourceType"] == "Bundle", "the content is no Bundle");
        let mut types = BTreeMap::new();
        for entry in entries(&bundle)? {
            let (url, resource) = (entry["fullUrl"].as_str().unwrap_or_default(), &entry["resource"]);
            let known = self.generated.resources.get(url).is_some_and(|versions| versions.contains(resource));
            ensure!(known || bundle == self.generated.document, "{url} was never generated");
            *types.entry(resource["resourceType"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        ensure!(!types.is_empty(), "the Bundle is empty");
        Ok(types)
    }
}

fn entries(bundle: &Value) -> anyhow::Result<&Vec<Value>> {
    bundle["entry"].as_array().context("a Bundle without entries")
}

fn whole(import: Import) -> anyhow::Result<Import> {
    ensure!(import.report.unmapped_total() == 0, "not everything was mapped: {:?}", import.report.unmapped);
    Ok(import)
}

/// Makes records of files about one patient.
pub fn import(files: &[impl AsRef<str>], secret: &Secret) -> anyhow::Result<Import> {
    let source = files.iter().enumerate().fold(Source::new(Limits::default()), |source, (number, file)| {
        source.bytes(&format!("{number}.json"), file.as_ref())
    });
    let patients = source.patients(&mut |_| {})?;
    ensure!(patients.list().len() == 1, "the files are about {} patients", patients.list().len());
    Ok(source.import(&patients, &BTreeSet::from([0]), secret, &mut |_| {})?)
}

/// What a record says of its content.
pub fn draft(record: &Record) -> Draft {
    let description = record.description.clone();
    let coding = |code: aegle_fhir::Code| Coding { system: code.system, code: code.code, display: code.display };
    Draft {
        labels: record.labels.clone(),
        media_type: MEDIA_TYPE.into(),
        title: Some(description.title),
        codes: description.codes.into_iter().map(coding).collect(),
        author: description.author,
        issued: description.issued,
    }
}

/// The day, in days since the Unix epoch, UTC.
pub fn date(day: u32) -> anyhow::Result<Date> {
    let instant = jiff::Timestamp::from_second(i64::from(day) * super::DAY)?;
    Ok(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
}
