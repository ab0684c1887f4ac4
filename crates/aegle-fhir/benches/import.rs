//! How fast generated patients are read, grouped, labelled and written as records' contents, on one
//! thread; how fast they are then also encrypted, their keys wrapped, and the ciphertext written to a folder
//! as the blob store does it, a file for each record; and how fast the same files become typed models, which
//! is the least that reading them takes; interleaved in one run. Requests to a server and minting are not in
//! it. Prints FIGURE lines.

use std::{
    collections::BTreeSet,
    error::Error,
    fs::{self, File},
    hint::black_box,
    io::{BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use aegle_decision::{Document, Key};
use aegle_envelope::{
    Binding, Coding, Details, DetailsVersion, EncryptionKey, Manifest, SecretKey, Wrap, measure, seal_record,
};
use aegle_fhir::{Generator, Limits, MEDIA_TYPE, Record, Secret, Source, generate};
use rand::rngs::OsRng;

const PATIENTS: u32 = 20;
const ENCOUNTERS: u32 = 100;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let today = "2026-03-01".parse()?;
    let files: Vec<_> = (0..PATIENTS)
        .map(|number| {
            generate(&Generator { seed: u64::from(number), number, today, encounters: ENCOUNTERS }).transaction
        })
        .collect();
    let bytes: usize = files.iter().map(String::len).sum();
    let sources: Vec<_> =
        files.iter().map(|file| Source::new(Limits::default()).bytes("file.json", file.as_str())).collect();
    let secret = Secret::new([1; 32]);

    let (mut imports, mut stored, mut models) = (Vec::new(), Vec::new(), Vec::new());
    let recipient = SecretKey::generate(&mut OsRng).encryption_key();
    let mut resources = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        resources = 0;
        for source in &sources {
            let patients = source.patients(&mut |_| {})?;
            let import = source.import(&patients, &BTreeSet::from([0]), &secret, &mut |_| {})?;
            resources += import.report.mapped_total();
            for record in &import.records {
                black_box(record.content());
            }
        }
        imports.push(rate(resources, start.elapsed()));

        let folder = tempfile::tempdir()?;
        let start = Instant::now();
        for source in &sources {
            let patients = source.patients(&mut |_| {})?;
            let import = source.import(&patients, &BTreeSet::from([0]), &secret, &mut |_| {})?;
            for record in &import.records {
                store(record, &recipient, folder.path())?;
            }
        }
        stored.push(rate(resources, start.elapsed()));

        let start = Instant::now();
        for file in &files {
            black_box(fhirkit::from_json::<fhirkit::r4::Bundle>(file).map_err(|error| error.to_string())?);
        }
        models.push(rate(resources, start.elapsed()));
    }
    println!("{resources} resources of {PATIENTS} patients, {bytes} bytes, on one thread");
    let (import, stored, models) = (median(imports), median(stored), median(models));
    figure("import_resources_per_second", &format!("{stored:.0}"), "resources/s", stored, 1_000.0);
    figure("fhir_import_resources_per_second", &format!("{import:.0}"), "resources/s", import, 5_000.0);
    figure("fhir_import_ratio_to_models", &format!("{:.2}", import / models), "x", import / models, 0.2);
    Ok(())
}

/// Encrypts a record and writes the ciphertext to a file of its own and, as it is whole, renames it.
fn store(record: &Record, recipient: &EncryptionKey, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (content, vault) = (record.content(), Key(record.identity));
    let (length, content_sha256) = measure(&content[..])?;
    let description = record.description.clone();
    let coding = |code: aegle_fhir::Code| Coding { system: code.system, code: code.code, display: code.display };
    let details = Details {
        kind: DetailsVersion::V1,
        vault,
        media_type: MEDIA_TYPE.into(),
        length,
        content_sha256,
        title: Some(description.title),
        codes: description.codes.into_iter().map(coding).collect(),
        author: description.author,
        issued: description.issued,
        issue: None,
    };
    let manifest = Manifest::new(Document::new(record.labels.clone()), Document::new(details), &mut OsRng)?;
    let name = folder.join(hex::encode(record.key));
    let part = name.with_extension("part");
    let (key, file) = seal_record(&manifest, &content[..], BufWriter::new(File::create(&part)?), &mut OsRng)?;
    file.into_inner().map_err(|error| error.into_error())?.flush()?;
    fs::rename(part, name)?;
    black_box(Wrap::seal(&key, &Binding::Record(Key(record.key)), recipient, &mut OsRng)?);
    Ok(())
}

fn rate(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn figure(name: &str, text: &str, unit: &str, value: f64, least: f64) {
    let kept = if value >= least { "ok" } else { "MISSED" };
    println!("FIGURE {name} {text} {unit} >={least} {kept}");
}
