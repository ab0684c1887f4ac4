use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::files::Files;
use crate::api::bytes::Address;

/// Longest path of a node's address that is taken for a route and not for a key in disguise.
const MAX_PATH: usize = 8;

/// Settings of the web app. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct AppConfig {
    /// Folder of a built app, served instead of the one that this program holds.
    pub folder: Option<PathBuf>,
    /// JSON-RPC of the node that browsers ask, told to everybody; by default the mirror's, if its address
    /// shows no credentials.
    pub rpc_url: Option<String>,
    /// Whether pages may use a wallet with its key in the page, and a provider who is played: for trying
    /// Aegle out, never with anybody's data.
    pub development: bool,
    /// The provider who is played, base58: pages offer it to whoever wants to try what allowing somebody is.
    pub practice: Option<Address>,
}

impl AppConfig {
    /// # Errors
    /// A sentence that starts with the name of the first key that is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let Some(url) = &self.rpc_url else { return Ok(()) };
        match Url::parse(url) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                Err("rpc_url must be an address that starts with http:// or https://".to_owned())
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err("rpc_url holds a user or a password, and every browser is told it".to_owned())
            }
            Ok(_) => Ok(()),
            Err(_) => Err("rpc_url must be an address that starts with http:// or https://".to_owned()),
        }
    }

    /// The settings with the mirror's node, where they name none and its address may be told.
    ///
    /// # Errors
    /// A sentence that starts with the name of a key: the app is to be served, and no node may be told.
    pub fn with_node(mut self, node: Option<&str>) -> Result<Self, String> {
        if self.rpc_url.is_none() {
            self.rpc_url = node.filter(|url| shows_no_credentials(url)).map(str::to_owned);
        }
        if self.rpc_url.is_none() && Files::open(self.folder.as_deref())?.hold_app() {
            return Err("rpc_url is not set, and the mirror's rpc_url is not set or looks as if it held a key: \
                        name a node that everybody may ask"
                .to_owned());
        }
        Ok(self)
    }
}

fn shows_no_credentials(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.path().len() <= MAX_PATH
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings of a folder with an app in it.
    fn config(folder: &tempfile::TempDir) -> AppConfig {
        std::fs::write(folder.path().join("index.html"), "app").unwrap();
        AppConfig { folder: Some(folder.path().to_owned()), ..Default::default() }
    }

    #[test]
    fn browsers_are_told_the_mirrors_node_only_where_its_address_shows_no_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let told = |node: Option<&str>| config(&folder).with_node(node).map(|config| config.rpc_url);
        for node in ["http://127.0.0.1:8899", "https://api.devnet.solana.com/", "https://node.example/rpc"] {
            assert_eq!(told(Some(node)), Ok(Some(node.to_owned())));
        }
        let secret = [
            "https://user:hidden@node.example",
            "https://hidden@node.example",
            "https://node.example/?api-key=hidden",
            "https://node.example/v2/hidden0123456789",
            "https://node.example/#hidden",
            "hidden",
        ];
        for node in secret.into_iter().map(Some).chain([None]) {
            let refusal = told(node).unwrap_err();
            assert!(refusal.starts_with("rpc_url ") && !refusal.contains("hidden"), "{node:?}: {refusal}");
        }
        let named = AppConfig { rpc_url: Some("https://public.example".into()), ..config(&folder) };
        assert_eq!(named.clone().with_node(Some(secret[0])), Ok(named), "what is named goes before");
    }

    #[test]
    fn a_node_that_cannot_be_told_to_browsers_is_refused() {
        let with = |url: &str| AppConfig { rpc_url: Some(url.into()), ..Default::default() }.validate();
        with("https://node.example/?api-key=meant-for-browsers").unwrap();
        for url in ["ftp://node.example", "node", "https://user:hidden@node.example"] {
            let refusal = with(url).unwrap_err();
            assert!(refusal.starts_with("rpc_url ") && !refusal.contains("hidden"), "{refusal}");
        }
    }
}
