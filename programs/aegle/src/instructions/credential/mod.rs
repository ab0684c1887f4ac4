mod change_credential_status;
mod issue_credential;
mod renew_credential;

pub use change_credential_status::*;
pub use issue_credential::*;
pub use renew_credential::*;
