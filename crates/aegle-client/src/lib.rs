//! The one client of the Aegle program, used by the CLI, the indexer, the demo and the tests.

mod authority;
pub mod base58;
pub mod commitment;
#[cfg(feature = "rpc")]
pub mod deploy;
#[cfg(feature = "rpc")]
pub mod deployment;
pub mod error;
pub mod event;
pub mod history;
pub mod id;
#[cfg(not(target_arch = "wasm32"))]
pub mod instruction;
#[cfg(feature = "rpc")]
pub mod reader;
#[cfg(feature = "rpc")]
pub mod sender;
#[cfg(feature = "ledger")]
pub mod transaction;

pub use aegle::{self, ID as PROGRAM_ID, events, pda, state};
pub use anchor_lang::{AccountDeserialize, AccountSerialize, AnchorDeserialize, Discriminator, Space, prelude::Pubkey};
pub use authority::Authority;
pub use error::ProgramError;
pub use event::Event;
#[cfg(feature = "rpc")]
pub use reader::Reader;
#[cfg(feature = "rpc")]
pub use sender::{SendError, Sender, Sent};
