//! What a patient is told, as it happens.

use std::{collections::VecDeque, net::IpAddr};

use aegle_client::state::Right;
use aegle_decision::Key;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response, Sse, sse},
};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::sleep,
};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    access::served::Served,
    bytes::Address,
    error::ApiError,
    extract::Params,
    layers,
    model::Meta,
    notify::EVERYBODY,
    places::{NoPlace, Place},
    routes::{LAST_EVENT_ID, reply::Reflects, stream::BUFFERING},
    session::{Bearer, Shown},
    state::ApiState,
    store::{
        notice::{self, Kind},
        session,
    },
    stream::come_back,
    time::Time,
};

/// Notices read at once.
const PAGE: i64 = 200;

/// Query of a stream of notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticesQuery {
    /// Address of the patient's vault.
    patient: Address,
}

/// Something that happened: no names, labels or records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Told {
    vault: Address,
    number: i64,
    kind: Kind,
    at: Time,
}

/// What the patient is told as it happens, each once and in order, as server-sent events.
///
/// The `id` is the notice's number: sent back as `Last-Event-ID`, the stream continues right after it, and
/// with 0 it begins with the first. Without one it begins with what comes next. Who may no longer read
/// it, or whose session has ended, sees it end.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "notices",
    params(
        NoticesQuery,
        ("Last-Event-ID" = Option<u32>, Header, description = "The last number received"),
    ),
    responses((status = 200, body = Told, content_type = "text/event-stream")),
    security(("session" = []))
)]
pub async fn stream_notices(
    State(state): State<ApiState>,
    Shown(token): Shown,
    bearer: Bearer,
    Params(query): Params<NoticesQuery>,
    parts: Parts,
) -> Result<Response, ApiError> {
    let after = last_number(&parts.headers)?;
    let place = state.streams.places.take(layers::client(&parts.extensions)).map_err(|refused| match refused {
        NoPlace::OfClient { most } => ApiError::TooManyStreams { most },
        NoPlace::AtAll => ApiError::NoFreeStream,
    })?;
    let news = state.news.subscribe();
    let vault = Key(query.patient.0);
    let mut following =
        Following { state, token, bearer, vault, given: 0, page: VecDeque::new(), more: false, news, _place: place };
    let meta = following.begin(after).await?;
    let mut response = Sse::new(following.messages()).into_response();
    let headers = response.headers_mut();
    meta.reflected().write(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// # Errors
/// [`ApiError::InvalidCursor`] for what is no number, or given twice.
fn last_number(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse::<u32>().ok());
    match (number, values.next()) {
        (Some(number), None) => Ok(Some(number.into())),
        _ => Err(ApiError::InvalidCursor),
    }
}

/// One stream.
struct Following {
    state: ApiState,
    token: [u8; 32],
    bearer: Bearer,
    vault: Key,
    /// Everything up to this number was given.
    given: i64,
    page: VecDeque<notice::Notice>,
    /// Whether more follow the page already.
    more: bool,
    news: Receiver<Key>,
    _place: Place<IpAddr>,
}

impl Following {
    /// Checks that the caller may read, and where the stream begins.
    async fn begin(&mut self, after: Option<i64>) -> Result<Meta, ApiError> {
        let mut served = Served::begin(&self.state, &self.bearer).await?;
        served.serve(self.vault, Some(Right::Read)).await?;
        let newest = notice::newest(served.conn(), self.vault).await?;
        // A number that is not there yet would skip what comes.
        self.given = after.unwrap_or(newest).min(newest);
        self.more = self.given < newest;
        served.close().await
    }

    fn messages(self) -> impl Stream<Item = Result<sse::Event, axum::Error>> + Send {
        let opening = come_back().id(self.given.to_string());
        stream::unfold((Some(opening), Some(self)), async |(opening, following)| {
            let mut following = following?;
            if let Some(opening) = opening {
                return Some((Ok(opening), (None, Some(following))));
            }
            Some(match following.next().await {
                Ok(message) => (Ok(message), (None, Some(following))),
                Err(error) => {
                    error.log();
                    (Ok(come_back().comment("this stream ends; continue after the last id")), (None, None))
                }
            })
        })
    }

    /// The next message: a notice, or a sign of life.
    async fn next(&mut self) -> Result<sse::Event, ApiError> {
        loop {
            if let Some(notice) = self.page.pop_front() {
                return Ok(self.give(notice));
            }
            if self.more {
                self.read().await?;
                continue;
            }
            let (shutdown, heartbeat) = (self.state.streams.shutdown.clone(), self.state.streams.heartbeat);
            tokio::select! {
                () = shutdown.cancelled() => return Err(ApiError::SessionEnded),
                told = self.news.recv() => self.more = match told {
                    Ok(vault) => vault == self.vault || vault == EVERYBODY,
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return Err(ApiError::SessionEnded),
                },
                () = sleep(heartbeat) => {
                    self.read().await?;
                    if self.page.is_empty() {
                        return Ok(sse::Event::default().comment("nothing new").id(self.given.to_string()));
                    }
                }
            }
        }
    }

    /// Reads what follows, if the caller may still.
    async fn read(&mut self) -> Result<(), ApiError> {
        let session = session::find(&self.state.protected, self.token).await?;
        if !session.is_some_and(|session| session.counts_at((self.state.now)())) {
            return Err(ApiError::SessionEnded);
        }
        let mut served = Served::begin(&self.state, &self.bearer).await?;
        served.serve(self.vault, Some(Right::Read)).await?;
        let page = notice::after(served.conn(), self.vault, self.given, PAGE).await?;
        served.close().await?;
        self.more = page.len() as i64 == PAGE;
        self.page = page.into();
        Ok(())
    }

    fn give(&mut self, notice: notice::Notice) -> sse::Event {
        self.given = notice.number;
        let notice::Notice { number, kind, at } = notice;
        let data = serde_json::to_string(&Told { vault: Address(self.vault.0), number, kind, at }).unwrap_or_default();
        sse::Event::default().id(number.to_string()).data(data)
    }
}
