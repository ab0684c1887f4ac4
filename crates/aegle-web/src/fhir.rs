//! FHIR into records, as the command line imports it.

use std::collections::BTreeSet;

use aegle_envelope::Coding;
use aegle_exchange::record::Draft;
use aegle_fhir::{Code, Import, Limits, MEDIA_TYPE, Record, Secret, Source};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{failure::Failure, value::write};

/// Files that a person chose.
#[wasm_bindgen]
#[derive(Default)]
pub struct FhirFiles(Option<Source>);

#[wasm_bindgen]
impl FhirFiles {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: a resource, a Bundle, NDJSON, each compressed or not.
    pub fn add(&mut self, name: &str, content: Vec<u8>) {
        let source = self.0.take().unwrap_or_else(|| Source::new(Limits::default()));
        self.0 = Some(source.bytes(name, content));
    }

    /// Whom the files are about.
    #[wasm_bindgen(unchecked_return_type = "FhirPatient[]")]
    pub fn patients(&self) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Patient<'a> {
            id: &'a str,
            name: Option<&'a str>,
            birth_date: Option<&'a str>,
        }
        let patients = self.source()?.patients(&mut |_| {}).map_err(unreadable)?;
        let list = patients.list().iter().map(|patient| Patient {
            id: &patient.id,
            name: patient.name.as_deref(),
            birth_date: patient.birth_date.as_deref(),
        });
        write(&list.collect::<Vec<_>>())
    }

    /// Makes records of the chosen patients, by their places in the list.
    pub fn import(&self, chosen: Vec<u32>) -> Result<FhirImport, Failure> {
        let source = self.source()?;
        let patients = source.patients(&mut |_| {}).map_err(unreadable)?;
        let chosen: BTreeSet<usize> = chosen.into_iter().map(|place| place as usize).collect();
        let mut secret = [0; 32];
        OsRng.fill_bytes(&mut secret);
        let import = source.import(&patients, &chosen, &Secret::new(secret), &mut |_| {}).map_err(unreadable)?;
        Ok(FhirImport(import))
    }

    fn source(&self) -> Result<&Source, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::argument("no file was added"))
    }
}

fn unreadable(error: impl ToString) -> Failure {
    Failure::new("bad_fhir", error.to_string())
}

/// Records to be, and what became of everything else.
#[wasm_bindgen]
pub struct FhirImport(Import);

#[wasm_bindgen]
impl FhirImport {
    /// What each record says of itself, in their order.
    #[wasm_bindgen(unchecked_return_type = "RecordDraft[]")]
    pub fn drafts(&self) -> Result<JsValue, Failure> {
        write(&self.0.records.iter().map(draft).collect::<Vec<_>>())
    }

    /// Content of the record at a place of [`FhirImport::drafts`].
    pub fn content(&self, place: usize) -> Result<Vec<u8>, Failure> {
        let record = self.0.records.get(place).ok_or_else(|| Failure::argument("no record is there"))?;
        Ok(record.content())
    }

    #[wasm_bindgen(unchecked_return_type = "FhirReport")]
    pub fn report(&self) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Left {
            why: String,
            what: String,
            count: u64,
        }
        #[derive(Serialize)]
        struct Report {
            read: u64,
            mapped: u64,
            left: Vec<Left>,
            problems: Vec<String>,
        }
        let report = &self.0.report;
        let left = report.unmapped.iter().map(|((reason, kind), count)| Left {
            why: reason.to_string(),
            what: kind.to_string(),
            count: *count,
        });
        write(&Report {
            read: report.read,
            mapped: report.mapped_total(),
            left: left.collect(),
            problems: report.problems.iter().map(ToString::to_string).collect(),
        })
    }
}

fn draft(record: &Record) -> Draft {
    let description = record.description.clone();
    let coding = |Code { system, code, display }| Coding { system, code, display };
    Draft {
        labels: record.labels.clone(),
        media_type: MEDIA_TYPE.into(),
        title: Some(description.title),
        codes: description.codes.into_iter().map(coding).collect(),
        author: description.author,
        issued: description.issued,
    }
}
