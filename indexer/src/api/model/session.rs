use aegle_disclosure::SignInText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{
    bytes::{Address, SessionId, Signature},
    store::session::SessionRow,
    time::Time,
};

/// Who wants to sign in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// The wallet: a patient's, a practitioner's or an organization's.
    pub address: Address,
    /// Who acts for the organization, and will sign too; absent where a person signs in.
    pub practitioner: Option<Address>,
    /// Ed25519 key, made for this session, that will sign its requests.
    pub request_key: Address,
}

/// What to sign: the fields as Sign-In With Solana names them, and the exact text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToSign {
    /// The challenge as the answer to it has to name it, sealed by the server.
    pub challenge: String,
    pub domain: String,
    /// The wallet, base58.
    pub address: String,
    pub statement: String,
    pub uri: String,
    pub version: String,
    pub chain_id: String,
    pub nonce: String,
    pub issued_at: String,
    pub expiration_time: String,
    /// The key that will sign the session's requests, as `aegle:request-key:` and base58.
    pub resources: Vec<String>,
    /// The text whose UTF-8 bytes are signed, by the wallet and by the practitioner.
    pub message: String,
}

impl ToSign {
    pub fn new(text: SignInText, challenge: String) -> Self {
        Self {
            challenge,
            message: text.to_string(),
            domain: text.domain,
            address: text.address.to_string(),
            statement: text.statement,
            uri: text.uri,
            version: SignInText::VERSION.to_owned(),
            chain_id: text.chain_id,
            nonce: text.nonce,
            issued_at: text.issued_at,
            expiration_time: text.expiration_time,
            resources: vec![SignInText::resource(&text.request_key)],
        }
    }
}

/// The answer to a challenge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// As it was given out with the text.
    #[schema(max_length = 256)]
    pub challenge: String,
    /// The wallet's signature, base58.
    pub signature: Signature,
    /// The practitioner's, where the challenge names one.
    pub practitioner_signature: Option<Signature>,
    /// The text that the wallet says it signed; refused where it differs from the challenge's.
    pub signed_message: Option<String>,
}

/// A session that has begun.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedIn {
    /// To be sent as `Authorization: Bearer`. It is shown this once.
    pub token: String,
    pub session: Session,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub wallet: Address,
    /// Who acts for the wallet, where it is an organization's.
    pub practitioner: Option<Address>,
    pub created_at: Time,
    pub expires_at: Time,
    /// When it ends, however often it is renewed.
    pub ends_at: Time,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Session {
    pub fn new(row: SessionRow, current: SessionId) -> Self {
        Self {
            current: row.id == current,
            id: row.id,
            wallet: row.wallet,
            practitioner: row.practitioner,
            created_at: row.created_at,
            expires_at: row.expires_at,
            ends_at: row.ends_at,
        }
    }
}

/// The sessions of the caller that count, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sessions {
    pub data: Vec<Session>,
}

/// When a session now expires.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Renewed {
    pub expires_at: Time,
}
