//! The accounting as a table that spreadsheets open: RFC 4180, UTF-8, one line for each disclosure.

use crate::{Account, Disclosed, Party};

const COLUMNS: [&str; 13] = [
    "date",
    "recipient",
    "recipient_address",
    "recipient_key",
    "acting_person",
    "acting_person_key",
    "description",
    "purpose_code",
    "purpose",
    "records",
    "place_in_log",
    "number",
    "commitment",
];

#[derive(Debug, thiserror::Error)]
#[error("the table could not be written: {0}")]
pub struct TableError(String);

/// # Errors
/// None that memory does not make.
pub fn csv(account: &Account) -> Result<Vec<u8>, TableError> {
    let failed = |error: csv::Error| TableError(error.to_string());
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    for line in &account.disclosures {
        writer.write_record(cells(line).map(harmless)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| TableError(error.to_string()))
}

fn cells(line: &Disclosed) -> [String; COLUMNS.len()] {
    let of = |party: Option<&Party>, part: fn(&Party) -> Option<String>| party.and_then(part).unwrap_or_default();
    let (recipient, acting) = (Some(&line.recipient), line.acting.as_ref());
    let records: Vec<_> = line.records.iter().map(ToString::to_string).collect();
    [
        line.at.to_string(),
        of(recipient, |party| party.name.clone()),
        of(recipient, |party| party.address.clone()),
        of(recipient, |party| Some(party.key.to_string())),
        of(acting, |party| party.name.clone()),
        of(acting, |party| Some(party.key.to_string())),
        line.description.clone(),
        line.purpose.0.clone(),
        line.purpose.says().to_owned(),
        records.join(" "),
        line.place.to_string(),
        line.number.to_string(),
        line.commitment.to_string(),
    ]
}

/// A cell that no spreadsheet takes for a formula, whatever somebody is called.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}
