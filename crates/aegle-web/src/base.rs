//! The module that is loaded first: everything but FHIR.

mod consents;
mod emergency;
mod keyring;
mod log;
mod names;
mod receipts;
mod records;
mod sign_in;
mod words;

pub use consents::{
    Recipients, check_policy, granting, open_message, opened_policy, preview_policy, seal_message, vault_id,
};
pub use emergency::{
    CollectedShares, custodian_plan, custodians_of, deal_shares, emergency_statement, new_emergency, read_emergency,
};
pub use keyring::{MadeKeyring, PreparedRoot, SecretKeys, Unlocked, guardian_list, hand_over};
pub use log::{LogAudit, check_log, proves, proves_extension, read_checkpoint};
pub use names::named;
pub use receipts::{LedgerReading, Receipt};
pub use records::{Measuring, RecordOpening, Sealing, issue_message, mailed_record};
pub use sign_in::RequestKey;
pub use words::{refusals, vocabulary};
