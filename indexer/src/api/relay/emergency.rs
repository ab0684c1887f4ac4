//! Openings in an emergency, which the relay submits by its own key: the chain names no clinician.

use std::{sync::Arc, time::Duration};

use aegle_client::{
    Pubkey, SendError, Sender, aegle::OpenBreakGlassParams, instruction::open_break_glass, pda, state::BreakGlass,
};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;

use super::Relay;
use crate::api::{bytes::Address, error::ApiError};

/// How long the node may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Relay {
    /// Opens a vault in an emergency for `wallet`, confirmed; what is open already, with this commitment,
    /// stays so.
    ///
    /// # Errors
    /// The program's refusal, too many requests, a relay without money, or a node that does not answer.
    pub async fn open_emergency(
        &self,
        wallet: Address,
        vault: Pubkey,
        params: OpenBreakGlassParams,
    ) -> Result<(), ApiError> {
        self.limit(wallet.0)?;
        let url = self.config.rpc_url.as_ref().ok_or(ApiError::RelayOff)?.expose();
        let commitment = CommitmentConfig::confirmed();
        let rpc = RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, commitment);
        let sender = Sender::new(Arc::new(rpc), self.key.clone(), commitment);
        let (address, _) = pda::find_break_glass(&vault, &params.break_glass_id);
        match sender.account::<BreakGlass>("emergency opening", &address).await {
            Ok(opened) if opened.commitment == params.commitment => return Ok(()),
            Ok(_) => return Err(ApiError::CommitmentMismatch),
            Err(SendError::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        let relay = self.payer();
        sender.send(&[open_break_glass(vault, relay, relay, params)], &[]).await.map_err(failed)?;
        Ok(())
    }
}

fn failed(error: SendError) -> ApiError {
    match error {
        SendError::PayerEmpty { .. } => ApiError::RelayEmpty,
        SendError::Refused(_) | SendError::Failed(_) => ApiError::TransactionFails(error.to_string()),
        // Its address may hold a key of the operator's.
        SendError::Node { source, .. } => ApiError::NodeAway(source.to_string()),
        error => ApiError::NodeAway(error.to_string()),
    }
}
