use aegle_client::state::Purpose;
use aegle_decision::Key;
use reqwest::{Method, RequestBuilder};
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
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Token(String);

/// Somebody who signed in.
#[derive(Clone)]
pub struct Session {
    api: Api,
    token: Token,
    entry: SessionEntry,
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
    message: String,
}

#[derive(Deserialize)]
struct SignedIn {
    token: Token,
    session: SessionEntry,
}

/// What is kept of a session between two runs of a program. As secret as the session.
#[derive(Serialize, Deserialize)]
pub struct SavedSession {
    pub token: Token,
    pub session: SessionEntry,
}

impl Challenge {
    /// Whether this asks to sign in, for whom and where it should; the text is composed anew from its
    /// fields, so that it says nothing else (ERC-4361's order of lines).
    fn check(&self, origin: &Origin, wallet: &Key, practitioner: Option<&Key>) -> Result<(), Error> {
        let plain = |text: &str| !text.is_empty() && text.chars().all(|char| !char.is_control());
        let Self {
            domain, address, statement, uri, version, chain_id, nonce, issued_at, expiration_time, message, ..
        } = self;
        if (domain, uri) != (&origin.domain, &origin.uri) {
            return Err(Error::Challenge("it is for another site"));
        }
        if address != wallet {
            return Err(Error::Challenge("it is for another wallet"));
        }
        if practitioner.is_some_and(|key| !statement.contains(&key.to_string())) {
            return Err(Error::Challenge("it does not name the practitioner"));
        }
        if ![statement, version, chain_id, nonce, issued_at, expiration_time].into_iter().all(|field| plain(field)) {
            return Err(Error::Challenge("a field of it is empty or has several lines"));
        }
        let expected = format!(
            "{domain} wants you to sign in with your Solana account:\n{address}\n\n{statement}\n\nURI: {uri}\n\
             Version: {version}\nChain ID: {chain_id}\nNonce: {nonce}\nIssued At: {issued_at}\n\
             Expiration Time: {expiration_time}"
        );
        if *message == expected { Ok(()) } else { Err(Error::Challenge("its text is not made of its fields")) }
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
        let asked = json!({"address": address, "practitioner": acting});
        let challenge: Challenge = api::json(api.http.post(api.url("/v1/sign-in/challenge")).json(&asked)).await?;
        challenge.check(api.origin(), &address, acting.as_ref())?;
        let sign = |signer: &dyn Signer| signer.try_sign_message(challenge.message.as_bytes());
        let answer = json!({
            "challenge": challenge.challenge,
            "signature": sign(wallet)?.to_string(),
            "practitioner_signature": practitioner.map(sign).transpose()?.map(|signature| signature.to_string()),
        });
        let SignedIn { token, session } = api::json(api.http.post(api.url("/v1/sign-in")).json(&answer)).await?;
        Ok(Self { api: api.clone(), token, entry: session })
    }

    /// Takes a saved session up again. Whether it still counts shows with the first request.
    pub fn resume(api: &Api, saved: SavedSession) -> Self {
        Self { api: api.clone(), token: saved.token, entry: saved.session }
    }

    pub fn save(&self) -> SavedSession {
        SavedSession { token: self.token.clone(), session: self.entry.clone() }
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
        self.api.http.request(method, self.api.url(path)).bearer_auth(&self.token.0)
    }

    /// A read for `purpose`.
    pub(crate) fn read(&self, purpose: Purpose, path: &str) -> RequestBuilder {
        self.request(Method::GET, path).header(PURPOSE, code(purpose))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Error> {
        Ok(api::json::<Answer<T>>(self.request(Method::GET, path).query(query)).await?.data)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        Ok(api::json::<Answer<T>>(self.request(Method::POST, path).json(body)).await?.data)
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

    /// Every item of a list, page by page; `first` makes the request of a page.
    pub(crate) async fn pages<T: DeserializeOwned>(&self, first: impl Fn() -> RequestBuilder) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let request = first().query(&[("limit", PAGE)]);
            let request = match &cursor {
                Some(cursor) => request.query(&[("cursor", cursor)]),
                None => request,
            };
            let page: Page<T> = api::json(request).await?;
            items.extend(page.data);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(items),
            }
        }
    }
}

/// The HL7 code of a purpose.
pub(crate) fn code(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treatment => "TREAT",
        Purpose::EmergencyTreatment => "ETREAT",
        Purpose::Payment => "HPAYMT",
        Purpose::Operations => "HOPERAT",
        Purpose::Research => "HRESCH",
        Purpose::PublicHealth => "PUBHLTH",
        Purpose::FamilyRequest => "FAMRQT",
        Purpose::PatientRequest => "PATRQT",
        Purpose::Marketing => "HMARKT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            message: String::new(),
        };
        challenge.message = format!(
            "{} wants you to sign in with your Solana account:\n{wallet}\n\nSign in to Aegle.\n\nURI: {}\nVersion: 1\n\
             Chain ID: solana:localnet\nNonce: 00ff\nIssued At: 2030-01-01T00:00:00Z\n\
             Expiration Time: 2030-01-01T00:05:00Z",
            origin.domain, origin.uri
        );
        challenge
    }

    #[test]
    fn only_a_sign_in_here_and_for_this_wallet_is_signed() {
        let origin = Origin::of("https://aegle.example/api").unwrap();
        assert_eq!((&*origin.domain, &*origin.uri), ("aegle.example", "https://aegle.example"));
        let wallet = Key([7; 32]);
        assert!(challenge(&origin, &wallet).check(&origin, &wallet, None).is_ok());

        type Change = fn(&mut Challenge);
        let changes: [(&str, Change); 6] = [
            ("another domain", |challenge| challenge.domain = "evil.example".into()),
            ("another site", |challenge| challenge.uri = "https://evil.example".into()),
            ("another wallet", |challenge| challenge.address = Key([8; 32])),
            ("another text", |challenge| challenge.message.push_str("\nResources:\n- aegle:vault")),
            ("a line within a field", |challenge| {
                challenge.statement = "Sign in.\n\nURI: https://evil.example".into();
            }),
            ("a transaction", |challenge| challenge.message = "\u{1}\u{0}\u{1}".into()),
        ];
        for (what, change) in changes {
            let mut changed = challenge(&origin, &wallet);
            change(&mut changed);
            assert!(matches!(changed.check(&origin, &wallet, None), Err(Error::Challenge(_))), "{what}");
        }
        let practitioner = Key([9; 32]);
        assert!(challenge(&origin, &wallet).check(&origin, &wallet, Some(&practitioner)).is_err(), "nobody else acts");
    }
}
