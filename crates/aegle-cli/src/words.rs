//! The codes of purposes, actions and rights, and how they read in a sentence.

use aegle_client::state::{Action, CredentialKind, CredentialStatus, Purpose, RecordStatus, RecoveryStatus, Right};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// One bit of a set: its code on the command line, and what it says.
pub struct Word {
    bit: u16,
    code: &'static str,
    says: &'static str,
}

const fn word(bit: u16, code: &'static str, says: &'static str) -> Word {
    Word { bit, code, says }
}

/// Purposes of use, by their HL7 v3 codes.
pub const PURPOSES: &[Word] = &[
    word(Purpose::Treatment as u16, "TREAT", "treatment"),
    word(Purpose::EmergencyTreatment as u16, "ETREAT", "emergency treatment"),
    word(Purpose::Payment as u16, "HPAYMT", "healthcare payment"),
    word(Purpose::Operations as u16, "HOPERAT", "healthcare operations"),
    word(Purpose::Research as u16, "HRESCH", "healthcare research"),
    word(Purpose::PublicHealth as u16, "PUBHLTH", "public health"),
    word(Purpose::FamilyRequest as u16, "FAMRQT", "a request of the family"),
    word(Purpose::PatientRequest as u16, "PATRQT", "a request of the patient"),
    word(Purpose::Marketing as u16, "HMARKT", "healthcare marketing"),
];

pub const ACTIONS: &[Word] = &[
    word(Action::Read as u16, "read", "read"),
    word(Action::Annotate as u16, "annotate", "annotate"),
    word(Action::Contribute as u16, "contribute", "contribute"),
    word(Action::Export as u16, "export", "export"),
    word(Action::Compute as u16, "compute", "compute"),
];

pub const RIGHTS: &[Word] = &[
    word(Right::Mint as u16, "mint", "add records"),
    word(Right::Grant as u16, "grant", "allow others"),
    word(Right::Revoke as u16, "revoke", "stop allowing others"),
    word(Right::Read as u16, "read", "read records"),
];

/// Kinds of credentials, as bits of what a registrar may attest.
pub const KINDS: &[Word] = &[
    word(1 << CredentialKind::Practitioner as u16, "practitioner", "practitioners"),
    word(1 << CredentialKind::Organization as u16, "organization", "organizations"),
    word(1 << CredentialKind::Researcher as u16, "researcher", "researchers"),
    word(1 << CredentialKind::Pharmacy as u16, "pharmacy", "pharmacies"),
    word(1 << CredentialKind::Manufacturer as u16, "manufacturer", "manufacturers"),
    word(1 << CredentialKind::Insurer as u16, "insurer", "insurers"),
    word(1 << CredentialKind::Custodian as u16, "custodian", "custodians"),
    word(1 << CredentialKind::Agent as u16, "agent", "agents"),
];

/// Every kind of credential.
const ALL_KINDS: [CredentialKind; 8] = [
    CredentialKind::Practitioner,
    CredentialKind::Organization,
    CredentialKind::Researcher,
    CredentialKind::Pharmacy,
    CredentialKind::Manufacturer,
    CredentialKind::Insurer,
    CredentialKind::Custodian,
    CredentialKind::Agent,
];

/// Reads one kind of credential.
pub fn kind_parser() -> impl TypedValueParser<Value = CredentialKind> {
    parser(KINDS).try_map(|bit| ALL_KINDS.into_iter().find(|kind| u16::from(kind.bit()) == bit).ok_or("no such kind"))
}

/// The code of one kind of credential.
pub fn kind(kind: CredentialKind) -> &'static str {
    codes(KINDS, kind.bit().into()).into_iter().next().unwrap_or_default()
}

/// Reads one code of `words` as its bit.
pub fn parser(words: &'static [Word]) -> impl TypedValueParser<Value = u16> {
    let values = words.iter().map(|word| PossibleValue::new(word.code).help(word.says));
    PossibleValuesParser::new(values).map(|code| {
        words.iter().filter(|word| word.code.eq_ignore_ascii_case(&code)).fold(0, |bits, word| bits | word.bit)
    })
}

/// The set that `bits` make together.
pub fn union(bits: &[u16]) -> u16 {
    bits.iter().fold(0, |all, bit| all | bit)
}

/// The same for a set that fits a byte.
pub fn small_union(bits: &[u16]) -> u8 {
    bits.iter().fold(0, |all, bit| all | bit.to_le_bytes()[0])
}

/// The codes in `bits`.
pub fn codes(words: &'static [Word], bits: u16) -> Vec<&'static str> {
    present(words, bits).map(|word| word.code).collect()
}

/// What `bits` say, as part of a sentence.
pub fn says(words: &'static [Word], bits: u16) -> String {
    let parts: Vec<&str> = present(words, bits).map(|word| word.says).collect();
    match parts.split_last() {
        None => "nothing".into(),
        Some((last, [])) => (*last).into(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn present(words: &'static [Word], bits: u16) -> impl Iterator<Item = &'static Word> {
    words.iter().filter(move |word| bits & word.bit != 0)
}

pub fn status(status: RecordStatus) -> &'static str {
    match status {
        RecordStatus::Active => "active",
        RecordStatus::Amended => "amended",
        RecordStatus::EnteredInError => "entered_in_error",
        RecordStatus::Erased => "erased",
    }
}

pub fn credential_status(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::Active => "active",
        CredentialStatus::Suspended => "suspended",
        CredentialStatus::Revoked => "revoked",
    }
}

pub fn recovery_status(status: RecoveryStatus) -> &'static str {
    match status {
        RecoveryStatus::Proposed => "proposed",
        RecoveryStatus::Pending => "pending",
        RecoveryStatus::Vetoed => "vetoed",
        RecoveryStatus::Executed => "executed",
    }
}

#[cfg(test)]
mod tests {
    use aegle_client::state::{ALL_ACTIONS, ALL_PURPOSES, ALL_RIGHTS};

    use super::*;

    #[test]
    fn every_bit_that_the_program_knows_has_its_word() {
        for (words, all) in [(PURPOSES, ALL_PURPOSES), (ACTIONS, ALL_ACTIONS.into()), (RIGHTS, ALL_RIGHTS.into())] {
            assert_eq!(words.iter().fold(0, |bits, word| bits | word.bit), all);
            assert_eq!(words.iter().map(|word| word.bit.count_ones()).sum::<u32>(), all.count_ones());
        }
    }

    #[test]
    fn every_kind_of_credential_has_its_word() {
        for (kind, word) in ALL_KINDS.into_iter().zip(KINDS) {
            assert_eq!(u16::from(kind.bit()), word.bit);
            assert_eq!(super::kind(kind), word.code);
        }
        assert_eq!(KINDS.iter().fold(0, |bits, word| bits | word.bit), u16::from(u8::MAX), "a bit for each kind");
    }

    #[test]
    fn a_set_reads_as_part_of_a_sentence() {
        assert_eq!(says(ACTIONS, 0), "nothing");
        assert_eq!(says(ACTIONS, 1), "read");
        assert_eq!(says(ACTIONS, 0b1011), "read, annotate and export");
    }
}
