//! What surrounds every route.

mod bounds;
mod contention;
mod even;
mod headers;
mod observe;
mod problems;
mod rate_limit;
mod request_id;

pub use bounds::bound;
pub use contention::yield_and_retry;
pub use even::{OneRecord, even_out};
pub use headers::secure;
pub use observe::observe;
pub use problems::{catch_panic, write_problems};
pub use rate_limit::{RateLimit, client, limit_rate};
pub use request_id::{REQUEST_ID, identify};
