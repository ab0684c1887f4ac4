//! Records and their tokens.

use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, NewRecordParams, ReissueRecordParams},
    events::{RecordAmended, RecordErased, RecordMarkedEnteredInError, RecordMinted, RecordReissued},
    state::{Record, RecordStatus, TokenHolder},
};
use anchor_lang::error::ErrorCode;
use anchor_spl::token_2022::{ID as TOKEN_2022, spl_token_2022::error::TokenError};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{
    Check, Content, Ledger, Outcome, Refusal, Shown, find, is_event_authority, is_program, optional, raised, require,
    vault::{MINT, is_as_expected},
};
use crate::call::Call;

/// Bytes of the account that holds a record's token.
pub const TOKEN_LEN: usize = 165 + 1 + 4 + 4;

/// Bytes of a record's mint: the mint, its type, a pointer to the metadata, that it cannot be
/// transferred, permanent delegate, close authority and the metadata.
pub fn mint_len(uri: &str) -> usize {
    165 + 1 + (4 + 64) + 4 + (4 + 32) + (4 + 32) + metadata_len(uri) + 4
}

/// Update authority, mint, name, symbol, address and no more fields.
pub fn metadata_len(uri: &str) -> usize {
    32 + 32 + (4 + 19) + (4 + 5) + (4 + uri.len()) + 4
}

fn refused_by_token(error: TokenError) -> Refusal {
    Refusal::Code(error as u32)
}

impl Ledger {
    /// Minting and, with a previous record, amending.
    pub(super) fn new_record(&mut self, call: &Call, params: &NewRecordParams, amends: bool) -> Outcome {
        let [
            authority,
            payer,
            config,
            vault_at,
            delegate,
            record_at,
            previous_at,
            mint_at,
            token_at,
            token_program,
            system,
            event_authority,
            _,
        ] = call.keys();
        let NewRecordParams { record_id, commitment, expected } = params;
        call.signed_by(authority)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let mut vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        let previous = optional(previous_at).map(|previous| self.record(previous)).transpose()?;
        is_program(token_program, TOKEN_2022)?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Record>(record_at, &[b"record", vault_at.as_ref(), record_id], payer)?;
        if let Some(previous) = &previous {
            call.may_write(previous_at)?;
            require(previous.vault == vault_at, AegleError::RecordMismatch)?;
        }
        let (mint, mint_bump) = find(&[b"mint", record_at.as_ref()]);
        require(mint_at == mint, ErrorCode::ConstraintSeeds)?;
        call.may_write(token_at)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        is_as_expected(&vault, expected)?;
        self.may(MINT, authority, vault_at, &vault, delegate.as_ref())?;
        let by_owner = authority == vault.owner;
        require(previous.is_some() == amends, AegleError::LineageMismatch)?;
        let mut record_version = 1;
        if let Some(mut previous) = previous {
            require(previous.status != RecordStatus::Erased, AegleError::RecordErased)?;
            require(previous.status == RecordStatus::Active, AegleError::RecordNotActive)?;
            record_version = raised(previous.record_version)?;
            previous.status = RecordStatus::Amended;
            previous.changed_slot = self.slot;
            previous.changed_at = self.now;
            self.write(previous_at, previous.into());
        }
        if !by_owner {
            require(vault.delegate_mints < vault.delegate_mint_cap, AegleError::DelegateMintCapReached)?;
            vault.delegate_mints += 1;
        }
        vault.record_count = vault.record_count.checked_add(1).ok_or(AegleError::CounterOverflow)?;
        // Only who signs can make sure that the rent comes back: a delegate's token is the record's.
        let holder = if by_owner { authority } else { record_at };
        require(token_at == find(&[b"token", mint.as_ref(), holder.as_ref()]).0, ErrorCode::ConstraintSeeds)?;
        require(*commitment != [0; 32], AegleError::ZeroCommitment)?;
        let (record_count, delegate_mints) = (vault.record_count, vault.delegate_mints);
        self.write(vault_at, vault.into());
        let record = Record {
            version: 1,
            bump,
            mint_bump,
            status: RecordStatus::Active,
            rent_payer: payer,
            vault: vault_at,
            record_id: *record_id,
            commitment: *commitment,
            record_version,
            previous: if amends { previous_at } else { Pubkey::default() },
            minted_slot: self.slot,
            minted_at: self.now,
            changed_slot: self.slot,
            changed_at: self.now,
            issues: 1,
            token: token_at,
        };
        self.write(record_at, record.into());
        self.issue(record_at, mint_at, token_at, holder, payer, config.record_uri)?;

        let (record_id, commitment) = (*record_id, *commitment);
        let holder = if by_owner { TokenHolder::Owner } else { TokenHolder::Record };
        let (vault, rent_payer, slot, at) = (vault_at, payer, self.slot, self.now);
        let event = if amends {
            Event::RecordAmended(RecordAmended {
                vault,
                record_id,
                bump,
                mint_bump,
                commitment,
                authority,
                rent_payer,
                previous: previous_at,
                record_version,
                holder,
                record_count,
                delegate_mints,
                slot,
                at,
            })
        } else {
            Event::RecordMinted(RecordMinted {
                vault,
                record_id,
                bump,
                mint_bump,
                commitment,
                authority,
                rent_payer,
                holder,
                record_count,
                delegate_mints,
                slot,
                at,
            })
        };
        Ok(event.into())
    }

