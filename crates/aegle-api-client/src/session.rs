use std::sync::Arc;

use aegle_client::{commitment::random_bytes, state::Purpose};
use aegle_decision::{Caller, Key, purpose_code};
use aegle_disclosure::{RequestParts, SignInText};
use jiff::Timestamp;
use rand::rngs::OsRng;
use reqwest::{Method, RequestBuilder, header::HeaderValue};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use solana_keypair::Keypair;
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
    request_key: Keypair,
    /// Seconds by which the server's clock is ahead.
    ahead: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Challenge {
    /// For the answer.
    challenge: String,
    domain: String,
    address: Key,
    statement: String,
    uri: String,
    version: String,
    chain_id: String,
    nonce: String,
    issued_at: String,
    expiration_time: String,
    resources: Vec<String>,
    message: String,
}

#[derive(Deserialize)]
struct SignedIn {
    token: Token,
    session: SessionEntry,
}

impl Challenge {
    /// Whether this asks to sign in, for whom and where it should; the text is composed anew from its
    /// fields, so that it says nothing else (ERC-4361's order of lines).
    fn check(&self, origin: &Origin, caller: &Caller, request_key: Key) -> Result<(), Error> {
        let plain = |text: &str| !text.is_empty() && text.chars().all(|char| !char.is_control());
        let Self { domain, address, statement, uri, version, chain_id, nonce, issued_at, expiration_time, .. } = self;
        if (domain, uri) != (&origin.domain, &origin.uri) {
            return Err(Error::Challenge("it is for another site"));
        }
        if *address != caller.key {
            return Err(Error::Challenge("it is for another wallet"));
        }
        if *statement != SignInText::statement(caller.practitioner.as_ref()) {
            return Err(Error::Challenge("it does not say who signs in, or who acts"));
        }
        if self.resources != [SignInText::resource(&request_key)] {
            return Err(Error::Challenge("it does not name the session's key alone"));
        }
        if ![statement, version, chain_id, nonce, issued_at, expiration_time].into_iter().all(|field| plain(field)) {
            return Err(Error::Challenge("a field of it is empty or has several lines"));
        }
        let expected = SignInText {
            domain: domain.clone(),
            address: *address,
            statement: statement.clone(),
            uri: uri.clone(),
            chain_id: chain_id.clone(),
            nonce: nonce.clone(),
            issued_at: issued_at.clone(),
            expiration_time: expiration_time.clone(),
            request_key,
        };
        if self.message == expected.to_string() {
            Ok(())
        } else {
            Err(Error::Challenge("its text is not made of its fields"))
        }
    }
}

impl Session {
    /// Signs in with `wallet`; where that is an organization's, with the practitioner who acts for it.
    ///
    /// # Errors
    /// [`Error::Challenge`] before anything is signed, where the server asks for something else.
    pub async fn sign_in(api: &Api, wallet: &dyn Signer, practitioner: Option<&dyn Signer>) -> Result<Self, Error> {
        let key = |signer: &dyn Signer| Key(signer.pubkey().to_bytes());
        let (address, acting) = (key(wallet), practitioner.map(key));
        let request_key = Keypair::new();
        let key_of_requests = Key(request_key.pubkey().to_bytes());
        let asked = json!({"address": address, "practitioner": acting, "request_key": key_of_requests});
        let challenge: Challenge = api::json(api.http.post(api.url("/v1/sign-in/challenge")).json(&asked)).await?;
        challenge.check(api.origin(), &Caller { key: address, practitioner: acting }, key_of_requests)?;
        let issued_at: Timestamp =
            challenge.issued_at.parse().map_err(|_| Error::Challenge("it was issued at no time"))?;
        let sign = |signer: &dyn Signer| signer.try_sign_message(challenge.message.as_bytes());
        let answer = json!({
            "challenge": challenge.challenge,
            "signature": sign(wallet)?.to_string(),
            "practitioner_signature": practitioner.map(sign).transpose()?.map(|signature| signature.to_string()),
        });
        let SignedIn { token, session } = api::json(api.http.post(api.url("/v1/sign-in")).json(&answer)).await?;
        let secrets = SessionSecrets { token, request_key, ahead: issued_at.as_second() - now() };
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
        let key = &self.secrets.request_key;
        let to_sign =
            parts.to_sign(&Key(key.pubkey().to_bytes()), now() + self.secrets.ahead, &random_bytes(&mut OsRng));
        let (input, signature) = to_sign.headers(&key.sign_message(to_sign.base.as_bytes()).into());
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

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST_KEY: Key = Key([6; 32]);

    fn challenge(origin: &Origin, wallet: &Key) -> Challenge {
        let mut challenge = Challenge {
            challenge: "sealed".into(),
            domain: origin.domain.clone(),
            address: *wallet,
            statement: "Sign in to Aegle.".into(),
            uri: origin.uri.clone(),
            version: "1".into(),
            chain_id: "solana:localnet".into(),
            nonce: "00ff".into(),
            issued_at: "2030-01-01T00:00:00Z".into(),
            expiration_time: "2030-01-01T00:05:00Z".into(),
            resources: vec![format!("aegle:request-key:{REQUEST_KEY}")],
            message: String::new(),
        };
        challenge.message = format!(
            "{} wants you to sign in with your Solana account:\n{wallet}\n\nSign in to Aegle.\n\nURI: {}\nVersion: 1\n\
             Chain ID: solana:localnet\nNonce: 00ff\nIssued At: 2030-01-01T00:00:00Z\n\
             Expiration Time: 2030-01-01T00:05:00Z\nResources:\n- aegle:request-key:{REQUEST_KEY}",
            origin.domain, origin.uri
        );
        challenge
    }

    #[test]
    fn only_a_sign_in_here_and_for_this_wallet_is_signed() {
        let origin = Origin::of("https://aegle.example/api").unwrap();
        assert_eq!((&*origin.domain, &*origin.uri), ("aegle.example", "https://aegle.example"));
        let wallet = Key([7; 32]);
        let caller = Caller { key: wallet, practitioner: None };
        assert!(challenge(&origin, &wallet).check(&origin, &caller, REQUEST_KEY).is_ok());

        type Change = fn(&mut Challenge);
        let changes: [(&str, Change); 8] = [
            ("another domain", |challenge| challenge.domain = "evil.example".into()),
            ("another site", |challenge| challenge.uri = "https://evil.example".into()),
            ("another wallet", |challenge| challenge.address = Key([8; 32])),
            ("another text", |challenge| challenge.message.push_str("\n- aegle:vault")),
            ("a line within a field", |challenge| {
                challenge.statement = "Sign in.\n\nURI: https://evil.example".into();
            }),
            ("another key", |challenge| challenge.resources[0] = format!("aegle:request-key:{}", Key([5; 32]))),
            ("another key too", |challenge| challenge.resources.push("aegle:request-key:1".into())),
            ("a transaction", |challenge| challenge.message = "\u{1}\u{0}\u{1}".into()),
        ];
        for (what, change) in changes {
            let mut changed = challenge(&origin, &wallet);
            change(&mut changed);
            assert!(matches!(changed.check(&origin, &caller, REQUEST_KEY), Err(Error::Challenge(_))), "{what}");
        }
        let acting = Caller { practitioner: Some(Key([9; 32])), ..caller };
        assert!(challenge(&origin, &wallet).check(&origin, &acting, REQUEST_KEY).is_err(), "nobody else acts");
    }
}
