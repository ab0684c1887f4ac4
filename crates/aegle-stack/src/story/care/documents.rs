//! What a hospital gave out, and what becomes of it.

use std::{collections::BTreeMap, io::Cursor};

use aegle_api_client::{
    Pay,
    record::{self, Draft, Sealed, Unminted},
};
use aegle_client::{commitment::random_bytes, instruction::Authority};
use aegle_decision::Key;
use aegle_fhir::{Generator, Import, Record, Secret, generate};
use anyhow::{Context, ensure};
use rand::{Rng, RngCore};
use serde_json::{Value, json};
use solana_signer::Signer;
use tokio::time::Instant;

use super::{super::life, SCAN_BYTES, Stage, labels, people::Patient, quiet};

/// Begins the names of markers.
const MARKER: &str = "marker: ";
const ENCOUNTERS: u32 = 7;
/// Records minted in one transaction, as many as fit.
const AT_ONCE: usize = 3;

/// What the patient's program notes of an import, by the import's key of a record.
type Notes = BTreeMap<[u8; 32], Key>;

/// Imports what was generated, then the same again in another order, and adds a scan.
pub async fn import(stage: &Stage<'_>, patient: &Patient) -> anyhow::Result<(String, ())> {
    let files = files(stage)?;
    let secret = Secret::new(random_bytes(&mut *stage.rng.borrow_mut()));
    let mut notes = Notes::new();
    let started = Instant::now();
    let import = life::import(&files, &secret)?;
    let resources = import.report.mapped_total();
    ensure!(import.report.unmapped_total() == 0, "not everything was mapped: {:?}", import.report.unmapped);
    let contents: Vec<Vec<u8>> = import.records.iter().map(Record::content).collect();
    for (name, marker) in stage.planted.borrow().named(MARKER) {
        let there = contents.iter().any(|content| content.windows(marker.len()).any(|part| part == marker));
        ensure!(there, "{name} is in no record's content");
    }
    let added = add(stage, patient, &import, &mut notes).await?;
    let took = started.elapsed();
    let reversed: Vec<String> = files.iter().rev().cloned().collect();
    let again = add(stage, patient, &life::import(&reversed, &secret)?, &mut notes).await?;
    ensure!(again == 0, "the second run added {again}");
    scan(stage, patient).await?;
    Ok((format!("{resources} resources, {added} records after {:.1} s, then {again}", took.as_secs_f64()), ()))
}

/// FHIR files as a hospital's system gives them out, with markers wherever they are free text.
fn files(stage: &Stage<'_>) -> anyhow::Result<Vec<String>> {
    let today = life::date(stage.today)?;
    let generated =
        generate(&Generator { seed: stage.rng.borrow_mut().next_u64(), number: 1, today, encounters: ENCOUNTERS });
    let mut rng = stage.fork();
    let mut marks: BTreeMap<&'static str, String> = BTreeMap::new();
    for kind in ["name", "note", "title", "display", "code", "author", "conclusion"] {
        let marker: String = (0..24).map(|_| char::from(rng.gen_range(b'a'..=b'z'))).collect();
        stage.plant(&format!("{MARKER}{kind}"), marker.as_bytes());
        marks.insert(kind, marker);
    }
    [generated.transaction, generated.document].iter().map(|text| plant(text, &marks)).collect()
}

/// Puts markers into the resources of a Bundle.
fn plant(bundle: &str, marks: &BTreeMap<&'static str, String>) -> anyhow::Result<String> {
    let mut bundle: Value = serde_json::from_str(bundle)?;
    let entries = bundle["entry"].as_array_mut().context("a Bundle without entries")?;
    for resource in entries.iter_mut().map(|entry| &mut entry["resource"]) {
        let kind = resource["resourceType"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "Patient" => resource["name"][0]["family"] = json!(marks["name"]),
            "Practitioner" => resource["name"][0]["family"] = json!(marks["author"]),
            "Composition" => resource["title"] = json!(marks["title"]),
            "DiagnosticReport" => resource["conclusion"] = json!(marks["conclusion"]),
            "Condition" | "Observation" | "MedicationRequest" => {
                resource["note"] = json!([{"text": marks["note"]}]);
            }
            _ => {}
        }
        if kind == "Condition"
            && let Some(codings) = resource["code"]["coding"].as_array_mut()
        {
            let system = "urn:ietf:rfc:3986";
            codings.push(json!({"system": system, "code": marks["code"], "display": marks["display"]}));
        }
    }
    Ok(bundle.to_string())
}

/// Encrypts, uploads and mints what is not noted yet. Returns how much that was.
async fn add(stage: &Stage<'_>, patient: &Patient, import: &Import, notes: &mut Notes) -> anyhow::Result<usize> {
    let mut rng = stage.fork();
    let authority = Authority::Owner(patient.wallet.pubkey());
    let pay: Pay<'_> = patient.pay(stage).await?;
    let new: Vec<&Record> = import.records.iter().filter(|record| !notes.contains_key(&record.key)).collect();
    for batch in new.chunks(AT_ONCE) {
        let mut unminted: Vec<Unminted> = Vec::new();
        for record in batch {
            let mut content = Cursor::new(record.content());
            let sealed = Sealed::new(patient.vault(), life::draft(record), &mut content, None, &mut rng)?;
            let (session, vault) = (&patient.session, patient.vault());
            let stored = record::store(session, &pay, authority, vault, sealed, &mut rng, &quiet).await?;
            notes.insert(record.key, stored.record);
            unminted.push(stored);
        }
        let sent = record::mint(&pay, &patient.wallet, authority, None, &unminted).await?;
        stage.confirmed(&sent).await?;
    }
    Ok(new.len())
}

/// A scan that is no FHIR, and large.
async fn scan(stage: &Stage<'_>, patient: &Patient) -> anyhow::Result<()> {
    let mut rng = stage.fork();
    let mut content = vec![0; SCAN_BYTES];
    rng.fill_bytes(&mut content);
    stage.plant("the scan", content.get(4_096..4_160).unwrap_or_default());
    let draft = Draft {
        labels: labels("imaging", &[])?,
        media_type: "application/dicom".into(),
        title: Some("CT of the chest".into()),
        codes: Vec::new(),
        author: None,
        issued: None,
    };
    let vault = patient.vault();
    let sealed = Sealed::new(vault, draft, &mut Cursor::new(content), None, &mut rng)?;
    let pay = patient.pay(stage).await?;
    let added = record::add(&patient.session, &pay, &patient.wallet, vault, sealed, &mut rng, &quiet).await?;
    stage.confirmed(&added.sent).await
}
