//! The accounting as a document: PDF/A-2u, which archives keep and whose text can be searched.

mod sheet;
mod typeface;

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Document, SerializeSettings,
    configure::{Archival, ConfigurationBuilder},
    metadata::{DateTime, Metadata},
};

use self::{
    sheet::{Sheet, WIDTH},
    typeface::{BOLD, REGULAR, Typefaces},
};
use crate::{Account, Disclosed, Party, Shown, Standing};

const TITLE: &str = "Accounting of disclosures of health information";
const BODY: f32 = 9.0;
const SMALL: f32 = 7.5;
/// Title and share of the width of each column.
const COLUMNS: [(&str, f32); 5] =
    [("Place in log", 0.12), ("Date (UTC)", 0.13), ("Recipient", 0.34), ("What", 0.25), ("Purpose", 0.16)];

#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("a typeface cannot be read")]
    Typeface,
    #[error("the document cannot be written: {0}")]
    Written(String),
}

/// # Errors
/// None that depends on what the accounting says.
pub fn pdf(account: &Account) -> Result<Vec<u8>, PdfError> {
    let typefaces = Typefaces::new().ok_or(PdfError::Typeface)?;
    let mut sheet = Sheet::new(&typefaces, format!("{TITLE} · vault {}", account.vault));
    head(account, &mut sheet);
    table(account, &mut sheet);
    foot(account, &mut sheet);

    let failed = |error: &dyn std::fmt::Debug| PdfError::Written(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U).finish();
    let configuration = configuration.map_err(|error| failed(&error))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let metadata = Metadata::new().title(TITLE.to_owned()).language("en".to_owned()).creator("Aegle".to_owned());
    document.set_metadata(metadata.creation_date(date(account.made_at)));
    sheet.draw(&mut document);
    document.finish().map_err(|error| failed(&error))
}

fn head(account: &Account, sheet: &mut Sheet<'_>) {
    sheet.text(TITLE, BOLD, 16.0);
    sheet.gap(6.0);
    let period = account.period;
    sheet.text(&format!("Patient's vault: {}", account.vault), REGULAR, BODY);
    sheet.text(&format!("Period: {} to {}, both days included, UTC", period.from, period.until), REGULAR, BODY);
    sheet.text(&format!("Made: {} (UTC)", moment(account.made_at)), REGULAR, BODY);
    let standing = match account.standing {
        Standing::Checked => {
            "Checked: the patient's own program checked, before it wrote this, that every entry of the patient's log \
             commits to the one before, that none is missing, and that the log's signed checkpoint below commits to \
             the last."
        }
        Standing::Stated => {
            "Stated by the operator of the server. The patient's own program writes the same from entries that it \
             has checked: aegle disclosure account."
        }
    };
    sheet.text(standing, REGULAR, BODY);
    sheet.text(
        "It lists when health information was disclosed to somebody other than the patient, for every purpose, as \
         45 CFR 164.528 asks for and beyond: disclosures for treatment, payment and operations, and those that the \
         patient allowed, are in it too. A recipient is named where a registrar attests the name; others are known by \
         their key alone. Contents leave the server encrypted.",
        REGULAR,
        BODY,
    );
    sheet.gap(8.0);
}

fn table(account: &Account, sheet: &mut Sheet<'_>) {
    let widths = COLUMNS.map(|(_, share)| share * WIDTH);
    sheet.columns(&widths, &COLUMNS.map(|(title, _)| title));
    for line in &account.disclosures {
        sheet.row(&widths, &cells(line), SMALL);
    }
    match account.disclosures.len() {
        0 => sheet.text("Nothing was disclosed to anybody else in this period.", REGULAR, BODY),
        1 => sheet.text("1 disclosure.", BOLD, BODY),
        count => sheet.text(&format!("{count} disclosures."), BOLD, BODY),
    }
}

fn cells(line: &Disclosed) -> [String; COLUMNS.len()] {
    let recipient = match &line.acting {
        Some(acting) => format!("{}\nby {}", party(&line.recipient), party(acting)),
        None => party(&line.recipient),
    };
    let purpose = match line.shown {
        Shown::ByConsent => line.purpose.says().to_owned(),
        Shown::InEmergency => format!("{}, in an emergency", line.purpose.says()),
        Shown::ToDelegate => format!("{}, to somebody who acts for the patient", line.purpose.says()),
    };
    let place = format!("{}\n(own {})", line.place, line.number);
    [place, moment(line.at), recipient, line.description.clone(), purpose]
}

fn party(party: &Party) -> String {
    match (&party.name, &party.address) {
        (Some(name), Some(address)) => format!("{name}\n{address}\n{}", party.key),
        (Some(name), None) => format!("{name}\n{}", party.key),
        (None, _) => format!("Key {}", party.key),
    }
}

fn foot(account: &Account, sheet: &mut Sheet<'_>) {
    let log = &account.log;
    sheet.gap(10.0);
    sheet.text("How to verify", BOLD, 11.0);
    sheet.text(
        "Each line is an entry of an append-only log, in the order of its places. An entry can be shown to anybody \
         with what opens its commitment (aegle disclosure list --json), and that the log holds it at its place with a \
         proof of inclusion (RFC 9162) under the checkpoint, which the log's key signed. Roots of the log are \
         anchored on the Solana chain; aegle log verify compares the whole log with them.",
        REGULAR,
        BODY,
    );
    let last = log.commitment.map_or("none".to_owned(), |commitment| commitment.to_string());
    sheet.text(&format!("Entries in the patient's log: {}, the last commitment: {last}", log.entries), REGULAR, BODY);
    sheet.text(&format!("Key of the log: {}", log.verifier), REGULAR, BODY);
    sheet.text("Checkpoint:", REGULAR, BODY);
    for line in log.checkpoint.lines() {
        sheet.text(line, REGULAR, SMALL);
    }
    if sheet.spelled_out {
        sheet.gap(6.0);
        sheet.text("[U+…] stands for a character that the typeface of this document lacks.", REGULAR, SMALL);
    }
}

fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn date(at: Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC);
    let small = |number: i8| number.unsigned_abs();
    DateTime::new(at.year().unsigned_abs())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
