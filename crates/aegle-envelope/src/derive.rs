use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// HKDF-SHA256 (RFC 5869) with the parts of `info` one after the other, to 32 bytes.
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // HKDF-SHA256 gives up to 8,160 bytes, so that these 32 cannot be too many.
    Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, &mut *key).expect("32 bytes are few enough");
    key
}
