use anchor_lang::prelude::*;

use crate::error::AegleError;

/// The longest public address a record token may point to, in bytes.
pub const MAX_RECORD_URI: usize = 80;

/// Settings of the deployment, one account.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Config {
    pub version: u8,
    pub bump: u8,
    pub paused: bool,
    pub rent_payer: Pubkey,
    pub governance: Pubkey,
    /// Bounds of the delay between a recovery's proposal and its execution, in seconds.
    pub min_recovery_delay: i64,
    pub max_recovery_delay: i64,
    /// Mints that dataset licences may be paid in; zero where unused.
    pub payment_mints: [Pubkey; 4],
    /// Address of the public JSON that every record token points to.
    #[max_len(MAX_RECORD_URI)]
    pub record_uri: String,
    pub reserved: [u8; 64],
}

impl Config {
    pub fn invariant(&self) -> Result<()> {
        require_keys_neq!(self.governance, Pubkey::default(), AegleError::ZeroKey);
        require!(
            0 < self.min_recovery_delay && self.min_recovery_delay <= self.max_recovery_delay,
            AegleError::InvalidRecoveryDelay
        );
        require!(!self.record_uri.is_empty() && self.record_uri.len() <= MAX_RECORD_URI, AegleError::InvalidRecordUri);
        Ok(())
    }

    pub fn pause(&self) -> ConfigPause {
        let Self { version, bump, paused, .. } = *self;
        ConfigPause { version, bump, paused }
    }
}

/// Whether the program is paused: the first fields of [`Config`], in its order.
#[derive(AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigPause {
    pub version: u8,
    pub bump: u8,
    pub paused: bool,
}

impl ConfigPause {
    pub fn require_running(&self) -> Result<()> {
        require!(!self.paused, AegleError::Paused);
        Ok(())
    }
}

super::read_prefix!(ConfigPause of Config);
