mod config;
mod consent;
mod delegate;
mod record;
mod vault;

pub use config::*;
pub use consent::*;
pub use delegate::*;
pub use record::*;
pub use vault::*;
