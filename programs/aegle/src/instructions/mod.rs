mod config;
mod consent;
mod credential;
mod delegate;
mod guardian;
mod record;
mod recovery;
mod registrar;
mod vault;

pub use config::*;
pub use consent::*;
pub use credential::*;
pub use delegate::*;
pub use guardian::*;
pub use record::*;
pub use recovery::*;
pub use registrar::*;
pub use vault::*;
