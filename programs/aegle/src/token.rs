//! The token of a record, as steps: Token-2022 by CPI with the record as every authority.
//!
//! The mint has one token, no decimals, no mint authority once issued, no freeze authority, metadata
//! in itself, and cannot be transferred. The record may burn the token and close both accounts, so
//! that erasing and reissuing need nobody else's signature and the rent returns to who paid it.

use anchor_lang::{
    prelude::*,
    solana_program::{
        instruction::Instruction, program::invoke_signed_unchecked, program_error::ProgramError, system_instruction,
    },
};
use anchor_spl::token_2022::spl_token_2022::{
    extension::{StateWithExtensions, metadata_pointer},
    instruction::{self, AuthorityType},
    state::Account as TokenAccount,
};
use anchor_spl::token_2022_extensions::spl_token_metadata_interface;

use crate::pda;

pub const NAME: &str = "Aegle health record";
pub const SYMBOL: &str = "AEGLE";

/// Bytes of a record's mint with its extensions, metadata apart, and of the account that holds its
/// token. Computing them on chain costs some 1,500 compute units; a test compares them with
/// Token-2022's own arithmetic.
const MINT_LEN: usize = 310;
const TOKEN_LEN: usize = 174;

/// The accounts that token steps take. `record` signs by its seeds.
pub struct RecordToken<'a, 'info> {
    pub record: &'a AccountInfo<'info>,
    pub mint: &'a AccountInfo<'info>,
    pub token: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
    /// Seeds of the record, its bump included.
    pub seeds: &'a [&'a [u8]],
}

/// Who pays for new accounts.
pub struct Payer<'a, 'info> {
    pub payer: &'a AccountInfo<'info>,
}

impl<'info> RecordToken<'_, 'info> {
    /// Creates the mint with its extensions and metadata. `mint_bump` is the canonical bump.
    pub fn create_mint(&self, payer: &Payer<'_, 'info>, mint_bump: u8, uri: &str) -> Result<()> {
        let record = self.record.key;
        let mint = self.mint.key;
        let program = self.token_program.key;
        // Token-2022 grows the account when the metadata is written, out of lamports already there.
        let rent = Rent::get()?.minimum_balance(MINT_LEN + metadata_len(uri));
        let seeds: &[&[u8]] = &[pda::MINT, record.as_ref(), &[mint_bump]];
        payer.create(self.mint, MINT_LEN, rent, program, seeds)?;

        let accounts = std::slice::from_ref(self.mint);
        for initialize in [
            metadata_pointer::instruction::initialize(program, mint, None, Some(*mint))?,
            instruction::initialize_non_transferable_mint(program, mint)?,
            instruction::initialize_permanent_delegate(program, mint, record)?,
            instruction::initialize_mint_close_authority(program, mint, Some(record))?,
            instruction::initialize_mint2(program, mint, record, None, 0)?,
        ] {
            self.invoke(&initialize, accounts)?;
        }
        self.invoke(
            &spl_token_metadata_interface::instruction::initialize(
                program,
                mint,
                record,
                mint,
                record,
                NAME.into(),
                SYMBOL.into(),
                uri.into(),
            ),
            &[self.mint.clone(), self.record.clone()],
        )
    }

    /// Creates the account that holds the token in the signing `holder`'s name and issues it there.
    pub fn issue_to(&self, holder: &AccountInfo<'info>, payer: &Payer<'_, 'info>, token_bump: u8) -> Result<()> {
        self.create_account(payer, token_bump, holder.key)?;
        self.issue()?;
        self.secure_rent(holder)
    }

    /// Creates the account that holds the token in `holder`'s name.
    pub fn create_account(&self, payer: &Payer<'_, 'info>, token_bump: u8, holder: &Pubkey) -> Result<()> {
        let program = self.token_program.key;
        let rent = Rent::get()?.minimum_balance(TOKEN_LEN);
        let seeds: &[&[u8]] = &[pda::TOKEN, self.mint.key.as_ref(), holder.as_ref(), &[token_bump]];
        payer.create(self.token, TOKEN_LEN, rent, program, seeds)?;
        self.invoke(
            &instruction::initialize_immutable_owner(program, self.token.key)?,
            std::slice::from_ref(self.token),
        )?;
        self.invoke(
            &instruction::initialize_account3(program, self.token.key, self.mint.key, holder)?,
            &[self.token.clone(), self.mint.clone()],
        )
    }

    /// Issues the one token and gives up the right to mint more.
    pub fn issue(&self) -> Result<()> {
        let program = self.token_program.key;
        let record = self.record.key;
        self.invoke(
            &instruction::mint_to(program, self.mint.key, self.token.key, record, &[], 1)?,
            &[self.mint.clone(), self.token.clone(), self.record.clone()],
        )?;
        self.invoke(
            &instruction::set_authority(program, self.mint.key, None, AuthorityType::MintTokens, record, &[])?,
            &[self.mint.clone(), self.record.clone()],
        )
    }

    /// Lets only the record close the token account, so that its rent returns to who paid it.
    /// Token-2022 wants the holder's signature for this, which is why a token that a delegate mints
    /// stays in the record's own name.
    fn secure_rent(&self, holder: &AccountInfo<'info>) -> Result<()> {
        self.invoke(
            &instruction::set_authority(
                self.token_program.key,
                self.token.key,
                Some(self.record.key),
                AuthorityType::CloseAccount,
                holder.key,
                &[],
            )?,
            &[self.token.clone(), holder.clone()],
        )
    }

    /// Whether the token account still has the token.
    pub fn is_there(&self) -> Result<bool> {
        Ok(StateWithExtensions::<TokenAccount>::unpack(&self.token.try_borrow_data()?)?.base.amount > 0)
    }

    /// Burns the token where it still is, and closes token account and mint; the rent goes to
    /// `rent_payer`.
    pub fn destroy(&self, rent_payer: &AccountInfo<'info>) -> Result<()> {
        if self.is_there()? {
            let (program, record) = (self.token_program.key, self.record.key);
            self.invoke(
                &instruction::burn(program, self.token.key, self.mint.key, record, &[], 1)?,
                &[self.token.clone(), self.mint.clone(), self.record.clone()],
            )?;
        }
        self.close(self.token, rent_payer)?;
        self.close(self.mint, rent_payer)
    }

    fn close(&self, account: &AccountInfo<'info>, to: &AccountInfo<'info>) -> Result<()> {
        let close = instruction::close_account(self.token_program.key, account.key, to.key, self.record.key, &[])?;
        self.invoke(&close, &[account.clone(), to.clone(), self.record.clone()])
    }

    fn invoke(&self, instruction: &Instruction, accounts: &[AccountInfo<'info>]) -> Result<()> {
        // Unchecked: no borrow of these accounts is alive here, and the runtime checks the rest.
        invoke_signed_unchecked(instruction, accounts, &[self.seeds])?;
        Ok(())
    }
}

