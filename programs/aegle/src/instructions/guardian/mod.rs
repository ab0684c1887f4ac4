mod apply_guardian_change;
mod change_guardians;

pub use apply_guardian_change::*;
pub use change_guardians::*;
