mod check_consent;
mod grant_consent;
mod revoke_all_consents;
mod revoke_consent;

pub use check_consent::*;
pub use grant_consent::*;
pub use revoke_all_consents::*;
pub use revoke_consent::*;
