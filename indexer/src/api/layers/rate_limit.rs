use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::Extensions,
    middleware::Next,
    response::Response,
};
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};

use crate::api::{ApiConfig, error::ApiError};

/// Requests between two sweeps of peers that have been quiet.
const SWEEP: u32 = 1_024;

/// Limits requests by the address of the peer's socket. Headers in which a proxy, or anybody, names
/// another address are not read.
#[derive(Clone)]
pub struct RateLimit {
    limiter: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    requests: Arc<AtomicU32>,
}

impl RateLimit {
    pub fn new(config: &ApiConfig) -> Result<Self, String> {
        let at_least_one = |key, value| NonZeroU32::new(value).ok_or_else(|| format!("{key} must be at least 1"));
        let quota = Quota::per_second(at_least_one("rate_per_second", config.rate_per_second)?)
            .allow_burst(at_least_one("burst", config.burst)?);
        Ok(Self { limiter: Arc::new(DefaultKeyedRateLimiter::keyed(quota)), requests: Arc::default() })
    }

    fn check(&self, peer: IpAddr) -> Result<(), ApiError> {
        // Peers that could send a full burst again need no entry, so memory is bounded by the peers of
        // the last `burst / rate_per_second` seconds.
        if self.requests.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(&peer).map_err(|refused| {
            let wait = refused.wait_time_from(self.limiter.clock().now());
            ApiError::RateLimited { retry_after: wait.as_secs() + 1 }
        })
    }
}

pub async fn limit_rate(State(limit): State<RateLimit>, request: Request, next: Next) -> Result<Response, ApiError> {
    limit.check(client(request.extensions()))?;
    Ok(next.run(request).await)
}

/// Whom a limit counts: the network of the peer's socket. Without a socket, as in a test, all share one.
pub fn client(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    network(peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip()))
}

/// The address, or for IPv6 its network: whoever has one address of a /64 has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_share_a_limit() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
