mod add_registrar;
mod remove_registrar;

pub use add_registrar::*;
pub use remove_registrar::*;
