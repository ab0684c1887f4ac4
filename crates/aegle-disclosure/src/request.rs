use std::fmt::Write as _;

use aegle_decision::{Key, RuleId};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use sfv::{BareItem, Dictionary, FieldType, InnerList, List, ListEntry, Parser};
use solana_sha256_hasher::hash;

use crate::{Digest, Entry, Operation, Outcome, SignIn, SignInFault, Verifier, signature, verify};

/// Every request that is signed covers these, and no other (RFC 9421, section 2).
const COVERED: [&str; 4] = ["@method", "@path", "@query", "aegle-purpose"];
/// Names the signature among others.
const LABEL: &str = "aegle";
/// Seconds between when a request says it was signed and when it was decided, at most: clocks differ.
pub const SIGNED_WITHIN: i64 = 300;

/// What of a request is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestParts {
    pub method: String,
    pub path: String,
    /// Without its question mark.
    pub query: String,
    /// An HL7 PurposeOfUse code.
    pub purpose: String,
}

impl RequestParts {
    /// The signature base of RFC 9421 section 2.5, without the parameters of a signature.
    pub fn base(&self) -> String {
        let Self { method, path, query, purpose } = self;
        format!("\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n\"aegle-purpose\": {purpose}")
    }

    fn signed_base(&self, parameters: &str) -> String {
        let mut base = self.base();
        // Writing to a string cannot fail.
        let _ = write!(base, "\n\"@signature-params\": {parameters}");
        base
    }

    /// What `key` signs at `created`, in seconds since the Unix epoch; `nonce` tells it from every other
    /// request.
    pub fn to_sign(&self, key: &Key, created: i64, nonce: &[u8; 32]) -> ToSign {
        let covered = COVERED.map(|name| format!("\"{name}\"")).join(" ");
        let nonce = BASE64_STANDARD.encode(nonce);
        let parameters = format!("({covered});created={created};nonce=\"{nonce}\";alg=\"ed25519\";keyid=\"{key}\"");
        ToSign { base: self.signed_base(&parameters), parameters }
    }
}

/// A request that waits for its signature.
pub struct ToSign {
    /// The bytes to sign.
    pub base: String,
    parameters: String,
}