impl<'info> Payer<'_, 'info> {
    /// Creates `account` at its derived address, also where a stranger has already sent lamports.
    fn create(
        &self,
        account: &AccountInfo<'info>,
        space: usize,
        rent: u64,
        owner: &Pubkey,
        seeds: &[&[u8]],
    ) -> Result<()> {
        let from = self.payer;
        let held = account.lamports();
        let space = u64::try_from(space).map_err(|_| ProgramError::ArithmeticOverflow)?;
        if held == 0 {
            let create = system_instruction::create_account(from.key, account.key, rent, space, owner);
            invoke_signed_unchecked(&create, &[from.clone(), account.clone()], &[seeds])?;
            return Ok(());
        }
        if held < rent {
            let transfer = system_instruction::transfer(from.key, account.key, rent - held);
            invoke_signed_unchecked(&transfer, &[from.clone(), account.clone()], &[])?;
        }
        for step in [system_instruction::allocate(account.key, space), system_instruction::assign(account.key, owner)] {
            invoke_signed_unchecked(&step, std::slice::from_ref(account), &[seeds])?;
        }
        Ok(())
    }
}

/// Bytes that the metadata takes in the mint: the entry's type and length, update authority, mint,
/// three strings and an empty list.
const fn metadata_len(uri: &str) -> usize {
    2 + 2 + 32 + 32 + (4 + NAME.len()) + (4 + SYMBOL.len()) + (4 + uri.len()) + 4
}

#[cfg(test)]
mod tests {
    use anchor_spl::token_2022::spl_token_2022::{
        extension::ExtensionType::{self, *},
        state::Mint,
    };

    use super::*;

    #[test]
    fn the_lengths_are_those_of_token_2022() {
        let mint = [MetadataPointer, NonTransferable, PermanentDelegate, MintCloseAuthority];
        assert_eq!(ExtensionType::try_calculate_account_len::<Mint>(&mint), Ok(MINT_LEN));
        let token = [ImmutableOwner, NonTransferableAccount];
        assert_eq!(ExtensionType::try_calculate_account_len::<TokenAccount>(&token), Ok(TOKEN_LEN));
    }
}
