//! What the patients' records are, for who looks at the demonstration.

use std::{collections::BTreeMap, fmt};

use aegle_fhir::{Kind, Record};

use super::patient::Shelf;

/// Titles shown of one life.
const SHOWN: usize = 12;

/// Counts of records and resources, and one life as an example.
pub struct Summary<'a>(pub &'a [Shelf]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let originals = || self.0.iter().flat_map(|shelf| &shelf.life.records);
        let corrected: usize = self.0.iter().map(|shelf| shelf.life.corrected.len()).sum();
        let (mut kinds, mut types, mut sensitive) = (BTreeMap::new(), BTreeMap::new(), 0);
        for record in originals() {
            *kinds.entry(kind(record)).or_insert(0) += 1;
            sensitive += usize::from(!record.labels.sensitivity.is_empty());
        }
        for shelf in self.0 {
            for (name, count) in shelf.life.resources() {
                *types.entry(name).or_insert(0) += count;
            }
        }
        let (count, resources) = (originals().count(), types.values().sum::<usize>());
        writeln!(
            to,
            "{count} records of {} patients with {resources} FHIR resources, {corrected} corrected since, \
             {sensitive} labelled as sensitive",
            self.0.len()
        )?;
        writeln!(to, "  {}", list(&kinds))?;
        writeln!(to, "  {}", list(&types))?;
        let Some(shelf) = self.0.first() else { return Ok(()) };
        writeln!(to, "The records of patient {}:", shelf.number + 1)?;
        for record in shelf.life.records.iter().take(SHOWN) {
            let day = record.labels.from.map_or("          ".to_owned(), |day| day.to_string());
            writeln!(to, "  {day}  {} ({} resources)", record.description.title, record.resources)?;
        }
        Ok(())
    }
}

/// The most frequent first.
fn list<K: fmt::Display>(counts: &BTreeMap<K, usize>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn kind(record: &Record) -> String {
    match record.kind {
        Kind::Encounter => "visits".into(),
        Kind::Document => "documents".into(),
        Kind::Study => "imaging studies".into(),
        Kind::Collection => record.labels.categories.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" and "),
    }
}
