//! A card on paper for the day when nothing answers: plain text, in letters and as a QR code.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use qrcode::{Color, EcLevel, QrCode};

use crate::{
    Answer, Context, Problem,
    secret_file::{unwritable, write_new},
    time,
};

/// What one code holds so that an old phone reads it off a worn card, in bytes.
const MOST: usize = 600;
/// Light modules around the code, ISO/IEC 18004 section 6.3.8.
const QUIET: usize = 4;
/// Letters in a line of the card.
const LINE: usize = 44;
const WARNING: &str = "Not encrypted: whoever holds this card can read it.";

/// An emergency card to print
#[derive(Args)]
#[command(after_help = "\
Holds what you choose and nothing else, readable by whoever has the card, without network and without Aegle. It opens
no records.

Examples:
  aegle card --out card.svg --name Ada --blood-group A+ --allergy penicillin --medication warfarin --contact +442079460000")]
pub struct CardArgs {
    /// Where to write it, an SVG file to print; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Your name
    #[arg(long)]
    name: Option<String>,
    /// Your date of birth
    #[arg(long, value_name = "DAY")]
    born: Option<jiff::civil::Date>,
    /// Your blood group
    #[arg(long, value_name = "GROUP")]
    blood_group: Option<String>,
    /// What you are allergic to; may be repeated
    #[arg(long = "allergy", value_name = "TEXT")]
    allergies: Vec<String>,
    /// What you take; may be repeated
    #[arg(long = "medication", value_name = "TEXT")]
    medications: Vec<String>,
    /// What you have; may be repeated
    #[arg(long = "condition", value_name = "TEXT")]
    conditions: Vec<String>,
    /// Whom to call; may be repeated
    #[arg(long = "contact", value_name = "TEXT")]
    contacts: Vec<String>,
}

impl CardArgs {
    /// What the card says, a line for each kind.
    fn lines(&self, today: &str) -> Result<Vec<String>, Problem> {
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join("; "));
        let said = [
            ("Name", self.name.clone()),
            ("Born", self.born.map(|day| day.to_string())),
            ("Blood group", self.blood_group.clone()),
            ("Allergies", list(&self.allergies)),
            ("Medication", list(&self.medications)),
            ("Conditions", list(&self.conditions)),
            ("Call", list(&self.contacts)),
        ];
        let lines: Vec<String> =
            said.into_iter().filter_map(|(what, value)| value.map(|value| format!("{what}: {value}"))).collect();
        if lines.is_empty() {
            return Err(Problem::usage(
                "empty_card",
                "The card would say nothing",
                "Name what it should say, such as --allergy, --medication or --contact.",
            ));
        }
        if lines.iter().any(|line| line.chars().any(char::is_control)) {
            return Err(Problem::usage("bad_card", "A text has more than one line", "Give each as one line of text."));
        }
        let dated = lines.into_iter().chain([format!("Written: {today}")]);
        Ok(dated.collect())
    }
}

pub fn run(args: &CardArgs, _: &Context) -> Result<Answer, Problem> {
    let today = time::iso_time(time::local_now());
    let lines = args.lines(today.split('T').next().unwrap_or_default())?;
    let text = text(&lines);
    let svg = draw(&lines, &text)?;
    write_new(&args.out, svg.as_bytes()).map_err(|error| unwritable(&args.out, &error))?;
    Ok(Answer::new(format!("Wrote the card; print it and carry it. {WARNING}"))
        .with("file", args.out.display().to_string())
        .with("text", text))
}

/// What the code holds.
fn text(lines: &[String]) -> String {
    format!("EMERGENCY CARD\n{}", lines.join("\n"))
}

