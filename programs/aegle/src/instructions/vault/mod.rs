mod create_vault;
mod rotate_key;

pub use create_vault::*;
pub use rotate_key::*;
