//! A generated ledger: vaults with records, consents and their changes, in the proportions of use.

use aegle_client::{
    Pubkey, events,
    state::{RecordStatus, TokenHolder},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use solana_transaction_status_client_types::UiConfirmedBlock;

use crate::blocks::{Tx, block_with, event_data};

const SEED: u64 = 1;
const AT: i64 = 1_767_225_600;

/// Blocks of `events` events, each in a transaction of its own, with their slots from 1 on.
pub fn generate(events: usize, per_block: usize) -> Vec<(u64, UiConfirmedBlock)> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut blocks = Vec::new();
    let mut pending = Vec::new();
    let mut number = 0;
    while number < events {
        let slot = blocks.len() as u64 + 1;
        for data in vault(&mut rng, slot) {
            let mut tx = Tx::new(0);
            let mut signature = [0; 64];
            rng.fill(&mut signature[..]);
            tx.signature = signature.into();
            pending.push(tx.event_bytes(data));
            number += 1;
            if pending.len() == per_block {
                let slot = blocks.len() as u64 + 1;
                blocks.push((slot, block_with(slot, 0, (slot - 1, 0), std::mem::take(&mut pending))));
            }
        }
    }
    blocks
}

/// The events of one vault's life.
fn vault(rng: &mut StdRng, slot: u64) -> Vec<Vec<u8>> {
    let at = AT;
    let (vault, owner, rent_payer): (Pubkey, Pubkey, Pubkey) = (key(rng), key(rng), key(rng));
    let mut all = vec![event_data(&events::VaultCreated {
        vault,
        vault_id: rng.r#gen(),
        bump: 255,
        owner,
        rent_payer,
        encryption_key: rng.r#gen(),
        delegate_mint_cap: 1_000,
        slot,
        at,
    })];
    let mut records = Vec::new();
    for record_count in 1..=8 {
        let event = events::RecordMinted {
            vault,
            record_id: rng.r#gen(),
            bump: 255,
            mint_bump: 254,
            commitment: rng.r#gen(),
            authority: owner,
            rent_payer,
            holder: TokenHolder::Owner,
            record_count,
            delegate_mints: 0,
            slot,
            at,
        };
        records.push(event.address());
        all.push(event_data(&event));
    }
    for (index, previous) in records[..2].iter().enumerate() {
        all.push(event_data(&events::RecordAmended {
            vault,
            record_id: rng.r#gen(),
            bump: 255,
            mint_bump: 254,
            commitment: rng.r#gen(),
            authority: owner,
            rent_payer,
            previous: *previous,
            record_version: 2,
            holder: TokenHolder::Owner,
            record_count: 9 + index as u64,
            delegate_mints: 0,
            slot,
            at,
        }));
    }
    all.push(event_data(&events::RecordErased {
        record: records[7],
        vault,
        authority: owner,
        old_status: RecordStatus::Active,
        new_status: RecordStatus::Erased,
        slot,
        at,
    }));
    let mut consents = Vec::new();
    for _ in 0..6 {
        let event = events::ConsentGranted {
            vault,
            consent_id: rng.r#gen(),
            bump: 255,
            handle: rng.r#gen(),
            policy_commitment: rng.r#gen(),
            authority: owner,
            rent_payer,
            purposes: 1,
            actions: 1,
            from_day: 20_454,
            until_day: 20_500,
            consent_epoch: 0,
            slot,
            at,
        };
        consents.push(event.address());
        all.push(event_data(&event));
    }
    all.push(event_data(&events::ConsentRevoked { consent: consents[0], vault, authority: owner, slot, at }));
    all.push(event_data(&events::AllConsentsRevoked {
        vault,
        authority: owner,
        old_consent_epoch: 0,
        new_consent_epoch: 1,
        slot,
        at,
    }));
    all
}

fn key(rng: &mut StdRng) -> Pubkey {
    Pubkey::new_from_array(rng.r#gen())
}
