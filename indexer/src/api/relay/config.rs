use std::path::PathBuf;

use serde::Deserialize;

use crate::config::Secret;

/// Settings of the relay. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// File with the key that pays, as `solana-keygen` writes it. Without it there is no relay.
    pub keypair: Option<PathBuf>,
    /// JSON-RPC of the node that simulates and sends; by default the mirror's node.
    pub rpc_url: Option<Secret>,
    /// Compute units that a transaction may ask for, and what it may offer for each, in millionths of a
    /// lamport.
    pub max_compute_units: u32,
    pub max_compute_price: u64,
    /// Lamports that one transaction may cost: its fee and the rent of what it creates.
    pub max_lamports: u64,
    /// What one wallet may send in a minute, and in a day (UTC), in transactions and lamports.
    pub wallet_per_minute: u32,
    pub wallet_transactions_per_day: u32,
    pub wallet_lamports_per_day: u64,
    /// Lamports that all wallets together may cost in a day (UTC), and ever.
    pub lamports_per_day: u64,
    pub lamports_total: u64,
    /// Whether anybody may make a first vault without an invitation: so many from one network at once, and
    /// as many more over a day.
    pub open: bool,
    pub open_per_day: u32,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            keypair: None,
            rpc_url: None,
            max_compute_units: 600_000,
            max_compute_price: 100_000,
            max_lamports: 30_000_000,
            wallet_per_minute: 30,
            wallet_transactions_per_day: 500,
            wallet_lamports_per_day: 300_000_000,
            lamports_per_day: 5_000_000_000,
            lamports_total: 100_000_000_000,
            open: false,
            open_per_day: 20,
        }
    }
}

impl RelayConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        // Counts are 64 bits with sign in the database.
        let most = i64::MAX as u64;
        for (key, value) in [
            ("max_compute_units", u64::from(self.max_compute_units)),
            ("max_lamports", self.max_lamports),
            ("wallet_per_minute", u64::from(self.wallet_per_minute)),
            ("wallet_transactions_per_day", u64::from(self.wallet_transactions_per_day)),
            ("wallet_lamports_per_day", self.wallet_lamports_per_day),
            ("lamports_per_day", self.lamports_per_day),
            ("lamports_total", self.lamports_total),
            ("open_per_day", u64::from(self.open_per_day)),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("{key} must be 1 to {most}"));
            }
        }
        Ok(())
    }
}