impl ToSign {
    /// The headers `Signature-Input` and `Signature`.
    pub fn headers(&self, signature: &[u8; 64]) -> (String, String) {
        (format!("{LABEL}={}", self.parameters), format!("{LABEL}=:{}:", BASE64_STANDARD.encode(signature)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    #[error("Signature-Input and Signature are not one signature as RFC 9421 writes it")]
    Malformed,
    #[error("it must cover \"@method\" \"@path\" \"@query\" \"aegle-purpose\", in this order")]
    Covered,
    #[error("the parameters created, nonce and keyid are needed, and alg may only be ed25519")]
    Parameters,
    #[error("it was signed by another key than the session's")]
    Key,
    #[error("it was signed too long before or after it came")]
    Time,
    #[error("it does not fit the request")]
    Signature,
}

/// The parameters of a signature.
struct Parameters {
    created: i64,
    key: Key,
}

impl Parameters {
    fn of(list: &InnerList) -> Result<Self, RequestFault> {
        let covered = list.items.iter().map(|item| match &item.bare_item {
            BareItem::String(name) if item.params.is_empty() => Some(name.as_str()),
            _ => None,
        });
        if !covered.eq(COVERED.map(Some)) {
            return Err(RequestFault::Covered);
        }
        let text = |name: &str| match list.params.get(name) {
            Some(BareItem::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let created = match list.params.get("created") {
            Some(BareItem::Integer(created)) => Some(i64::from(*created)),
            _ => None,
        };
        let key = text("keyid").and_then(|key| key.parse().ok());
        let algorithm = list.params.get("alg").is_none() || text("alg") == Some("ed25519");
        match (created, key, text("nonce"), algorithm) {
            (Some(created), Some(key), Some(_), true) => Ok(Self { created, key }),
            _ => Err(RequestFault::Parameters),
        }
    }

    fn check(&self, key: &Key, at: i64) -> Result<(), RequestFault> {
        if self.key != *key {
            return Err(RequestFault::Key);
        }
        if self.created.abs_diff(at) > SIGNED_WITHIN.unsigned_abs() {
            return Err(RequestFault::Time);
        }
        Ok(())
    }
}

/// A request as its caller signed it, and by which sign-in the key is the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRequest {
    /// The signature base, RFC 9421 section 2.5: what was signed.
    pub base: String,
    /// Ed25519, base64.
    #[serde(with = "signature")]
    pub signature: [u8; 64],
    /// Of the [`SignIn`].
    pub sign_in: Digest,
}

/// Why a request cannot be the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedFault {
    #[error("the request is not signed")]
    Unsigned,
    #[error("another request was signed")]
    Request,
    #[error(transparent)]
    Signature(#[from] RequestFault),
    #[error("the sign-in is another one")]
    SignIn,
    #[error(transparent)]
    SignInFault(#[from] SignInFault),
}

impl SignedRequest {
    /// Reads the headers `Signature-Input` and `Signature` of a request that came at `at`, to a session
    /// that `sign_in` began and whose requests this key signs.
    ///
    /// # Errors
    /// Why it does not count as signed.
    pub fn read(
        parts: &RequestParts,
        (input, signature): (&str, &str),
        (verifier, sign_in): (&Verifier, Digest),
        at: i64,
    ) -> Result<Self, RequestFault> {
        let input: Dictionary = Parser::new(input).parse().map_err(|_| RequestFault::Malformed)?;
        let signature: Dictionary = Parser::new(signature).parse().map_err(|_| RequestFault::Malformed)?;
        let (Some((label, ListEntry::InnerList(list))), 1, 1) = (input.first(), input.len(), signature.len()) else {
            return Err(RequestFault::Malformed);
        };
        let signature = match signature.get(label) {
            Some(ListEntry::Item(item)) => match &item.bare_item {
                BareItem::ByteSequence(bytes) => <[u8; 64]>::try_from(&bytes[..]).ok(),
                _ => None,
            },
            _ => None,
        };
        let signature = signature.ok_or(RequestFault::Malformed)?;
        Parameters::of(list)?.check(&verifier.key(), at)?;
        let written = List::from([ListEntry::InnerList(list.clone())]).serialize().ok_or(RequestFault::Malformed)?;
        let signed = Self { base: parts.signed_base(&written), signature, sign_in };
        if verifier.verify(signed.base.as_bytes(), &signature) { Ok(signed) } else { Err(RequestFault::Signature) }
    }

    /// SHA-256 of what was signed.
    pub fn digest(&self) -> Digest {
        Digest(hash(self.base.as_bytes()).to_bytes())
    }

    /// The lines before the parameters, and the parameters.
    fn parameters(&self) -> Result<(&str, Parameters), RequestFault> {
        let (before, parameters) = self.base.rsplit_once("\n\"@signature-params\": ").ok_or(RequestFault::Malformed)?;
        let list: List = Parser::new(parameters).parse().map_err(|_| RequestFault::Malformed)?;
        match &list[..] {
            [ListEntry::InnerList(list)] => Ok((before, Parameters::of(list)?)),
            _ => Err(RequestFault::Malformed),
        }
    }
}

impl Operation {
    /// Whether keys or content go out for it, so that who asks has to sign.
    pub fn releases(self) -> bool {
        matches!(
            self,
            Self::ListRecords | Self::ReadRecord | Self::ReadContent | Self::FetchShares | Self::CollectShares
        )
    }
}

impl Entry {
    /// Path of the request, where it is one that has to be signed.
    fn path(&self) -> Option<String> {
        let record = || self.record.map(|record| record.to_string());
        match self.operation {
            Operation::ListRecords => Some("/v1/records".to_owned()),
            Operation::ReadRecord => Some(format!("/v1/records/{}", record()?)),
            Operation::ReadContent => Some(format!("/v1/records/{}/content", record()?)),
            Operation::FetchShares => Some(format!("/v1/releases/{}", self.break_glass()?)),
            Operation::CollectShares => Some(format!("/v1/emergencies/{}/shares", self.break_glass()?)),
            _ => None,
        }
    }

    /// The opening in an emergency by which something went out.
    pub fn break_glass(&self) -> Option<Key> {
        let Outcome::Permit { records, .. } = &self.outcome else { return None };
        records.iter().find_map(|released| match released.rule {
            RuleId::BreakGlass { break_glass } => Some(break_glass),
            _ => None,
        })
    }

    /// Whether the caller asked for this: the signature is by the key that the caller named when signing
    /// in, and over this request.
    ///
    /// # Errors
    /// The first thing that does not fit. Operations that release nothing need no signature.
    pub fn check_signed(&self, sign_in: Option<&SignIn>) -> Result<(), SignedFault> {
        let Some(signed) = &self.signed else {
            return if self.operation.releases() { Err(SignedFault::Unsigned) } else { Ok(()) };
        };
        let (before, parameters) = signed.parameters()?;
        let path = self.path().is_none_or(|path| before.starts_with(&format!("\"@method\": GET\n\"@path\": {path}\n")));
        let purpose = before.ends_with(&format!("\n\"aegle-purpose\": {}", self.purpose));
        let patient = format!("patient={}", self.vault);
        // Whoever made a vault up is logged as asking about none.
        let vault = self.operation != Operation::ListRecords
            || self.vault == Key::default()
            || before.lines().any(|line| {
                line.strip_prefix("\"@query\": ?").is_some_and(|query| query.split('&').any(|part| part == patient))
            });
        if !path || !purpose || !vault || before.lines().count() != COVERED.len() || self.request != signed.digest() {
            return Err(SignedFault::Request);
        }
        parameters.check(&parameters.key, self.at)?;
        if !verify(&parameters.key, signed.base.as_bytes(), &signed.signature) {
            return Err(RequestFault::Signature.into());
        }
        let sign_in = sign_in.filter(|sign_in| sign_in.digest() == signed.sign_in).ok_or(SignedFault::SignIn)?;
        sign_in.check(&self.caller, &parameters.key)?;
        Ok(())
    }
}
