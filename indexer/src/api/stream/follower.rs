//! What one stream is sent. It is asked for the next message only when the connection takes one, so a
//! slow reader reads its own pages later, and holds nothing but the page it is at.

use std::{collections::VecDeque, net::IpAddr};

use axum::response::sse;
use futures::{Stream, StreamExt, stream};
use rand::{Rng, rngs::OsRng};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Duration, Instant, sleep, sleep_until},
};

use super::tide::{Refusal, Tide};
use crate::api::{
    error::{ApiError, Code},
    event_cursor::EventCursor,
    extract::At,
    model::{Event, Position},
    places::Place,
    snapshot::Snapshot,
    state::ApiState,
    store::{self, event::EventFilter},
};

/// Events read at once.
const PAGE: usize = 100;
/// Until a reading that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Milliseconds after which a reader whose connection is lost comes back: at random in between, so that
/// those of a server that ends do not come at once.
const COME_BACK: std::ops::Range<u64> = 1_000..3_000;

/// Where a stream starts.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    After(Position),
    /// With what becomes final after this slot.
    AfterSlot(i64),
}

/// A stream of final events in ledger order, each once.
pub struct Follower {
    state: ApiState,
    filter: EventFilter,
    cursor: EventCursor,
    tide: watch::Receiver<Tide>,
    /// Everything up to here was given.
    given: Position,
    /// Read and not yet given.
    page: VecDeque<Event>,
    /// Whether more follow the page already.
    more: bool,
    /// With the page given and no more following, everything up to and including this slot was given.
    until: i64,
    /// Why nothing is given for now.
    paused: Option<Code>,
    next_heartbeat: Instant,
    _place: Place<IpAddr>,
}

impl Follower {
    pub fn new(state: ApiState, filter: EventFilter, cursor: EventCursor, start: Start, place: Place<IpAddr>) -> Self {
        let (given, more, until) = match start {
            Start::After(position) => (position, true, -1),
            Start::AfterSlot(slot) => (Position::end_of(slot), false, slot),
        };
        Self {
            filter,
            cursor,
            tide: state.streams.tides.subscribe(),
            given,
            page: VecDeque::new(),
            more,
            until,
            paused: None,
            next_heartbeat: Instant::now() + state.streams.heartbeat,
            state,
            _place: place,
        }
    }

    /// The messages: first where the stream starts, at last when to come back.
    pub fn messages(self) -> impl Stream<Item = Result<sse::Event, axum::Error>> + Send {
        let opening = come_back().id(self.cursor.seal(self.position()));
        let following = stream::unfold(Some(self), async |follower| {
            let mut follower = follower?;
            Some(match follower.next().await {
                Some(message) => {
                    follower.next_heartbeat = Instant::now() + follower.state.streams.heartbeat;
                    (Ok(message), Some(follower))
                }
                None => (Ok(come_back().comment("the server ends this stream; continue after the last id")), None),
            })
        });
        stream::iter([Ok(opening)]).chain(following)
    }

    /// Waits for the next message. None when the stream ends.
    async fn next(&mut self) -> Option<sse::Event> {
        let shutdown = self.state.streams.shutdown.clone();
        while !shutdown.is_cancelled() {
            let tide = self.tide.borrow_and_update().clone();
            match self.admit(tide).await {
                Ok(None) => {
                    if self.paused.take().is_some() {
                        return Some(sse::Event::default().event("resumed").data("{}"));
                    }
                    if let Some(event) = self.page.pop_front() {
                        return Some(self.give(&event));
                    }
                }
                Ok(Some(Refusal { code, detail })) => {
                    if self.paused.replace(code) != Some(code) {
                        let data = json!({ "code": code, "detail": detail }).to_string();
                        return Some(sse::Event::default().event("paused").data(data));
                    }
                }
                Err(error) => {
                    error.log();
                    return None;
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = self.tide.changed() => {}
                () = sleep(RETRY), if self.paused.is_some() => {}
                () = sleep_until(self.next_heartbeat) => return Some(self.heartbeat()),
            }
        }
        None
    }

    /// Fills the page where it is empty and events may be there. Gives why nothing may be given, where
    /// that may pass.
    async fn admit(&mut self, tide: Tide) -> Result<Option<Refusal>, ApiError> {
        if tide.refusal.is_some() || !self.page.is_empty() {
            return Ok(tide.refusal);
        }
        if !self.more && tide.newest_event <= self.until {
            self.until = self.until.max(tide.finalized_slot);
            return Ok(None);
        }
        match self.read().await {
            Ok(()) => Ok(None),
            Err(error @ (ApiError::Database(_) | ApiError::Internal(_))) => Err(error),
            Err(error) => Ok(Some(Refusal::from(&error))),
        }
    }

    async fn read(&mut self) -> Result<(), ApiError> {
        let turn = self.state.streams.tides.readers().acquire().await;
        let _turn = turn.map_err(|error| ApiError::Internal(error.to_string()))?;
        let after = self.position();
        let mut snapshot = Snapshot::open(&self.state, At::default()).await?;
        let slot = snapshot.meta.slot;
        let mut events = store::event::list(snapshot.conn(), self.filter, after, slot, PAGE as i64 + 1).await?;
        snapshot.close().await?;
        self.given = after;
        self.more = events.len() > PAGE;
        events.truncate(PAGE);
        self.page = events.into();
        self.until = self.until.max(slot);
        Ok(())
    }

    fn give(&mut self, event: &Event) -> sse::Event {
        self.given = event.position;
        metrics::counter!("aegle_stream_events_total").increment(1);
        let data = serde_json::to_string(event).unwrap_or_default();
        sse::Event::default().id(self.cursor.seal(event.position)).data(data)
    }

    /// Nothing but how far the stream is: readers take the id and show nothing.
    fn heartbeat(&self) -> sse::Event {
        let position = self.position();
        sse::Event::default().comment(format!("at slot {}", position.slot)).id(self.cursor.seal(position))
    }

    /// Everything up to here was given.
    fn position(&self) -> Position {
        if self.page.is_empty() && !self.more { self.given.max(Position::end_of(self.until)) } else { self.given }
    }
}

pub fn come_back() -> sse::Event {
    sse::Event::default().retry(Duration::from_millis(OsRng.gen_range(COME_BACK)))
}
