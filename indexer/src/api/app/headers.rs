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

/// The headers of every file of the app: a page runs its own scripts, and talks to this server and to the
/// node alone.
///
/// # Errors
/// A sentence that starts with the key `rpc_url`: it cannot stand in a header.
pub fn headers(rpc_url: Option<&str>) -> Result<HeaderMap, String> {
    let node = rpc_url.map_or(Some(String::new()), sources).ok_or("rpc_url has no origin that a policy could name")?;
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
         font-src 'self'; connect-src 'self'{node}; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|_| "rpc_url cannot stand in a header")?;
    Ok(HeaderMap::from_iter([
        (header::CONTENT_SECURITY_POLICY, policy),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS)),
    ]))
}

/// A node's origin, and the one of its WebSocket.
fn sources(rpc_url: &str) -> Option<String> {
    let origin = Url::parse(rpc_url).ok()?.origin();
    let socket = origin.ascii_serialization().strip_prefix("http")?.to_owned();
    Some(format!(" http{socket} ws{socket}"))
}
