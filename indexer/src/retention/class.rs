use std::fmt;

use serde::{Deserialize, Serialize};

/// What a rule of the schedule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Ciphertexts of records, with labels, wrapped keys and shares.
    Content,
    MailboxItem,
    AccessRequest,
    Notice,
    /// Webhooks and addresses to which nothing is sent any more.
    Subscription,
    Invitation,
    /// Wrapped root secrets, guardians' shares of them, and who keeps shares for emergencies.
    Key,
    ConsentOpening,
    Emergency,
    DisclosureLog,
    Erasure,
    Hold,
    Chain,
}

/// From which event a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Stored,
    Posted,
    Requested,
    Told,
    Ended,
    Expired,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "stored",
            Self::Posted => "posted",
            Self::Requested => "requested",
            Self::Told => "told",
            Self::Ended => "ended",
            Self::Expired => "expired",
        })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Class {
    pub const ALL: [Self; 13] = [
        Self::Content,
        Self::MailboxItem,
        Self::AccessRequest,
        Self::Notice,
        Self::Subscription,
        Self::Invitation,
        Self::Key,
        Self::ConsentOpening,
        Self::Emergency,
        Self::DisclosureLog,
        Self::Erasure,
        Self::Hold,
        Self::Chain,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::MailboxItem => "mailbox_item",
            Self::AccessRequest => "access_request",
            Self::Notice => "notice",
            Self::Subscription => "subscription",
            Self::Invitation => "invitation",
            Self::Key => "key",
            Self::ConsentOpening => "consent_opening",
            Self::Emergency => "emergency",
            Self::DisclosureLog => "disclosure_log",
            Self::Erasure => "erasure",
            Self::Hold => "hold",
            Self::Chain => "chain",
        }
    }

    /// What may end: the event from which its period counts, and the shortest period. None for what has to
    /// stay.
    pub fn ends(self) -> Option<(Event, &'static str)> {
        match self {
            Self::Content => Some((Event::Stored, "P1Y")),
            Self::MailboxItem => Some((Event::Posted, "P30D")),
            Self::AccessRequest => Some((Event::Requested, "P7D")),
            // Longer than any notice period, so that what announces an end is there until it.
            Self::Notice => Some((Event::Told, "P1Y")),
            Self::Subscription => Some((Event::Ended, "P1D")),
            // What is pending at the relay may give its invitation back.
            Self::Invitation => Some((Event::Expired, "P30D")),
            _ => None,
        }
    }

    /// Why what has to stay does.
    pub fn stays_since(self) -> &'static str {
        match self {
            Self::DisclosureLog => {
                "the log is kept for six years at least and as long as there is one: a gap must show"
            }
            Self::Chain => "the ledger is public and nobody can delete from it",
            Self::Key => "without it the patient's records open to nobody",
            _ => "it shows later what was done and why",
        }
    }

    /// Whose data it is, and what it says.
    pub fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Content => (
                "patients",
                "health records as ciphertext that the server cannot read; labels: kinds of care, days, sensitivity",
            ),
            Self::MailboxItem => ("patients, senders", "results as ciphertext on their way to become records; labels"),
            Self::AccessRequest => ("patients, requesters", "who asks whom to be allowed what; an encrypted message"),
            Self::Notice => ("patients", "that something happened to a vault, and when"),
            Self::Subscription => ("patients, delegates", "addresses of webhooks and of mail"),
            Self::Invitation => ("patients", "which wallet used which invitation"),
            Self::Key => ("patients, guardians, custodians", "wrapped root secrets; who keeps shares"),
            Self::ConsentOpening => ("patients, grantees", "who allowed whom what, for how long, under which policy"),
            Self::Emergency => ("patients, clinicians", "who opened which records in an emergency, and the reason"),
            Self::DisclosureLog => ("patients, callers", "who asked for what, why, when, and what it came to"),
            Self::Erasure => ("patients", "that a record's content was destroyed, and when"),
            Self::Hold => ("patients", "that a content is kept, on whose order"),
            Self::Chain => ("patients, providers", "wallets, counts and times; see docs/threat-model.md"),
        }
    }

    pub fn purpose(self) -> &'static str {
        match self {
            Self::Content => "to keep the patient's records and give them to whom the patient allows",
            Self::MailboxItem => "to bring results to the patient",
            Self::AccessRequest => "to let the patient decide who may read",
            Self::Notice | Self::Subscription => "to tell the patient what happens to the records",
            Self::Invitation => "to pay the ledger's fees for invited patients",
            Self::Key => "to give patients their keys back",
            Self::ConsentOpening => "to decide each request by what the patient allowed",
            Self::Emergency => "to help in an emergency, and to answer for it",
            Self::DisclosureLog => "to account for every disclosure",
            Self::Erasure | Self::Hold => "to answer for what was destroyed and what was kept",
            Self::Chain => "to obey the patient's decisions, which the ledger holds",
        }
    }
}
