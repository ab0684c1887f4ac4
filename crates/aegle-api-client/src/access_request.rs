use aegle_client::Reader;
use aegle_decision::Key;
use aegle_envelope::EncryptionKey;
use rand::{CryptoRng, RngCore};
use serde::Serialize;

use crate::{
    Error, Session, chain, seal_message,
    wire::{AccessRequest, base64_bytes},
};

#[derive(Serialize)]
struct NewAccessRequest {
    vault: Key,
    purposes: u16,
    actions: u8,
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    message: Option<Vec<u8>>,
}

impl Session {
    /// Asks a patient to allow something; a message is encrypted to the vault's key on chain.
    ///
    /// # Errors
    /// The server's or the node's.
    pub async fn request_access(
        &self,
        reader: &Reader,
        vault: Key,
        (purposes, actions): (u16, u8),
        message: Option<&str>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<AccessRequest, Error> {
        let message = match message {
            Some(text) => {
                let recipient = EncryptionKey(chain::vault(reader, &vault).await?.encryption_key);
                Some(seal_message(vault, &recipient, text, rng)?)
            }
            None => None,
        };
        self.post("/v1/access-requests", &NewAccessRequest { vault, purposes, actions, message }).await
    }

    /// What the patient of `vault` is asked; without one, what the caller asks.
    ///
    /// # Errors
    /// The server's.
    pub async fn access_requests(&self, vault: Option<Key>) -> Result<Vec<AccessRequest>, Error> {
        let query: Vec<_> = vault.iter().map(|vault| ("patient", vault.to_string())).collect();
        self.pages(None, "/v1/access-requests", &query).await
    }

    /// Withdraws a request, or lays it aside.
    ///
    /// # Errors
    /// The server's.
    pub async fn withdraw(&self, request: &AccessRequest) -> Result<(), Error> {
        self.delete(&format!("/v1/access-requests/{}/{}", request.vault, hex::encode(request.request.0))).await
    }
}
