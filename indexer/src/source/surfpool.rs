//! Surfpool, the embedded local ledger, makes up its block hashes: those of empty blocks count slots,
//! those of others count blocks, so that children do not name their parents' hashes and two blocks
//! can share one. It has no forks. Such hashes are replaced by ones that follow from the slot alone,
//! where the configuration says that the node is Surfpool: another node could hide a fork this way.

use sha2::{Digest, Sha256};
use solana_transaction_status_client_types::UiConfirmedBlock;

/// What every hash that it makes up starts with; a real hash has it once in 10^28 blocks.
const PREFIX: &str = "SURFNETxSAFEHASH";

/// Makes the block of `slot` link to its parent, if it is Surfpool's.
pub fn link(slot: u64, block: &mut UiConfirmedBlock) {
    if block.blockhash.starts_with(PREFIX) && block.previous_blockhash.starts_with(PREFIX) {
        block.blockhash = hash(slot);
        block.previous_blockhash = hash(block.parent_slot);
    }
}

fn hash(slot: u64) -> String {
    let hash = Sha256::new().chain_update(PREFIX).chain_update(slot.to_le_bytes()).finalize();
    bs58::encode(hash).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hash: &str, parent_slot: u64, parent_hash: &str) -> UiConfirmedBlock {
        UiConfirmedBlock {
            previous_blockhash: parent_hash.into(),
            blockhash: hash.into(),
            parent_slot,
            transactions: None,
            signatures: None,
            rewards: None,
            num_reward_partitions: None,
            block_time: None,
            block_height: None,
        }
    }

    #[test]
    fn made_up_hashes_link_afterwards_and_real_ones_stay() {
        let mut parent =
            block("SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxxxxxxx34x", 861, "SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxxxxxxx33f");
        let mut child =
            block("SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxxxxxxx35f", 862, "SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxxxxxxx35e");
        link(862, &mut parent);
        link(863, &mut child);
        assert_eq!(child.previous_blockhash, parent.blockhash);

        let mut real =
            block("2Gj4cuxP4A7YrFhQPommu1ApzWqyX2taR5zVcLjvo85P", 1, "SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxxxxxxx35e");
        let before = real.clone();
        link(2, &mut real);
        assert_eq!(real, before);
    }
}
