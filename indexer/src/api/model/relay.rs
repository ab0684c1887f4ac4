use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{
    bytes::{Address, Signature},
    store::relay::RelayStatus,
};

/// For whom and for what the relay pays.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelayTerms {
    /// The key that is to be the fee payer, and the `payer` of Aegle's instructions.
    pub payer: Address,
    /// Programs whose instructions a transaction may hold; of Aegle's own, everything but governance.
    pub programs: Vec<Address>,
    pub max_transaction_bytes: usize,
    pub max_compute_units: u32,
    /// Millionths of a lamport for a compute unit.
    pub max_compute_price: u64,
    /// What one transaction may cost: fee and rent.
    pub max_lamports: u64,
    pub wallet_transactions_per_minute: u32,
    /// Days are those of UTC.
    pub wallet_transactions_per_day: u32,
    pub wallet_lamports_per_day: u64,
}

/// A transaction for which the relay is to pay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelayRequest {
    /// The transaction on the wire, base64: the relay is the fee payer and signs last, the wallet that is
    /// signed in has signed.
    pub transaction: String,
    /// Code of an invitation, where the transaction creates a vault; an open relay needs none.
    pub invitation: Option<String>,
    /// Whether to answer only when the transaction is confirmed, has failed, or some seconds are over.
    #[serde(default)]
    pub wait: bool,
}

/// A transaction that the relay sent.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Relayed {
    pub signature: Signature,
    pub status: RelayStatus,
}
