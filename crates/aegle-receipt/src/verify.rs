use aegle_decision::Document;
use aegle_disclosure::{Digest, Entry, Log, Receipt, SignedReceipt, commitment};

use crate::{Bundle, Ledger, Report, replay::replay};

/// Seconds that the server's clock and the ledger's may be apart.
const CLOCKS: i64 = 120;
/// Seconds that the state of the chain may be old when it decides; no server's limit is above it.
const STALE: i64 = 600;

/// Checks a bundle: what the log signed, that the entry is what it signed, and, where there is a ledger,
/// that the chain and the openings lead to the same outcome.
///
/// `trusted` is the log's key where it is known from elsewhere; otherwise the one that the bundle names is
/// taken, and the report says so.
pub fn verify(bundle: &Bundle, trusted: Option<&Log>, ledger: Option<&Ledger>) -> Report {
    let mut report = Report::default();
    let Some(log) = log(bundle, trusted, &mut report) else { return report };
    let receipt = receipt(bundle, &log, &mut report);
    let entry = entry(bundle, &log, receipt, &mut report);
    let Some(entry) = entry else { return report };
    report.check(
        entry.finalized_slot <= entry.confirmed_slot,
        format!("It was decided by the chain at slots {} and {}.", entry.finalized_slot, entry.confirmed_slot),
        "The finalized slot is after the confirmed one, which no chain has.",
    );
    asked(&entry, bundle, &mut report);
    if let Some(ledger) = ledger {
        let again = replay(&entry, bundle, ledger, entry.at);
        clock(&entry, bundle, ledger, again.holds(), &mut report);
        report.checks.extend(again.checks);
        report.replayed = again.replayed;
    } else {
        report.not_checked("What the chain says: no node was asked.");
    }
    report.entry = Some(entry);
    report
}

fn log(bundle: &Bundle, trusted: Option<&Log>, report: &mut Report) -> Option<Log> {
    let Ok(named) = bundle.log.parse::<Log>() else {
        report.contradicts("The log's key is none.");
        return None;
    };
    match trusted {
        Some(trusted) => {
            report.check(named == *trusted, "It is of the log that was named.", "It is of another log than was named.");
            Some(trusted.clone())
        }
        None => {
            report.not_checked(format!("Whether {} is the operator's log: its key was not named.", named.origin));
            Some(named)
        }
    }
}

fn receipt(bundle: &Bundle, log: &Log, report: &mut Report) -> Option<Receipt> {
    let Some(text) = &bundle.receipt else {
        report.not_checked("The receipt's own signature: only what the log shows is at hand.");
        return None;
    };
    let checked = SignedReceipt::from_text(text).and_then(|signed| log.check(&signed));
    report.check(checked.is_ok(), "The log's key signed the receipt.", "The log's key did not sign this receipt.");
    checked.ok()
}

/// The entry, where it is what the log committed to.
fn entry(bundle: &Bundle, log: &Log, receipt: Option<Receipt>, report: &mut Report) -> Option<Entry> {
    let (Some(text), Some(salt), Some(link)) = (&bundle.entry, bundle.salt, bundle.link) else {
        report.not_checked("What it came to: the entry and its salt are the patient's, and the reader's if permitted.");
        return None;
    };
    let Ok(document) = Document::<Entry>::read(text.clone().into_bytes()) else {
        report.contradicts("The entry is none that this release can read.");
        return None;
    };
    let entry = document.value().clone();
    let leaf = commitment(&link, &Digest(document.commitment(&salt.0)));
    let promised = receipt.map(|receipt| {
        let fits = receipt.commitment == leaf
            && (receipt.request, receipt.at) == (entry.request, entry.at)
            && (receipt.finalized_slot, receipt.confirmed_slot) == (entry.finalized_slot, entry.confirmed_slot);
        report.check(
            fits,
            "The entry is the one that the receipt promises.",
            "The entry is not the one that the receipt promises.",
        )
    });
    let shown = included(bundle, log, &leaf, receipt, report);
    match (promised, shown) {
        (Some(false), _) | (_, Some(false)) => None,
        (None, None) => {
            report.contradicts("Nothing that the log signed says that it has this entry.");
            None
        }
        _ => Some(entry),
    }
}

/// Whether who is named asked.
fn asked(entry: &Entry, bundle: &Bundle, report: &mut Report) {
    if entry.signed.is_none() && !entry.operation.releases() {
        return report.not_checked("Whether who is named asked: the request was not signed.");
    }
    if entry.signed.is_some() && bundle.sign_in.is_none() {
        return report.not_checked("Whether who is named asked: what was signed to sign in is not at hand.");
    }
    match entry.check_signed(bundle.sign_in.as_ref()) {
        Ok(()) => report.holds_that("Who is named signed the request, by a key that their wallet named."),
        Err(fault) => report.contradicts(format!("Who is named did not sign the request: {fault}.")),
    }
}

/// Whether a checkpoint has the entry; none where no proof is at hand.
fn included(bundle: &Bundle, log: &Log, leaf: &Digest, receipt: Option<Receipt>, report: &mut Report) -> Option<bool> {
    let (Some(inclusion), Some(note)) = (&bundle.inclusion, &bundle.checkpoint) else {
        report.not_checked("That the log has the entry: it was saved before a checkpoint had it.");
        return None;
    };
    let Ok(checkpoint) = log.read(note) else {
        report.contradicts("The log's key did not sign the checkpoint.");
        return Some(false);
    };
    let shows = inclusion.size == checkpoint.tree.size
        && inclusion.proves(leaf, &checkpoint.tree.root)
        && receipt.is_none_or(|receipt| receipt.index == inclusion.index);
    let (index, size) = (inclusion.index, inclusion.size);
    Some(report.check(
        shows,
        format!("The log's checkpoint of {size} entries has it at place {index}."),
        format!("The log's checkpoint of {size} entries does not have it at place {index}."),
    ))
}

/// Whether the decision was made on the chain as it is, at its time.
fn clock(entry: &Entry, bundle: &Bundle, ledger: &Ledger, holds: bool, report: &mut Report) {
    let slot = entry.confirmed_slot;
    let Some(block) = ledger.block else {
        return report.not_checked(format!("The block of slot {slot}: the node does not have it."));
    };
    if block.hash == entry.confirmed_hash.0 {
        report.holds_that(format!("The block of slot {slot} is the one that it was decided by."));
    } else {
        report.not_checked(format!(
            "The node has another block in slot {slot}: it was decided by a branch that the chain left, or the node \
             makes its blocks' hashes up."
        ));
    }
    let Some(time) = block.time else {
        return report.not_checked(format!("When the block of slot {slot} was made: the node does not say."));
    };
    let apart = entry.at - time;
    if apart > STALE {
        return report.contradicts(format!("It was decided by a state of the chain that was {apart} seconds old."));
    }
    if apart.abs() <= CLOCKS {
        return report.holds_that(format!("It was decided {apart} seconds after that block."));
    }
    // Days end by the clock: a wrong one must make no difference.
    let same = !holds || replay(entry, bundle, ledger, time).holds();
    report.check(
        same,
        format!("The log's clock and the ledger's were {apart} seconds apart, which makes no difference."),
        format!(
            "The log's clock and the ledger's were {apart} seconds apart: by the ledger's it comes to another end."
        ),
    );
}
