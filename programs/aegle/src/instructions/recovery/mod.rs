mod approve_recovery;
mod execute_recovery;
mod propose_recovery;
mod veto_recovery;

pub use approve_recovery::*;
pub use execute_recovery::*;
pub use propose_recovery::*;
pub use veto_recovery::*;
