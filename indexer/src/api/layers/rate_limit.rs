use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::Extensions,
    middleware::Next,
    response::Response,
};
use governor::Quota;

use crate::api::{ApiConfig, error::ApiError, limit::Limit};

/// Limits requests by the address of the peer's socket. Headers in which a proxy, or anybody, names
/// another address are not read.
#[derive(Clone)]
pub struct RateLimit(Arc<Limit<IpAddr>>);

impl RateLimit {
    pub fn new(config: &ApiConfig) -> Result<Self, String> {
        let at_least_one = |key, value| NonZeroU32::new(value).ok_or_else(|| format!("{key} must be at least 1"));
        let quota = Quota::per_second(at_least_one("rate_per_second", config.rate_per_second)?)
            .allow_burst(at_least_one("burst", config.burst)?);
        Ok(Self(Arc::new(Limit::new(quota))))
    }
}

pub async fn limit_rate(State(limit): State<RateLimit>, request: Request, next: Next) -> Result<Response, ApiError> {
    let refused = limit.0.check(&client(request.extensions()));
    refused.map_err(|retry_after| ApiError::RateLimited { retry_after })?;
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
