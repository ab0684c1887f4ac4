use std::time::Duration;

use aegle_disclosure::SignedReceipt;
use reqwest::{RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::{Error, Problem};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence within an answer.
const SILENCE: Duration = Duration::from_secs(30);

/// Header of an answer to a request that was decided.
const RECEIPT: &str = "aegle-receipt";

/// Whose page a wallet is asked to sign for. A server that names another is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Host, with the port where it is not the scheme's own.
    pub domain: String,
    /// Scheme and domain.
    pub uri: String,
}

impl Origin {
    /// # Errors
    /// An address that is not http or https.
    pub fn of(url: &str) -> Result<Self, Error> {
        let wrong = Error::Answer("the address of the server is none of http or https");
        let Ok(url) = Url::parse(url) else { return Err(wrong) };
        let uri = url.origin().ascii_serialization();
        match uri.split_once("://") {
            Some((_, domain)) if matches!(url.scheme(), "http" | "https") => {
                Ok(Self { domain: domain.to_owned(), uri: uri.clone() })
            }
            _ => Err(wrong),
        }
    }
}

/// A server, before anybody signed in.
#[derive(Clone, Debug)]
pub struct Api {
    pub(crate) http: reqwest::Client,
    url: String,
    origin: Origin,
}

impl Api {
    /// The server at `url`, where people sign in on `origin`.
    ///
    /// # Errors
    /// Without the system's certificates.
    pub fn new(url: &str, origin: Origin) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), origin })
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address of a route.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Gets what everybody may know.
    ///
    /// # Errors
    /// The server's refusal, or no answer.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Error> {
        json(self.http.get(self.url(path)).query(query)).await
    }
}

/// Sends a request; refusals become errors.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    refused(request.send().await?).await
}

/// Makes an error of a refusal.
pub(crate) async fn refused(response: Response) -> Result<Response, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let receipt = receipt(&response);
    let problem = response.json().await.unwrap_or_else(|_| Problem {
        title: "The server refused".into(),
        status,
        code: "unknown".into(),
        detail: format!("The server answered with status {status}."),
        request_id: String::new(),
        sealed: None,
        receipt: None,
    });
    Err(Error::Problem(Box::new(Problem { receipt, ..problem })))
}

/// The log's receipt for what was decided.
pub(crate) fn receipt(response: &Response) -> Option<SignedReceipt> {
    let text = response.headers().get(RECEIPT)?.to_str().ok()?;
    SignedReceipt::from_text(text).ok()
}

pub(crate) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    Ok(send(request).await?.json().await?)
}
