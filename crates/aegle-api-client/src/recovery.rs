//! Guardians' shares, on their way to them and back.

use aegle_client::{Reader, state::Recovery};
use aegle_decision::Key;
use aegle_envelope::SecretKey;
use rand::{CryptoRng, RngCore};

use crate::{
    Error, Session, Unlocked, chain,
    keyring::{self, Made},
    wire::{KeptShare, Stored},
};

pub use aegle_exchange::keyring::{Prepared, guardian_shares};

/// The shares that the caller keeps as a guardian, or was given as a new owner.
///
/// # Errors
/// The server's.
pub async fn shares(session: &Session) -> Result<Vec<KeptShare>, Error> {
    session.list("/v1/guardian-shares", &[]).await
}

/// As a guardian: opens the own share of a vault and encrypts it to the key that the recovery at `recovery`
/// publishes, which the chain is asked for.
///
/// # Errors
/// No share, or a key that does not open it; the server's or the node's.
pub async fn hand_over(
    session: &Session,
    reader: &Reader,
    secret: &SecretKey,
    recovery: Key,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(), Error> {
    let state: Recovery = reader.account("recovery", &recovery.0.into()).await?;
    let kept = shares(session).await?;
    let handed = aegle_exchange::keyring::hand_over(&kept, session.wallet(), secret, recovery, &state, rng)?;
    session.post::<Stored>("/v1/guardian-shares", &handed).await.map(drop)
}

/// Prepares the root of a new owner.
///
/// # Errors
/// The node's.
pub async fn prepare(reader: &Reader, vault: Key, rng: &mut (impl RngCore + CryptoRng)) -> Result<Prepared, Error> {
    Ok(Prepared::new(vault, &chain::vault(reader, &vault).await?, rng))
}

/// As the new owner, after the recovery was executed: opens what the guardians handed over, and with it
/// everything that was, and stores a keyring of the new epoch. The records' keys are then to be wrapped
/// anew, by [`crate::wrap::fill`].
///
/// # Errors
/// Too few shares; the server's or the node's.
pub async fn take_over(
    session: &Session,
    reader: &Reader,
    wallet: &dyn solana_signer::Signer,
    prepared: &Prepared,
    guardians: Option<keyring::Guardians<'_>>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(Unlocked, Made), Error> {
    let vault = prepared.vault;
    let state = chain::vault(reader, &vault).await?;
    let keyrings = keyring::list(session, vault).await?;
    let unlocked = prepared.take_over(&shares(session).await?, session.wallet(), &keyrings, &state)?;
    let made = keyring::make(session.api().origin(), wallet, &unlocked, guardians, unlocked.before_newest(), rng)?;
    keyring::store(session, &made.keyring).await?;
    Ok((unlocked, made))
}
