use aegle_client::{AccountDeserialize, PROGRAM_ID};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::Error;

/// An account as a node tells it, in base64.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    owner: String,
    data: (String, Encoding),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Base64,
}

impl Account {
    /// The state that it holds.
    ///
    /// # Errors
    /// [`Error::Chain`] for an account of another program or kind.
    pub fn read<T: AccountDeserialize>(&self) -> Result<T, Error> {
        let (data, Encoding::Base64) = &self.data;
        let data = BASE64_STANDARD.decode(data).map_err(|_| Error::Answer("an account that is not base64"))?;
        if self.owner != PROGRAM_ID.to_string() {
            return Err(Error::Chain("an account is another program's"));
        }
        T::try_deserialize(&mut &data[..]).map_err(|_| Error::Chain("an account is of another kind"))
    }
}
