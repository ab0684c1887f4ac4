//! The relay: the operator pays for transactions that do nothing but use Aegle.
//!
//! A transaction is judged ([`check`]), simulated on the node, counted against every budget, and only
//! then does the relay's signature leave this process. What came of it is settled afterwards
//! ([`settle`]), whichever process sent it.

mod check;
mod config;
mod emergency;
mod invite;
mod node;
mod settle;

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use aegle_client::Pubkey;
use governor::Quota;
use solana_client::client_error::ClientError;
use solana_keypair::{Keypair, read_keypair_file};
use solana_signature::Signature;
use solana_signer::Signer;

use super::{
    error::ApiError,
    limit::Limit,
    protected,
    session::Bearer,
    state::ApiState,
    store::relay::{self, Budget, RelayStatus, Relaying, Reserved},
};

pub use check::{LIGHTHOUSE, MAX_BYTES};
pub use config::RelayConfig;
pub use invite::invite;
pub use settle::settle_until;

const DAY: i64 = 86_400;
/// How long a caller who waits is kept at most, within the time of a request.
const WAIT: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(200);

/// The key that pays, its node and its limits.
pub struct Relay {
    pub config: RelayConfig,
    key: Arc<Keypair>,
    node: node::Node,
    wallets: Limit<[u8; 32]>,
    /// First vaults without an invitation, by network.
    newcomers: Limit<IpAddr>,
}

impl Relay {
    /// None without a key.
    ///
    /// # Errors
    /// A sentence that starts with the name of the first key of the configuration that is wrong.
    pub fn new(config: &RelayConfig) -> Result<Option<Self>, String> {
        let Some(file) = &config.keypair else { return Ok(None) };
        let key = read_keypair_file(file)
            .map_err(|_| format!("relay.keypair: {} cannot be read as a keypair", file.display()))?;
        let url = config.rpc_url.as_ref().ok_or("relay.rpc_url is not set, and neither is rpc_url")?;
        let wallet = NonZeroU32::new(config.wallet_per_minute).ok_or("relay.wallet_per_minute must be at least 1")?;
        let newcomers = NonZeroU32::new(config.open_per_day).ok_or("relay.open_per_day must be at least 1")?;
        Ok(Some(Self {
            key: Arc::new(key),
            node: node::Node::new(url.expose().to_owned()),
            wallets: Limit::new(Quota::per_minute(wallet)),
            newcomers: Limit::new(per_day(newcomers).ok_or("relay.open_per_day is too large")?),
            config: config.clone(),
        }))
    }

    pub fn payer(&self) -> Pubkey {
        self.key.pubkey()
    }

    fn limit(&self, wallet: [u8; 32]) -> Result<(), ApiError> {
        self.wallets.check(&wallet).map_err(|retry_after| ApiError::RateLimited { retry_after })
    }

    /// The invitation that a first vault has to use up: none where anybody may make one. A code that comes
    /// all the same is used, and counts for no network.
    fn admit(&self, order: &Order) -> Result<Option<Option<[u8; 32]>>, ApiError> {
        if !self.config.open || order.invitation.is_some() {
            return Ok(Some(order.invitation.as_deref().map(invite::code_hash)));
        }
        let most = self.config.open_per_day;
        let refused = self.newcomers.check(&order.network);
        refused.map_err(|retry_after| ApiError::TooManyFirstVaults { most, retry_after })?;
        Ok(None)
    }

    /// The budgets that a transaction of a wallet falls under, in the order in which they are taken.
    fn budgets(&self, wallet: [u8; 32], now: i64) -> [Budget; 3] {
        let lamports = |limit: u64| i64::try_from(limit).unwrap_or(i64::MAX);
        let (config, day) = (&self.config, day(now));
        let all = Budget {
            scope: Vec::new(),
            day: relay::ALL_DAYS,
            lamports: lamports(config.lamports_total),
            transactions: i64::MAX,
            refusal: "the relay's budget is spent",
        };
        [
            Budget {
                day,
                lamports: lamports(config.lamports_per_day),
                refusal: "the relay's budget of the day is spent",
                ..all.clone()
            },
            Budget {
                scope: wallet.to_vec(),
                day,
                lamports: lamports(config.wallet_lamports_per_day),
                transactions: i64::from(config.wallet_transactions_per_day),
                refusal: "this wallet's budget of the day is spent",
            },
            all,
        ]
    }
}

/// What a caller wants sent.
pub struct Order {
    pub transaction: Vec<u8>,
    pub invitation: Option<String>,
    pub wait: bool,
    /// Where it comes from.
    pub network: IpAddr,
}

