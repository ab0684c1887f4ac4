//! A patient's root secret: made, wrapped, stored, unlocked and replaced.

use aegle_client::{Pubkey, Sent, aegle::RotateKeyParams, instruction};
use aegle_decision::Key;
use aegle_envelope::{
    Keyring, RecoveryCode, RootSecret,
    keyring::{Share, WalletMessage, WalletSecret},
};
use aegle_exchange::keyring::{NewKeyring, StoredKeyring, Way as Opening, wallet_message};
use rand::{CryptoRng, RngCore};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{Error, Origin, Pay, Session, Unlocked, chain, wire::Stored};

pub use aegle_exchange::keyring::{Guardians, Made};

/// Makes the root of an epoch, or wraps one that is there; `wallet` signs twice. `previous` is the root
/// of the epoch before.
///
/// # Errors
/// A wallet that signs differently each time, guardians that cannot be.
pub fn make(
    origin: &Origin,
    wallet: &dyn Signer,
    unlocked: &Unlocked,
    guardians: Option<Guardians<'_>>,
    previous: Option<(u32, &RootSecret)>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Made, Error> {
    let (key_epoch, _) = unlocked.newest()?;
    let secret = wallet_secret(origin, wallet, unlocked.vault(), key_epoch)?;
    Ok(Made::new(&secret, unlocked, guardians, previous, rng)?)
}

/// The newest keyring of `unlocked` among `keyrings`, to be opened by `wallet` on another site too.
///
/// # Errors
/// There is none, or a wallet that signs differently each time.
pub(crate) fn for_site(
    keyrings: &mut [Keyring],
    unlocked: &Unlocked,
    site: &Origin,
    wallet: &dyn Signer,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(), Error> {
    let (key_epoch, root) = unlocked.newest()?;
    let newest = keyrings.iter_mut().find(|keyring| keyring.key_epoch() == key_epoch);
    let newest = newest.ok_or(Error::NoKey("the server has no keyring for the vault's present key"))?;
    newest.set_wallet(root, &wallet_secret(site, wallet, unlocked.vault(), key_epoch)?, rng)?;
    Ok(())
}

/// What only the wallet can make: the signature that unlocks.
fn wallet_secret(origin: &Origin, wallet: &dyn Signer, vault: Key, key_epoch: u32) -> Result<WalletSecret, Error> {
    let owner = Key(wallet.pubkey().to_bytes());
    sign_twice(WalletMessage::new(&origin.domain, &origin.uri, owner, vault, key_epoch)?, wallet)
}

fn sign_twice(message: WalletMessage, wallet: &dyn Signer) -> Result<WalletSecret, Error> {
    let text = message.to_string();
    let sign = || wallet.try_sign_message(text.as_bytes()).map(<[u8; 64]>::from);
    Ok(message.signed(&sign()?, &sign()?)?)
}

/// Stores a keyring, in the place of an earlier one of its epoch, and gives each guardian the own share.
///
/// # Errors
/// The server's; the vault has to be in its mirror, with the caller as its owner.
pub async fn store(session: &Session, keyring: &Keyring) -> Result<(), Error> {
    session.post::<Stored>("/v1/keyrings", &NewKeyring::new(keyring)?).await.map(drop)
}

/// The keyrings of the caller's vault, the newest first.
///
/// # Errors
/// The server's; one of another vault.
pub async fn list(session: &Session, vault: Key) -> Result<Vec<Keyring>, Error> {
    let stored: Vec<StoredKeyring> = session.list("/v1/keyrings", &[("patient", vault.to_string())]).await?;
    Ok(aegle_exchange::keyring::read(&stored, vault)?)
}

/// What opens a keyring.
pub enum Way<'a> {
    Wallet(&'a dyn Signer),
    Code(&'a RecoveryCode),
    /// The guardians' shares, opened.
    Shares(&'a [Share]),
}

/// Unlocks the root secrets of `vault`. The newest is that of the key that the vault has on chain, so that
/// no server can pass an old keyring, or one of its own, for it.
///
/// # Errors
/// The server's, a keyring that does not open this way or is not the vault's.
pub async fn unlock(
    session: &Session,
    reader: &aegle_client::Reader,
    vault: Key,
    way: Way<'_>,
) -> Result<Unlocked, Error> {
    let state = chain::vault(reader, &vault).await?;
    let keyrings = list(session, vault).await?;
    let secret;
    let way = match way {
        Way::Wallet(wallet) => {
            let Origin { domain, uri } = session.api().origin();
            let owner = Key(wallet.pubkey().to_bytes());
            secret = sign_twice(wallet_message(&keyrings, (domain, uri), owner, &state, vault)?, wallet)?;
            Opening::Wallet(&secret)
        }
        Way::Code(code) => Opening::Code(code),
        Way::Shares(shares) => Opening::Shares(shares),
    };
    Ok(aegle_exchange::keyring::unlock(&keyrings, &state, vault, way)?)
}

/// A vault's key epoch that begins, and the new ways to it.
pub struct Rotated {
    pub unlocked: Unlocked,
    pub code: RecoveryCode,
    pub sent: Sent,
}

/// Begins a key epoch: a new root, its keyring, then the vault's new key on chain. What was before is then
/// to be wrapped anew, by [`crate::wrap::fill`], once the mirror has passed the slot.
///
/// # Errors
/// The server's or the program's. A keyring without its epoch opens nothing and is replaced.
pub async fn rotate(
    session: &Session,
    pay: &Pay<'_>,
    signer: &Keypair,
    unlocked: Unlocked,
    guardians: Option<Guardians<'_>>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Rotated, Error> {
    let vault = unlocked.vault();
    let state = chain::vault(pay.reader(), &vault).await?;
    let epoch = state.key_epoch.checked_add(1).ok_or(Error::NoKey("there are no more key epochs"))?;
    let unlocked = unlocked.followed_by(epoch, RootSecret::generate(rng));
    let made = make(session.api().origin(), signer, &unlocked, guardians, unlocked.before_newest(), rng)?;
    store(session, &made.keyring).await?;
    let params =
        RotateKeyParams { encryption_key: unlocked.encryption_key()?.0, expected: instruction::expected(&state) };
    let sent = pay.send(&[instruction::rotate_key(Pubkey::from(vault.0), params)], &[signer]).await?;
    Ok(Rotated { unlocked, code: made.code, sent })
}
