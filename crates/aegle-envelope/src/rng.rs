use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use rand::{CryptoRng, RngCore};

/// A generator of `rand` 0.8, which this project uses, as the one of `rand_core` 0.10 that the
/// libraries below take.
pub(crate) struct Adapted<'a, G>(pub &'a mut G);

impl<G: RngCore> TryRng for Adapted<'_, G> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<G: RngCore + CryptoRng> TryCryptoRng for Adapted<'_, G> {}

pub(crate) fn random<const N: usize>(rng: &mut (impl RngCore + CryptoRng)) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
