mod open_break_glass;
mod review_break_glass;

pub use open_break_glass::*;
pub use review_break_glass::*;
