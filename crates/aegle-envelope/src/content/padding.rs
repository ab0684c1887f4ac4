/// The Padmé length for `length` bytes: at most 12 % more, and only O(log log n) bits of a length show.
///
/// See Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs,
/// PoPETs 2019, section 4.3. Lengths above 2^63 stay as they are.
pub fn padded_length(length: u64) -> u64 {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| (1..63).contains(exponent)) else {
        return length;
    };
    let kept = exponent.ilog2() + 1;
    let mask = (1u64 << exponent.saturating_sub(kept)) - 1;
    (length + mask) & !mask
}
