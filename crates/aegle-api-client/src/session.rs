use std::sync::Arc;

use aegle_client::state::Purpose;
use aegle_decision::{Caller, Key, purpose_code};
use aegle_disclosure::RequestParts;
use aegle_exchange::sign_in::{Challenge, RequestKey};
use jiff::Timestamp;
use rand::rngs::OsRng;
use reqwest::{Method, RequestBuilder, header::HeaderValue};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use solana_signer::Signer;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    Api, Error,
    api::{self, Origin},
    wire::{Answer, Page, SessionEntry},
};

/// Header that states the purpose of a read.
const PURPOSE: &str = "aegle-purpose";
/// What the server gives in one page at most.
const PAGE: &str = "200";

/// What the caller shows to be known again.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Token(String);

/// Somebody who signed in.
#[derive(Clone)]
pub struct Session {
    api: Api,
    secrets: Arc<SessionSecrets>,
    entry: SessionEntry,
}

struct SessionSecrets {
    token: Token,
    /// Signs what asks for keys and content.
    request_key: RequestKey,
    /// Seconds by which the server's clock is ahead.
    ahead: i64,
}

#[derive(Deserialize)]
struct SignedIn {
    token: Token,
    session: SessionEntry,
}

impl Session {
    /// Signs in with `wallet`; where that is an organization's, with the practitioner who acts for it.
    ///
    /// # Errors
    /// [`Error::Challenge`] before anything is signed, where the server asks for something else.
    pub async fn sign_in(api: &Api, wallet: &dyn Signer, practitioner: Option<&dyn Signer>) -> Result<Self, Error> {
        let key = |signer: &dyn Signer| Key(signer.pubkey().to_bytes());
        let (address, acting) = (key(wallet), practitioner.map(key));
        let request_key = RequestKey::generate(&mut OsRng);
        let key_of_requests = request_key.key();
        let asked = json!({"address": address, "practitioner": acting, "request_key": key_of_requests});
        let challenge: Challenge = api::json(api.http.post(api.url("/v1/sign-in/challenge")).json(&asked)).await?;
        let Origin { domain, uri } = api.origin();
        let caller = Caller { key: address, practitioner: acting };
        let issued_at = challenge.check((domain, uri), &caller, key_of_requests)?;
        let sign = |signer: &dyn Signer| signer.try_sign_message(challenge.message.as_bytes());
        let answer = json!({
            "challenge": challenge.challenge,
            "signature": sign(wallet)?.to_string(),
            "practitioner_signature": practitioner.map(sign).transpose()?.map(|signature| signature.to_string()),
        });
        let SignedIn { token, session } = api::json(api.http.post(api.url("/v1/sign-in")).json(&answer)).await?;
        let secrets = SessionSecrets { token, request_key, ahead: issued_at - now() };
        Ok(Self { api: api.clone(), secrets: Arc::new(secrets), entry: session })
    }

    pub fn api(&self) -> &Api {
        &self.api
    }

    pub fn wallet(&self) -> Key {
        self.entry.wallet
    }

    pub fn entry(&self) -> &SessionEntry {
        &self.entry
    }

    /// Puts the end of the session off.
    ///
    /// # Errors
    /// A session that has ended.
    pub async fn renew(&self) -> Result<(), Error> {
        api::send(self.request(Method::POST, "/v1/sessions/renew")).await.map(drop)
    }

    /// The caller's sessions, newest first.
    ///
    /// # Errors
    /// The server's.
    pub async fn sessions(&self) -> Result<Vec<SessionEntry>, Error> {
        #[derive(Deserialize)]
        struct Sessions {
            data: Vec<SessionEntry>,
        }
        Ok(api::json::<Sessions>(self.request(Method::GET, "/v1/sessions")).await?.data)
    }

    /// Ends a session of the caller's; without an id, all of them.
    ///
    /// # Errors
    /// The server's.
    pub async fn end(&self, id: Option<&str>) -> Result<(), Error> {
        let path = id.map_or("/v1/sessions".to_owned(), |id| format!("/v1/sessions/{id}"));
        api::send(self.request(Method::DELETE, &path)).await.map(drop)
    }

    /// A request in the caller's name.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.http.request(method, self.api.url(path)).bearer_auth(&self.secrets.token.0)
    }

    /// A read for `purpose`, signed by the session's key (RFC 9421).
    ///
    /// # Errors
    /// An address that is none.
    pub fn read(&self, purpose: Purpose, path: &str, query: &[(&str, String)]) -> Result<RequestBuilder, Error> {
        let request = self.request(Method::GET, path).query(query).header(PURPOSE, purpose_code(purpose));
        let (http, request) = request.build_split();
        let mut request = request?;
        let parts = RequestParts {
            method: request.method().to_string(),
            path: request.url().path().to_owned(),
            query: request.url().query().unwrap_or_default().to_owned(),
            purpose: purpose_code(purpose).to_owned(),
        };
        let (input, signature) = self.secrets.request_key.headers(&parts, now() + self.secrets.ahead, &mut OsRng);
        for (name, value) in [("signature-input", input), ("signature", signature)] {
            let value = HeaderValue::try_from(value).map_err(|_| Error::Answer("the signature is no header"))?;
            request.headers_mut().insert(name, value);
        }
        Ok(RequestBuilder::from_parts(http, request))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Error> {
        Ok(api::json::<Answer<T>>(self.request(Method::GET, path).query(query)).await?.data)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        Ok(api::json::<Answer<T>>(self.request(Method::POST, path).json(body)).await?.data)
    }

    /// A request for `purpose` that says something.
    pub(crate) async fn post_for<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(Method::POST, path).header(PURPOSE, purpose_code(purpose)).json(body);
        Ok(api::json::<Answer<T>>(request).await?.data)
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        api::send(self.request(Method::DELETE, path)).await.map(drop)
    }

    /// A list that comes at once.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, Error> {
        Ok(api::json::<Page<T>>(self.request(Method::GET, path).query(query)).await?.data)
    }

    /// Every item of a list, page by page.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        purpose: Option<Purpose>,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut query = query.to_vec();
        query.push(("limit", PAGE.to_owned()));
        let asked = query.len();
        loop {
            let request = match purpose {
                Some(purpose) => self.read(purpose, path, &query)?,
                None => self.request(Method::GET, path).query(&query),
            };
            let page: Page<T> = api::json(request).await?;
            items.extend(page.data);
            match page.next {
                Some(next) => {
                    query.truncate(asked);
                    query.push(("cursor", next));
                }
                None => return Ok(items),
            }
        }
    }
}

/// Seconds since the Unix epoch, by the clock of this machine.
#[expect(clippy::disallowed_methods, reason = "the server says by how much this clock is wrong")]
fn now() -> i64 {
    Timestamp::now().as_second()
}
