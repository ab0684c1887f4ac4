//! How fast generated patients are read, grouped, labelled and written as records' contents, on one
//! thread, and how fast the same files become typed models, which is the least that reading them takes;
//! interleaved in one run. Prints FIGURE lines.

use std::{
    collections::BTreeSet,
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use aegle_fhir::{Generator, Limits, Secret, Source, generate};

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

    let (mut imports, mut models) = (Vec::new(), Vec::new());
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

        let start = Instant::now();
        for file in &files {
            black_box(fhirkit::from_json::<fhirkit::r4::Bundle>(file).map_err(|error| error.to_string())?);
        }
        models.push(rate(resources, start.elapsed()));
    }
    println!("{resources} resources of {PATIENTS} patients, {bytes} bytes, on one thread");
    let (import, models) = (median(imports), median(models));
    figure("fhir_import_resources_per_second", &format!("{import:.0}"), "resources/s", import, 5_000.0);
    figure("fhir_import_ratio_to_models", &format!("{:.2}", import / models), "x", import / models, 0.2);
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
