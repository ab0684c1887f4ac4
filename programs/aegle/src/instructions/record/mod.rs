mod amend_record;
mod erase_record;
mod mark_record_entered_in_error;
mod mint_record;
mod new_record;
mod reissue_record;

pub use erase_record::*;
pub use mark_record_entered_in_error::*;
pub use new_record::*;
pub use reissue_record::*;
