use std::time::Duration;

use aegle_client::{
    Pubkey, Reader,
    state::{Credential, Record, Registrar, Vault},
};
use aegle_decision::Key;
use aegle_envelope::EncryptionKey;
use aegle_exchange::recipients;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    Api, Error,
    wire::{Answer, CredentialState, Page},
};

const POLL: Duration = Duration::from_millis(100);

/// How far the mirror is.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Mirror {
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
}

impl Api {
    /// # Errors
    /// The server's.
    pub async fn mirror(&self) -> Result<Mirror, Error> {
        self.get("/v1/chain/status", &[]).await
    }

    /// Waits until the mirror has passed `slot`: its finalized state, or its confirmed one.
    ///
    /// # Errors
    /// A mirror that is not there within the time.
    pub async fn reached(&self, slot: u64, finalized: bool, within: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        loop {
            let passed = self
                .mirror()
                .await
                .map(|mirror| slot <= if finalized { mirror.finalized_slot } else { mirror.confirmed_slot });
            match passed {
                Ok(true) => return Ok(()),
                Err(error) if !error.is_passing() => return Err(error),
                _ if Instant::now() > deadline => return Err(Error::Answer("the mirror does not follow the chain")),
                _ => sleep(POLL).await,
            }
        }
    }

    /// The credential as it was when `slot` was over.
    ///
    /// # Errors
    /// The server's, also where its mirror begins after that slot.
    pub async fn credential_at(&self, credential: &Key, slot: u64) -> Result<CredentialState, Error> {
        let path = format!("/v1/chain/credentials/{credential}");
        Ok(self.get::<Answer<CredentialState>>(&path, &[("as_of_slot", slot.to_string())]).await?.data)
    }

    /// Addresses of the credentials of `subject`, in no order of trust.
    ///
    /// # Errors
    /// The server's.
    pub async fn credentials_of(&self, subject: &Key) -> Result<Vec<Key>, Error> {
        let query = [("subject", subject.to_string()), ("commitment", "confirmed".into()), ("limit", "200".into())];
        let page: Page<CredentialState> = self.get("/v1/chain/credentials", &query).await?;
        Ok(page.data.into_iter().map(|found| found.credential).collect())
    }
}

pub(crate) async fn vault(reader: &Reader, vault: &Key) -> Result<Vault, Error> {
    Ok(reader.account("vault", &Pubkey::from(vault.0)).await?)
}

/// Who attests a credential.
pub(crate) async fn registrar(reader: &Reader, credential: &Credential) -> Result<Registrar, Error> {
    Ok(reader.account("registrar", &credential.registrar).await?)
}

/// The commitment that the chain has of a record.
pub(crate) async fn record(reader: &Reader, record: &Key) -> Result<Record, Error> {
    Ok(reader.account("record", &Pubkey::from(record.0)).await?)
}

/// The keys that registrars attest for `subject`, read from the chain: the server says only where.
///
/// # Errors
/// The server's or the node's.
pub async fn attested_keys(api: &Api, reader: &Reader, subject: &Key) -> Result<Vec<EncryptionKey>, Error> {
    let mut credentials: Vec<Credential> = Vec::new();
    for address in api.credentials_of(subject).await? {
        credentials.push(reader.account("credential", &Pubkey::from(address.0)).await?);
    }
    Ok(recipients::attested(&credentials, subject))
}
