//! Says what an import of files and folders would make of them, for each patient in them:
//! `cargo run -p aegle-fhir --example import -- FOLDER…`

use std::{collections::BTreeSet, env, error::Error, time::Instant};

use aegle_fhir::{Limits, Secret, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let source = env::args().skip(1).fold(Source::new(Limits::default()), Source::path);
    let start = Instant::now();
    let patients = source.patients(&mut |_| {})?;
    println!("{} patients, found in {:.2?}", patients.list().len(), start.elapsed());
    // A real import draws a random secret and keeps it.
    let secret = Secret::new([0; 32]);
    let all = (0..patients.list().len()).collect::<BTreeSet<_>>();
    let start = Instant::now();
    let import = source.import(&patients, &all, &secret, &mut |_| {})?;
    let seconds = start.elapsed().as_secs_f64();
    let report = import.report;
    println!("{} files, {} others left out", report.files, report.other_files);
    println!("{} resources read, {:.0} per second", report.read, report.read as f64 / seconds);
    println!("{} mapped to {} records", report.mapped_total(), import.records.len());
    for (name, count) in &report.mapped {
        println!("  {count:>7} {name}");
    }
    for ((reason, name), count) in &report.unmapped {
        println!("unmapped {count}: {name}: {reason}");
    }
    println!("not all as R4 has it: {:?}", report.invalid);
    println!("ids with several contents: {:?}", report.conflicting);
    for problem in report.problems.iter().take(20) {
        println!("{problem}");
    }
    let count = |of: &dyn Fn(&aegle_fhir::Record) -> bool| import.records.iter().filter(|record| of(record)).count();
    for kind in
        [aegle_fhir::Kind::Encounter, aegle_fhir::Kind::Document, aegle_fhir::Kind::Study, aegle_fhir::Kind::Collection]
    {
        println!("{} records of kind {kind:?}", count(&|record| record.kind == kind));
    }
    println!("{} records are sensitive", count(&|record| !record.labels.sensitivity.is_empty()));
    println!("{} records have no day", count(&|record| record.labels.from.is_none()));
    let largest = import.records.iter().map(|record| record.content().len()).max();
    println!("the largest record has {} bytes", largest.unwrap_or(0));
    Ok(())
}
