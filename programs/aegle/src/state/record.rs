use anchor_lang::prelude::*;

use crate::error::AegleError;

#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    Active,
    /// A newer version exists.
    Amended,
    EnteredInError,
    /// The token is gone; this account remains as a tombstone.
    Erased,
}

/// In whose name a record's token is.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHolder {
    Owner,
    /// The record itself, until the owner has it reissued: only a holder's signature keeps the rent of
    /// the holder's token account for who paid it.
    Record,
}

impl TokenHolder {
    pub fn key(self, owner: &Pubkey, record: &Pubkey) -> Pubkey {
        match self {
            Self::Owner => *owner,
            Self::Record => *record,
        }
    }
}

/// A commitment to one version of a health record. The token in the owner's wallet shows it and
/// gives no authority.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Record {
    pub version: u8,
    pub bump: u8,
    pub mint_bump: u8,
    pub status: RecordStatus,
    /// Paid the rent, and gets that of token and mint back.
    pub rent_payer: Pubkey,
    pub vault: Pubkey,
    pub record_id: [u8; 32],
    /// SHA-256 over a 32-byte salt and the manifest.
    pub commitment: [u8; 32],
    /// 1 for an original, one more for each amendment.
    pub record_version: u32,
    /// The record this one amends; zero for an original.
    pub previous: Pubkey,
    pub minted_slot: u64,
    pub minted_at: i64,
    /// Slot and time of the last change of status.
    pub changed_slot: u64,
    pub changed_at: i64,
    /// How often the token was issued.
    pub issues: u32,
    /// The account that holds the token, at its address for whom it was issued to.
    pub token: Pubkey,
}

impl Record {
    pub fn invariant(&self) -> Result<()> {
        require!(self.commitment != [0; 32], AegleError::ZeroCommitment);
        Ok(())
    }

    pub fn amend(&mut self, clock: &Clock) -> Result<()> {
        require!(self.status != RecordStatus::Erased, AegleError::RecordErased);
        require!(self.status == RecordStatus::Active, AegleError::RecordNotActive);
        self.change(RecordStatus::Amended, clock);
        Ok(())
    }

    pub fn mark_entered_in_error(&mut self, clock: &Clock) -> Result<()> {
        require!(self.status != RecordStatus::Erased, AegleError::RecordErased);
        require!(self.status != RecordStatus::EnteredInError, AegleError::RecordAlreadyInError);
        self.change(RecordStatus::EnteredInError, clock);
        Ok(())
    }

    pub fn erase(&mut self, clock: &Clock) -> Result<()> {
        require!(self.status != RecordStatus::Erased, AegleError::RecordErased);
        self.change(RecordStatus::Erased, clock);
        Ok(())
    }

    pub fn reissue(&mut self, token: Pubkey, rent_payer: Pubkey) -> Result<()> {
        require!(self.status != RecordStatus::Erased, AegleError::RecordErased);
        self.token = token;
        self.rent_payer = rent_payer;
        self.issues = self.issues.checked_add(1).ok_or(AegleError::CounterOverflow)?;
        Ok(())
    }

    fn change(&mut self, status: RecordStatus, clock: &Clock) {
        self.status = status;
        self.changed_slot = clock.slot;
        self.changed_at = clock.unix_timestamp;
    }
}
