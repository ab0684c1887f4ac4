mod add_delegate;
mod remove_delegate;

pub use add_delegate::*;
pub use remove_delegate::*;
