mod create_vault;
mod rotate_key;
mod set_delegate_mint_cap;
mod set_emergency_policy;

pub use create_vault::*;
pub use rotate_key::*;
pub use set_delegate_mint_cap::*;
pub use set_emergency_policy::*;
