//! A patient's accounting of disclosures (45 CFR 164.528): when, to whom, what, and for which purpose;
//! as JSON, as CSV, and as a PDF to hand to somebody.
//!
//! It is made of entries of the disclosure log. Who makes it says whether they checked that these are all
//! there are ([`Standing`]). Nothing here reads a clock, a file or a socket.

mod account;
mod pdf;
mod period;
mod table;

pub use aegle_exchange::profile::Profile;

pub use account::{Account, Accounted, Disclosed, Known, LogState, Party, Purpose, Shown, Standing, discloses};
pub use pdf::{PdfError, pdf};
pub use period::{Period, PeriodError};
pub use table::{TableError, csv};