/// Judges, pays for and sends a transaction of the caller. The same transaction again answers what
/// became of it, and costs nothing.
///
/// # Errors
/// Why it was not sent, or that the node cannot be asked.
pub async fn submit(
    state: &ApiState,
    relay: &Relay,
    bearer: &Bearer,
    order: Order,
) -> Result<(Signature, RelayStatus), ApiError> {
    let wallet = bearer.wallet();
    relay.limit(wallet.0)?;
    let caps =
        check::Caps { compute_units: relay.config.max_compute_units, compute_price: relay.config.max_compute_price };
    let checked = check::check(&order.transaction, &relay.payer(), &Pubkey::from(wallet.0), caps)
        .map_err(|refusal| ApiError::TransactionRefused(refusal.to_string()))?;

    let mut transaction = checked.transaction;
    let signature = relay.key.sign_message(&transaction.message.serialize());
    let known = find(state, bearer, signature).await?;
    if known.is_none() {
        // Signatures are of the same size as none, so what is simulated is what is sent.
        let lamports = match relay.node.simulate(&transaction, &relay.payer()).await.map_err(away)? {
            node::Simulated::Runs { lamports } => lamports.max(checked.fee),
            node::Simulated::Fails(reason) => return Err(ApiError::TransactionFails(reason)),
            node::Simulated::RelayEmpty => return Err(ApiError::RelayEmpty),
        };
        if lamports > relay.config.max_lamports {
            let most = relay.config.max_lamports;
            return Err(ApiError::RelayLimit(format!("the transaction costs {lamports} lamports of at most {most}")));
        }
        let now = (state.now)();
        let relaying = Relaying {
            signature: signature.into(),
            wallet,
            day: day(now),
            lamports: i64::try_from(lamports).unwrap_or(i64::MAX),
            fee: i64::try_from(checked.fee).unwrap_or(i64::MAX),
            last_valid_block_height: i64::try_from(relay.node.last_valid_block_height().await.map_err(away)?)
                .unwrap_or(i64::MAX),
            invitation: if checked.creates_vault { relay.admit(&order)? } else { None },
            created_at: now,
        };
        let mut database = protected::begin(state, bearer).await?;
        match relay::reserve(&mut database, &relaying, &relay.budgets(wallet.0, now)).await? {
            Reserved::Taken => database.commit().await?,
            Reserved::Known => database.rollback().await?,
            Reserved::NoInvitation => return Err(ApiError::InvitationNeeded),
            Reserved::Over(reason) => return Err(ApiError::RelayLimit(reason.to_owned())),
        }
    }

    if !known.is_some_and(RelayStatus::is_final) {
        transaction.signatures[0] = signature;
        if let Err(error) = relay.node.send(&transaction).await {
            // It counts until it has expired: the node may have taken it all the same.
            tracing::warn!(%error, "the node did not take a relayed transaction");
        }
    }
    if order.wait
        && let Err(error) = wait(state, relay, bearer, signature).await
    {
        // It was sent: who asks is told that it is pending, and asks again.
        error.log();
    }
    let status = find(state, bearer, signature).await?.unwrap_or(RelayStatus::Pending);
    Ok((signature, status))
}

/// What became of a transaction of the caller; none where the relay sent no such transaction for it.
pub async fn find(state: &ApiState, bearer: &Bearer, signature: Signature) -> Result<Option<RelayStatus>, ApiError> {
    let mut database = protected::begin(state, bearer).await?;
    let status = relay::status(&mut database, signature.into()).await?;
    database.commit().await?;
    Ok(status)
}

/// Waits until it is known what became of a transaction, within the time of a request.
async fn wait(state: &ApiState, relay: &Relay, bearer: &Bearer, signature: Signature) -> Result<(), ApiError> {
    let time = WAIT.min(state.request_timeout.mul_f64(0.8));
    let settled = async {
        loop {
            settle::settle(state, relay, Some(signature)).await?;
            if find(state, bearer, signature).await?.is_some_and(RelayStatus::is_final) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(time, settled).await.unwrap_or(Ok(()))
}

/// So many at once, and as many more over a day.
fn per_day(count: NonZeroU32) -> Option<Quota> {
    Quota::with_period(Duration::from_secs(DAY.unsigned_abs()) / count.get()).map(|quota| quota.allow_burst(count))
}

fn day(now: i64) -> i32 {
    i32::try_from(now.div_euclid(DAY)).unwrap_or(i32::MAX)
}

fn away(error: ClientError) -> ApiError {
    ApiError::NodeAway(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_relay_takes_so_many_newcomers_of_a_network_and_everybody_who_is_invited() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.json");
        solana_keypair::write_keypair_file(&Keypair::new(), &file).unwrap();
        let relay = |open| {
            let rpc_url = Some(serde_json::from_value("http://127.0.0.1:9".into()).unwrap());
            let config =
                RelayConfig { keypair: Some(file.clone()), rpc_url, open, open_per_day: 2, ..Default::default() };
            Relay::new(&config).unwrap().unwrap()
        };
        let order = |network: &str, invitation: Option<&str>| Order {
            transaction: Vec::new(),
            invitation: invitation.map(str::to_owned),
            wait: false,
            network: network.parse().unwrap(),
        };
        let (open, closed) = (relay(true), relay(false));
        let (here, there, code) = ("192.0.2.1", "192.0.2.2", "A-B-C-D");
        for _ in 0..2 {
            assert_eq!(open.admit(&order(here, None)).unwrap(), None);
        }
        let refused = open.admit(&order(here, None)).unwrap_err();
        let ApiError::TooManyFirstVaults { most: 2, retry_after } = refused else { panic!("{refused}") };
        assert!((12 * 3_600 - 60..=12 * 3_600 + 1).contains(&retry_after), "{retry_after}");
        assert_eq!(open.admit(&order(there, None)).unwrap(), None, "another network");
        let invited = Some(Some(invite::code_hash(code)));
        assert_eq!(open.admit(&order(here, Some(code))).unwrap(), invited);

        assert_eq!(closed.admit(&order(there, None)).unwrap(), Some(None), "an invitation is needed");
        assert_eq!(closed.admit(&order(there, Some(code))).unwrap(), invited);
    }
}
