//! Random ids, chosen so that the addresses derived from them have the first bump tried. It costs
//! the client microseconds and saves the transaction 1,500 compute units for every further try.

use aegle::pda;
use anchor_lang::prelude::Pubkey;
use rand::{RngCore, SeedableRng, rngs::StdRng};

use crate::{Authority, commitment::random_bytes};

const FIRST_BUMP: u8 = u8::MAX;

pub fn vault_id(rng: &mut impl RngCore) -> [u8; 32] {
    search(rng, |id| pda::find_vault(id).1 == FIRST_BUMP)
}

/// An id for a record of `owner` that `authority` mints.
pub fn record_id(rng: &mut impl RngCore, vault: &Pubkey, owner: &Pubkey, authority: &Authority) -> [u8; 32] {
    search(rng, |id| {
        let (record, bump) = pda::find_record(vault, id);
        let (mint, mint_bump) = pda::find_mint(&record);
        let holder = authority.token_holder(owner, &record);
        bump == FIRST_BUMP && mint_bump == FIRST_BUMP && pda::find_token(&mint, &holder).1 == FIRST_BUMP
    })
}

/// The id of the record that a mailbox item becomes, from the item's 32 random bytes. It is the same whoever takes the item in, owner or delegate,
/// so that two who do so at once cannot make two records of it.
pub fn mailed_record_id(item: &[u8; 32], vault: &Pubkey) -> [u8; 32] {
    search(&mut StdRng::from_seed(*item), |id| {
        let (record, bump) = pda::find_record(vault, id);
        let (mint, mint_bump) = pda::find_mint(&record);
        // A delegate's token is in the record's own name.
        bump == FIRST_BUMP && mint_bump == FIRST_BUMP && pda::find_token(&mint, &record).1 == FIRST_BUMP
    })
}

pub fn consent_id(rng: &mut impl RngCore, vault: &Pubkey) -> [u8; 32] {
    search(rng, |id| pda::find_consent(vault, id).1 == FIRST_BUMP)
}

pub fn recovery_id(rng: &mut impl RngCore, vault: &Pubkey) -> [u8; 32] {
    search(rng, |id| pda::find_recovery(vault, id).1 == FIRST_BUMP)
}

pub fn break_glass_id(rng: &mut impl RngCore, vault: &Pubkey) -> [u8; 32] {
    search(rng, |id| pda::find_break_glass(vault, id).1 == FIRST_BUMP)
}

fn search(rng: &mut impl RngCore, accept: impl Fn(&[u8; 32]) -> bool) -> [u8; 32] {
    loop {
        let id = random_bytes(rng);
        if accept(&id) {
            return id;
        }
    }
}
