use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The camera reads codes and photographs documents, and addresses can be copied. The rest is off.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(self), clipboard-read=(), \
    clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), \
    xr-spatial-tracking=()";

/// Path of the one page on which a reader chooses a node. It holds no keys: the app signs nobody in there.
const ANY_NODE: &str = "/verify";
/// A node of the reader's own may have no certificate.
const NODES: &str = " https: http://127.0.0.1:* http://localhost:*";

/// Where wallet apps on the same phone listen (Mobile Wallet Adapter), and how one browser goes to them.
const WALLET_APPS: &str = " ws://localhost:*; frame-src solana-wallet:";

/// What the app's files go out with.
pub struct Headers {
    /// A page runs its own scripts, and talks to this server and to the node alone.
    closed: HeaderMap,
    /// The same, and talks to wallet apps: on phones that have a way to them.
    phone: HeaderMap,
    /// The same as closed, and talks to any node.
    any_node: HeaderMap,
}

impl Headers {
    /// # Errors
    /// A sentence that starts with the key `rpc_url`: it cannot stand in a header.
    pub fn new(rpc_url: Option<&str>) -> Result<Self, String> {
        let node =
            rpc_url.map_or(Some(String::new()), sources).ok_or("rpc_url has no origin that a policy could name")?;
        Ok(Self {
            closed: headers(&node, "same-origin")?,
            phone: headers(&format!("{node}{WALLET_APPS}"), "same-origin")?,
            // Another value than that of the pages with keys, so that neither has a handle on the other.
            any_node: headers(&format!("{node}{NODES}"), "same-origin-allow-popups")?,
        })
    }

    /// Those of the page at exactly this path, as it came; they differ by [`header::USER_AGENT`].
    pub fn of_page(&self, path: &str, request: &HeaderMap) -> &HeaderMap {
        if path == ANY_NODE {
            &self.any_node
        } else if is_android(request) {
            &self.phone
        } else {
            &self.closed
        }
    }

    /// Those of a file, the same for everybody.
    pub fn of_file(&self) -> &HeaderMap {
        &self.closed
    }
}

fn is_android(request: &HeaderMap) -> bool {
    let agent = request.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.is_some_and(|agent| agent.contains("Android"))
}

fn headers(node: &str, opener: &'static str) -> Result<HeaderMap, String> {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
         font-src 'self'; connect-src 'self'{node}; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|_| "rpc_url cannot stand in a header")?;
    Ok(HeaderMap::from_iter([
        (header::CONTENT_SECURITY_POLICY, policy),
        (OPENER_POLICY, HeaderValue::from_static(opener)),
        (PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS)),
    ]))
}

/// A node's origin, and the one of its WebSocket.
fn sources(rpc_url: &str) -> Option<String> {
    let origin = Url::parse(rpc_url).ok()?.origin();
    let socket = origin.ascii_serialization().strip_prefix("http")?.to_owned();
    Some(format!(" http{socket} ws{socket}"))
}
