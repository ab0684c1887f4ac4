/// Lets `$part`, the first fields of account `$whole`, be read as an account of its own. It is never
/// written: what an instruction changes it reads whole.
macro_rules! read_prefix {
    ($part:ident of $whole:ident) => {
        impl anchor_lang::AccountDeserialize for $part {
            fn try_deserialize_unchecked(data: &mut &[u8]) -> anchor_lang::Result<Self> {
                let discriminator = <$whole as anchor_lang::Discriminator>::DISCRIMINATOR;
                let mut fields = data
                    .strip_prefix(discriminator)
                    .ok_or(anchor_lang::error::ErrorCode::AccountDiscriminatorMismatch)?;
                <Self as anchor_lang::AnchorDeserialize>::deserialize(&mut fields)
                    .map_err(|_| anchor_lang::error::ErrorCode::AccountDidNotDeserialize.into())
            }

            fn try_deserialize(data: &mut &[u8]) -> anchor_lang::Result<Self> {
                Self::try_deserialize_unchecked(data)
            }
        }

        impl anchor_lang::AccountSerialize for $part {}

        impl anchor_lang::Owner for $part {
            fn owner() -> anchor_lang::prelude::Pubkey {
                crate::ID
            }
        }

        #[cfg(feature = "idl-build")]
        impl anchor_lang::Discriminator for $part {
            const DISCRIMINATOR: &'static [u8] = <$whole as anchor_lang::Discriminator>::DISCRIMINATOR;
        }

        // The IDL names the whole account only: two of one discriminator would be ambiguous.
        #[cfg(feature = "idl-build")]
        impl anchor_lang::IdlBuild for $part {}
    };
}
pub(crate) use read_prefix;

mod audit_root;
mod break_glass;
mod config;
mod consent;
mod credential;
mod delegate;
mod guardian;
mod record;
mod recovery;
mod registrar;
mod vault;

pub use audit_root::*;
pub use break_glass::*;
pub use config::*;
pub use consent::*;
pub use credential::*;
pub use delegate::*;
pub use guardian::*;
pub use record::*;
pub use recovery::*;
pub use registrar::*;
pub use vault::*;

/// Layout version every account starts with.
pub const VERSION: u8 = 1;

/// Seconds in the whole days that periods are given in.
pub const DAY: i64 = 86_400;

/// The longest period of a consent or a delegate, in days.
pub const MAX_PERIOD_DAYS: u32 = 36_525;

/// The day, since the Unix epoch, of a time in seconds; none before it.
pub fn day_of(now: i64) -> Option<u32> {
    // Unsigned: the SBF virtual machine divides no signed numbers.
    let day = u64::try_from(now).ok()? / DAY.unsigned_abs();
    u32::try_from(day).ok()
}

/// Whether the days `from..until` (since the Unix epoch, UTC, the end excluded) hold `now`, in seconds.
pub fn period_holds(from: u32, until: u32, now: i64) -> bool {
    now >= i64::from(from) * DAY && now < i64::from(until) * DAY
}

/// Whether a new period is not empty, not over and not beyond the limit.
#[inline(always)]
pub fn period_is_valid(from: u32, until: u32, now: i64) -> bool {
    from < until && until - from <= MAX_PERIOD_DAYS && now < i64::from(until) * DAY
}