    /// INV-4: a mint of one token, in the name of `holder`.
    fn issue(
        &mut self,
        record: Pubkey,
        mint: Pubkey,
        token: Pubkey,
        holder: Pubkey,
        payer: Pubkey,
        uri: String,
    ) -> Check {
        self.fund(mint, payer, mint_len(&uri))?;
        self.write(mint, Content::Mint { record, supply: 1, uri });
        self.fund(token, payer, TOKEN_LEN)?;
        let close_authority = (holder != record).then_some(record);
        self.write(token, Content::Token { mint, owner: holder, amount: 1, close_authority });
        Ok(())
    }

    pub(super) fn mark_record_entered_in_error(&mut self, call: &Call) -> Outcome {
        let [authority, vault_at, delegate, record_at, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        let mut record = self.record(record_at)?;
        require(record.vault == vault_at, AegleError::RecordMismatch)?;
        is_event_authority(event_authority)?;

        self.may(MINT, authority, vault_at, &vault, delegate.as_ref())?;
        let old_status = record.status;
        require(old_status != RecordStatus::Erased, AegleError::RecordErased)?;
        require(old_status != RecordStatus::EnteredInError, AegleError::RecordAlreadyInError)?;
        record.status = RecordStatus::EnteredInError;
        record.changed_slot = self.slot;
        record.changed_at = self.now;
        self.write(record_at, record.into());
        Ok(Event::RecordMarkedEnteredInError(RecordMarkedEnteredInError {
            record: record_at,
            vault: vault_at,
            authority,
            old_status,
            new_status: RecordStatus::EnteredInError,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    /// INV-12: token and mint go, and everything they hold goes to who paid their rent.
    pub(super) fn erase_record(&mut self, call: &Call) -> Outcome {
        let [owner, vault_at, record_at, rent_payer, mint, token, token_program, event_authority, _] = call.keys();
        call.signed_by(owner)?;
        let vault = self.vault(vault_at)?;
        let mut record = self.record(record_at)?;
        is_program(token_program, TOKEN_2022)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        require(record.vault == vault_at, AegleError::RecordMismatch)?;
        require(record.rent_payer == rent_payer, AegleError::RentPayerMismatch)?;
        require(record.token == token, AegleError::TokenMismatch)?;
        require(find(&[b"mint", record_at.as_ref()]).0 == mint, ErrorCode::ConstraintSeeds)?;
        is_event_authority(event_authority)?;

        let old_status = record.status;
        require(old_status != RecordStatus::Erased, AegleError::RecordErased)?;
        record.status = RecordStatus::Erased;
        record.changed_slot = self.slot;
        record.changed_at = self.now;
        self.write(record_at, record.into());
        self.close(token, rent_payer);
        self.close(mint, rent_payer);
        Ok(Event::RecordErased(RecordErased {
            record: record_at,
            vault: vault_at,
            authority: owner,
            old_status,
            new_status: RecordStatus::Erased,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn reissue_record(&mut self, call: &Call, params: &ReissueRecordParams) -> Outcome {
        let [
            owner,
            payer,
            config,
            vault_at,
            record_at,
            rent_payer,
            mint,
            old_token,
            token,
            token_program,
            system,
            event_authority,
            _,
        ] = call.keys();
        call.signed_by(owner)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let vault = self.vault(vault_at)?;
        let mut record = self.record(record_at)?;
        is_program(token_program, TOKEN_2022)?;
        is_program(system, SYSTEM)?;
        require(vault.owner == owner, AegleError::Unauthorized)?;
        require(record.vault == vault_at, AegleError::RecordMismatch)?;
        require(record.rent_payer == rent_payer, AegleError::RentPayerMismatch)?;
        require(record.token == old_token, AegleError::TokenMismatch)?;
        require(find(&[b"mint", record_at.as_ref()]).0 == mint, ErrorCode::ConstraintSeeds)?;
        require(find(&[b"token", mint.as_ref(), owner.as_ref()]).0 == token, ErrorCode::ConstraintSeeds)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        is_as_expected(&vault, &params.expected)?;
        require(record.status != RecordStatus::Erased, AegleError::RecordErased)?;
        record.token = token;
        record.rent_payer = payer;
        record.issues = raised(record.issues)?;
        let issues = record.issues;
        self.write(record_at, record.into());
        let there = matches!(self.get(&old_token).map(|it| &it.content), Some(Content::Token { amount: 1, .. }));
        require(old_token != token || !there, AegleError::TokenInPlace)?;
        self.close(old_token, rent_payer);
        self.close(mint, rent_payer);
        self.issue(record_at, mint, token, owner, payer, config.record_uri)?;
        Ok(Event::RecordReissued(RecordReissued {
            record: record_at,
            vault: vault_at,
            authority: owner,
            old_token,
            old_rent_payer: rent_payer,
            new_rent_payer: payer,
            issues,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    /// By Token-2022 directly: a holder can burn the own token.
    pub(super) fn burn_token(&mut self, call: &Call) -> Outcome {
        let [token_at, mint_at, authority] = call.keys();
        let (token, mint) = (self.get(&token_at), self.get(&mint_at));
        let Some(Content::Token { mint: of, owner, amount, close_authority }) = token.map(|it| it.content.clone())
        else {
            return Err(Refusal::IncorrectProgramId);
        };
        let Some(Content::Mint { record, supply, uri }) = mint.map(|it| it.content.clone()) else {
            return Err(Refusal::IncorrectProgramId);
        };
        require(amount > 0, refused_by_token(TokenError::InsufficientFunds))?;
        require(authority == owner, refused_by_token(TokenError::OwnerMismatch))?;
        self.write(token_at, Content::Token { mint: of, owner, amount: amount - 1, close_authority });
        self.write(mint_at, Content::Mint { record, supply: supply - 1, uri });
        Ok(Shown::default())
    }

    /// By Token-2022 directly: nobody but the record closes its token account.
    pub(super) fn close_token(&mut self, call: &Call) -> Outcome {
        let [token, _, _] = call.keys();
        match self.get(&token).map(|it| &it.content) {
            Some(Content::Token { amount: 0, .. }) => Err(refused_by_token(TokenError::OwnerMismatch)),
            Some(Content::Token { .. }) => Err(refused_by_token(TokenError::NonNativeHasBalance)),
            _ => Err(Refusal::IncorrectProgramId),
        }
    }
}
