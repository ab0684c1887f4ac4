//! Where webhooks may go: public addresses alone, whatever a name resolves to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Longest address, in bytes.
const LONGEST: usize = 2_048;

/// Why an address cannot be a webhook's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    #[error("url must be an address of at most {LONGEST} bytes that starts with https://")]
    Scheme,
    #[error("url must hold no user name, password or fragment")]
    Parts,
    #[error("url must name a public host")]
    Private,
}

/// Checks what shows before a name is resolved.
///
/// # Errors
/// What is wrong with it.
pub fn check(url: &str, allow_private: bool) -> Result<(), Unreachable> {
    let parsed = Url::parse(url).map_err(|_| Unreachable::Scheme)?;
    let scheme = parsed.scheme() == "https" || allow_private && parsed.scheme() == "http";
    if !scheme || url.len() > LONGEST {
        return Err(Unreachable::Scheme);
    }
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return Err(Unreachable::Parts);
    }
    let public = match parsed.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    };
    if public || allow_private { Ok(()) } else { Err(Unreachable::Private) }
}

/// Resolves names to public addresses. A name that has any other has none: it may be meant to reach into
/// the server's own network.
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() || !found.iter().all(|address| is_public(address.ip())) {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the host is not public").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is anybody's on the internet, by the registries of RFC 6890.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Global unicast, without what stands for something else: 6to4, Teredo and other protocols' own.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_internet_are_public() {
        for address in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_reaches_into_the_servers_network_is_refused_however_it_is_written() {
        for url in ["https://hooks.example/a?b=c", "https://hooks.example:8443/", "https://8.8.8.8/"] {
            assert_eq!(check(url, false), Ok(()), "{url}");
        }
        let private = [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/",
            "https://127。0。0。1/",
        ];
        for url in private {
            assert_eq!(check(url, false), Err(Unreachable::Private), "{url}");
            assert_eq!(check(url, true), Ok(()), "{url}");
        }
        for url in ["http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "hooks.example", ""] {
            assert_eq!(check(url, false), Err(Unreachable::Scheme), "{url}");
        }
        for url in ["https://user@hooks.example/", "https://:secret@hooks.example/", "https://hooks.example/#a"] {
            assert_eq!(check(url, false), Err(Unreachable::Parts), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_resolves_to_nothing() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(refused.is_err_and(|error| error.to_string() == "the host is not public"));
    }
}
