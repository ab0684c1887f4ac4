//! Tells patients what happened to their vaults: in the inbox, as a stream, by webhooks and by email.
//!
//! One process of all makes notices (`feed`) and sends what is due. A receiver is sent one thing at a
//! time, in order, until it has taken it; what it took is not sent again.

mod config;
mod feed;
mod mail;
mod news;
mod reach;
mod webhook;

use std::{collections::HashSet, time::Duration};

use aegle_client::state::Right;
use aegle_decision::{Caller, Key};
use rand::{Rng, rngs::OsRng};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

pub use self::{
    config::{NotifyConfig, SmtpConfig},
    news::{EVERYBODY, News},
    reach::check as check_url,
    webhook::write_secret,
};
use self::{mail::Mail, webhook::Webhooks};
use super::{
    access,
    bytes::SubscriptionId,
    error::ApiError,
    snapshot,
    state::ApiState,
    store::{
        notice::{self, Kind, NewNotice},
        subscription::{self, Channel, Due},
    },
    time::Time,
};
use crate::leader::{self, Office};

/// Longest time until what was not taken is sent again.
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3_600);
/// Until a database that could not be reached is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What became of something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    Taken,
    Failed,
    /// The receiver wants no more.
    Gone,
}

/// Makes notices and sends them, in the one process that has the office.
pub struct Notifier {
    state: ApiState,
    config: NotifyConfig,
    webhooks: Webhooks,
    mail: Option<Mail>,
}

impl Notifier {
    /// `page` is where people sign in.
    ///
    /// # Errors
    /// A sentence that starts with the name of the key that is wrong.
    pub(super) fn new(state: ApiState, config: NotifyConfig, page: &str) -> Result<Self, String> {
        let webhooks = Webhooks::new(config.timeout(), config.allow_private);
        let webhooks = webhooks.map_err(|error| format!("no certificates for webhooks: {error}"))?;
        Ok(Self { mail: Mail::new(&config, page)?, webhooks, state, config })
    }

    /// Works, or stands by, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let options = self.state.pool.connect_options();
        let patience = Duration::from_secs(u64::from(self.config.takeover_after));
        while !stop.is_cancelled() {
            let worked = match leader::elect(Office::Notify, &options, patience, &stop).await {
                Ok(Some(connection)) => self.work(connection, &stop).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = worked {
                tracing::warn!(%error, "nobody is told for now; trying again");
                let _ = stop.run_until_cancelled(sleep(AGAIN)).await;
            }
        }
    }

    /// Everything is written by the connection that holds the office.
    async fn work(&self, mut connection: PgConnection, stop: &CancellationToken) -> sqlx::Result<()> {
        // What is under way ends with this, and is sent again by who has the office next.
        let mut sending = JoinSet::new();
        let mut under_way = HashSet::new();
        let mut look = Instant::now();
        while !stop.is_cancelled() {
            if look <= Instant::now() {
                while feed::feed(&mut connection).await? {}
                look = Instant::now() + self.config.poll();
            }
            let room = (self.config.concurrency as usize).saturating_sub(under_way.len());
            let busy: Vec<_> = under_way.iter().map(|id: &SubscriptionId| id.0.to_vec()).collect();
            for due in subscription::due(&mut connection, &busy, room as i64).await? {
                under_way.insert(due.subscription);
                sending.spawn(self.clone_for_sending().send(due));
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(sent) = sending.join_next() => {
                    let (due, delivered) = sent.map_err(|error| sqlx::Error::Decode(error.into()))?;
                    self.settle(&mut connection, &due, delivered).await?;
                    under_way.remove(&due.subscription);
                }
                // The connection is used now and then, or whoever stands by ends it.
                () = sleep_until(look.min(Instant::now() + leader::PING)) => {}
            }
        }
        Ok(())
    }

    fn clone_for_sending(&self) -> Sender {
        Sender { state: self.state.clone(), webhooks: self.webhooks.clone(), mail: self.mail.clone() }
    }

    async fn settle(&self, connection: &mut PgConnection, due: &Due, delivered: Delivered) -> sqlx::Result<()> {
        let mut transaction = connection.begin().await?;
        if delivered == Delivered::Taken {
            subscription::taken(&mut transaction, due).await?;
        } else {
            let days = if delivered == Delivered::Gone { 0 } else { self.config.give_up_days };
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            let first = Duration::from_millis(u64::from(self.config.retry_ms));
            if subscription::failed(&mut transaction, due, pause(first, due.attempts), days).await? {
                let now = notice::now(&mut transaction).await?;
                let ended = NewNotice::of(Kind::SubscriptionEnded, Key(due.vault.0), now);
                notice::append(&mut transaction, &[ended]).await?;
                tracing::info!("a subscription ended, since its receiver gave no answer");
            }
        }
        transaction.commit().await?;
        let outcome = if delivered == Delivered::Taken { "taken" } else { "failed" };
        metrics::counter!("aegle_notifications_total", "outcome" => outcome).increment(1);
        Ok(())
    }
}

/// Seconds: from half to the whole of `first`, twice that, … up to six hours.
fn pause(first: Duration, attempts: i32) -> f64 {
    let whole = first.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST_RETRY);
    whole.mul_f64(OsRng.gen_range(0.5..=1.0)).as_secs_f64()
}

struct Sender {
    state: ApiState,
    webhooks: Webhooks,
    mail: Option<Mail>,
}

impl Sender {
    async fn send(self, due: Due) -> (Due, Delivered) {
        let delivered = match self.may_read(&due).await {
            Ok(()) => self.deliver(&due).await,
            Err(_) => Delivered::Failed,
        };
        (due, delivered)
    }

    /// Who subscribed must act for the patient still.
    async fn may_read(&self, due: &Due) -> Result<(), ApiError> {
        let Self { state, .. } = self;
        let (mut transaction, frontier) = snapshot::begin(&state.pool, state.request_timeout).await?;
        state.max_lag.require(&frontier)?;
        let (vault, caller) = (Key(due.vault.0), Caller { key: Key(due.wallet.0), practitioner: None });
        access::name_vault(&mut transaction, vault).await?;
        state.gate.serve(&mut transaction, &frontier, caller, vault, Some(Right::Read), (state.now)()).await?;
        Ok(transaction.commit().await?)
    }

    async fn deliver(&self, due: &Due) -> Delivered {
        let subscription = hex::encode(due.subscription.0);
        match (due.channel, due.number, due.kind, due.at) {
            (Channel::Webhook, Some(number), Some(kind), Some(at)) => {
                let id = format!("{subscription}-{number}");
                let body = json!({
                    "type": kind, "timestamp": Time(at), "data": { "vault": due.vault, "number": number }
                });
                self.webhooks.send(&due.target, &due.secret, &id, (self.state.now)(), body.to_string()).await
            }
            (Channel::Email, number, ..) => {
                let Some(mail) = &self.mail else { return Delivered::Failed };
                match (&due.code, number) {
                    (Some(code), _) => mail.ask(&due.target, &format!("{subscription}-code"), code).await,
                    (None, Some(number)) => mail.tell(&due.target, &format!("{subscription}-{number}")).await,
                    (None, None) => Delivered::Failed,
                }
            }
            (Channel::Webhook, ..) => Delivered::Failed,
        }
    }
}
