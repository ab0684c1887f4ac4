use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::api::model::{Answer, EventPage, Meta, Page, Status};

/// A 200 that carries in headers what it reflects.
pub struct Reply<T>(pub T);

/// What an answer reflects, for its headers.
pub struct Reflected {
    slot: i64,
    finalized_slot: i64,
    lag: Option<(i64, i64)>,
}

pub trait Reflects {
    fn reflected(&self) -> Reflected;
}

impl Reflects for Meta {
    fn reflected(&self) -> Reflected {
        Reflected {
            slot: self.slot,
            finalized_slot: self.finalized_slot,
            lag: Some((self.lag_slots, self.lag_seconds)),
        }
    }
}

impl<T> Reflects for Answer<T> {
    fn reflected(&self) -> Reflected {
        self.meta.reflected()
    }
}

impl<T> Reflects for Page<T> {
    fn reflected(&self) -> Reflected {
        self.meta.reflected()
    }
}

impl Reflects for EventPage {
    fn reflected(&self) -> Reflected {
        self.meta.reflected()
    }
}

impl Reflects for Status {
    fn reflected(&self) -> Reflected {
        Reflected {
            slot: self.confirmed_slot,
            finalized_slot: self.finalized_slot,
            lag: self.lag_slots.zip(self.lag_seconds),
        }
    }
}

pub const SLOT: HeaderName = HeaderName::from_static("aegle-slot");
pub const FINALIZED_SLOT: HeaderName = HeaderName::from_static("aegle-finalized-slot");
pub const LAG_SLOTS: HeaderName = HeaderName::from_static("aegle-lag-slots");
pub const LAG_SECONDS: HeaderName = HeaderName::from_static("aegle-lag-seconds");

impl Reflected {
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert(SLOT, HeaderValue::from(self.slot));
        headers.insert(FINALIZED_SLOT, HeaderValue::from(self.finalized_slot));
        if let Some((slots, seconds)) = self.lag {
            headers.insert(LAG_SLOTS, HeaderValue::from(slots));
            headers.insert(LAG_SECONDS, HeaderValue::from(seconds));
        }
    }
}

impl<T: Serialize + Reflects> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let reflected = self.0.reflected();
        let mut response = Json(self.0).into_response();
        reflected.write(response.headers_mut());
        response
    }
}
