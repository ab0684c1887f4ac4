mod content;
mod emergency;
mod keyring;
mod pieces;
mod reading_key;
mod record;
mod secrets;
mod vectors;
mod wrap;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
