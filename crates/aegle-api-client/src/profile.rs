//! Names that people publish.

use aegle_client::commitment::Salt;
use aegle_decision::Key;
pub use aegle_exchange::profile::{Named, Published, named};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::{Api, Error, Session, api};

/// A profile as the server shows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Shown {
    /// The key it is about: a credential's subject, or a registrar's own.
    pub subject: Key,
    #[serde(flatten)]
    pub published: Published,
}

#[derive(Serialize)]
struct NewProfile<'a> {
    #[serde(with = "hex::serde")]
    salt: Salt,
    profile: &'a str,
}

/// Shows everybody the profile that the credential or registrar `account` commits to. The caller is its subject or
/// its registrar.
///
/// # Errors
/// The server's: the account does not commit to it, or is somebody else's.
pub async fn publish(session: &Session, account: Key, salt: Salt, profile: &str) -> Result<(), Error> {
    let request = session.request(Method::PUT, &format!("/v1/profiles/{account}"));
    api::send(request.json(&NewProfile { salt, profile })).await.map(drop)
}

/// Shows it no more.
///
/// # Errors
/// The server's.
pub async fn withdraw(session: &Session, account: Key) -> Result<(), Error> {
    session.delete(&format!("/v1/profiles/{account}")).await
}

/// Profiles whose name or specialty has `text` in it. What the chain commits to shows with [`Published::opened`].
///
/// # Errors
/// The server's.
pub async fn search(api: &Api, text: &str) -> Result<Vec<Shown>, Error> {
    list(api, "search", text.to_owned()).await
}

/// What these credentials and registrars show of themselves.
///
/// # Errors
/// The server's.
pub async fn of(api: &Api, accounts: &[Key]) -> Result<Vec<Shown>, Error> {
    let accounts: Vec<_> = accounts.iter().map(ToString::to_string).collect();
    list(api, "accounts", accounts.join(",")).await
}

async fn list(api: &Api, by: &str, value: String) -> Result<Vec<Shown>, Error> {
    #[derive(Deserialize)]
    struct Found {
        data: Vec<Shown>,
    }
    Ok(api.get::<Found>("/v1/profiles", &[(by, value)]).await?.data)
}
