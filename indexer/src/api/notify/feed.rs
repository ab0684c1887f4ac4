//! Makes notices of what became final or confirmed on the chain and of what was disclosed.

use aegle_accounting::discloses;
use aegle_decision::Key;
use aegle_disclosure::Entry;
use sqlx::{Connection, PgConnection};

use crate::api::store::notice::{self, Kind, NewNotice};

/// Events and entries read at once.
const CHUNK: i64 = 1_000;

/// Makes notices of what is new. True where there may be more.
pub async fn feed(conn: &mut PgConnection) -> sqlx::Result<bool> {
    let mut transaction = conn.begin().await?;
    let Some(feed) = notice::lock(&mut transaction).await? else {
        return Ok(false);
    };
    settle(&mut transaction).await?;

    let events = notice::final_events(&mut transaction, &feed, CHUNK).await?;
    let full = events.len() as i64 == CHUNK;
    let last = if full { events.last().map(|event| event.position) } else { None };
    let told = events.iter().filter_map(|event| {
        let kind = match event.name.as_str() {
            "ConsentGranted" | "DelegateAdded" => Kind::Grant,
            "ConsentRevoked" | "AllConsentsRevoked" | "DelegateRemoved" => Kind::Revocation,
            "BreakGlassOpened" => Kind::Emergency,
            "BreakGlassReviewed" => Kind::EmergencyReviewed,
            _ => return None,
        };
        Some(NewNotice::of_event(kind, event, true))
    });
    let mut new: Vec<_> = told.collect();
    let emergencies = notice::confirmed_emergencies(&mut transaction, feed.finalized_slot).await?;
    new.extend(emergencies.iter().map(|event| NewNotice::of_event(Kind::Emergency, event, false)));

    let end = feed.log_size.min(feed.disclosures + CHUNK);
    for row in notice::disclosed(&mut transaction, feed.disclosures, end).await? {
        // One that this release cannot read is for a newer one, which takes over once this one ends.
        let entry: Entry = serde_json::from_str(&row.entry).map_err(|error| sqlx::Error::Decode(error.into()))?;
        if discloses(&entry) {
            new.push(NewNotice::of_disclosure(row.vault, entry.at, row.index));
        }
    }
    let count = notice::append(&mut transaction, &new).await?;
    notice::advance(&mut transaction, last, feed.finalized_slot, end).await?;
    transaction.commit().await?;
    metrics::counter!("aegle_notices_total").increment(count);
    Ok(full || end < feed.log_size)
}

/// Looks at emergencies that were told when they were confirmed, and takes back those that finality passed
/// and the chain does not have.
async fn settle(conn: &mut PgConnection) -> sqlx::Result<()> {
    let undone = notice::settle(conn).await?;
    let now = notice::now(conn).await?;
    let new: Vec<_> = undone.into_iter().map(|vault| NewNotice::of(Kind::EmergencyUndone, Key(vault.0), now)).collect();
    notice::append(conn, &new).await.map(drop)
}