fn draw(lines: &[String], text: &str) -> Result<String, Problem> {
    let too_long = || {
        Problem::usage(
            "card_too_long",
            format!("The card holds {MOST} bytes, and this is {}", text.len()),
            "Leave out what a stranger does not need in the first hour.",
        )
    };
    if text.len() > MOST {
        return Err(too_long());
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| too_long())?;
    let width = code.width();
    let mut modules = String::new();
    for (x, y) in (0..width).flat_map(|y| (0..width).map(move |x| (x, y))) {
        if code[(x, y)] == Color::Dark {
            let _ = write!(modules, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let whole = width + 2 * QUIET;
    let mut said = String::new();
    let shown: Vec<String> = lines.iter().flat_map(|line| wrap(line)).collect();
    for (place, line) in shown.iter().enumerate() {
        let _ = write!(said, "<text x=\"72\" y=\"{}\">{}</text>", 26 + 5 * place, escape(line));
    }
    let height = (76).max(34 + 5 * shown.len());
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"170mm\" height=\"{height}mm\" viewBox=\"0 0 170 {height}\" \
         font-family=\"sans-serif\" font-size=\"4\">\
         <rect width=\"170\" height=\"{height}\" fill=\"#fff\" stroke=\"#000\" stroke-width=\"0.3\"/>\
         <text x=\"6\" y=\"10\" font-size=\"6\" font-weight=\"bold\">Emergency card</text>\
         <text x=\"72\" y=\"10\" font-size=\"3.4\">{WARNING}</text>\
         <text x=\"72\" y=\"15\" font-size=\"3.4\">It opens no health records.</text>\
         <svg x=\"4\" y=\"13\" width=\"60\" height=\"60\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\"><path id=\"code\" d=\"{modules}\"/></svg>{said}</svg>\n"
    ))
}

/// Lines of at most [`LINE`] letters, broken between words where they can be.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last().map_or(0, |line| line.chars().count());
            let needed = word.chars().count() + usize::from(line > 0);
            if line + needed <= LINE {
                break;
            }
            if line > 0 {
                lines.push(String::new());
                continue;
            }
            let end = word.char_indices().nth(LINE).map_or(word.len(), |(end, _)| end);
            let (first, rest) = word.split_at(end);
            lines.extend([first.to_owned(), String::new()]);
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> CardArgs {
        CardArgs {
            out: PathBuf::new(),
            name: Some("Zoë <Example>".into()),
            born: Some("1961-02-03".parse().unwrap()),
            blood_group: Some("A+".into()),
            allergies: vec!["penicillin".into(), "latex".into()],
            medications: vec!["warfarin 5 mg & metformin 500 mg, each morning with food".into()],
            conditions: vec![],
            contacts: vec!["Ben, +44 20 7946 0000".into()],
        }
    }

    /// Reads the code off the drawing with another implementation than the one that drew it.
    fn scan(svg: &str) -> String {
        let whole = svg.split("viewBox=\"0 0 ").nth(2).and_then(|rest| rest.split(' ').next()).unwrap();
        let whole: usize = whole.parse().unwrap();
        let path = svg.split("<path id=\"code\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let mut dark = vec![false; whole * whole];
        for module in path.split('M').skip(1) {
            let (x, rest) = module.split_once(',').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), rest.split('h').next().unwrap().parse().unwrap());
            dark[y * whole + x] = true;
        }
        let scale = 4;
        let shade = |x: usize, y: usize| if dark[y / scale * whole + x / scale] { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(whole * scale, whole * scale, shade);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn another_decoder_reads_off_the_card_what_the_patient_chose_and_nothing_else() {
        let lines = args().lines("2026-11-22").unwrap();
        let svg = draw(&lines, &text(&lines)).unwrap();
        assert_eq!(
            scan(&svg),
            "EMERGENCY CARD\nName: Zoë <Example>\nBorn: 1961-02-03\nBlood group: A+\nAllergies: penicillin; latex\n\
             Medication: warfarin 5 mg & metformin 500 mg, each morning with food\nCall: Ben, +44 20 7946 0000\n\
             Written: 2026-11-22"
        );
        assert!(svg.contains(WARNING) && svg.contains("Zoë &lt;Example&gt;") && svg.contains("5 mg &amp; metformin"));
        assert!(!svg.contains("<Example>"));
    }

    #[test]
    fn a_card_that_says_nothing_too_much_or_several_lines_in_one_is_refused() {
        let empty = CardArgs {
            name: None,
            born: None,
            blood_group: None,
            allergies: vec![],
            medications: vec![],
            contacts: vec![],
            ..args()
        };
        assert_eq!(empty.lines("2026-11-22").unwrap_err().code, "empty_card");
        let two = CardArgs { name: Some("a\nb".into()), ..args() };
        assert_eq!(two.lines("2026-11-22").unwrap_err().code, "bad_card");
        let most = vec!["a".repeat(MOST)];
        assert_eq!(draw(&most, &text(&most)).unwrap_err().code, "card_too_long");
        let fits = vec!["a".repeat(MOST - text(&[String::new()]).len())];
        assert_eq!(scan(&draw(&fits, &text(&fits)).unwrap()), text(&fits));
    }

    #[test]
    fn lines_break_between_words_and_lose_nothing() {
        let long = format!("Medication: {} {}", "word ".repeat(30).trim(), "x".repeat(100));
        let lines = wrap(&long);
        assert!(lines.iter().all(|line| line.chars().count() <= LINE), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), long.replace(' ', ""));
    }
}
