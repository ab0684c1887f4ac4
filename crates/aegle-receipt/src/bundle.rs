use aegle_decision::{ConsentOpening, Document, DocumentError, Emergency, Key, Policy, Statement};
use aegle_disclosure::{Digest, Inclusion, Logged, SignIn, SignedReceipt};
use aegle_envelope::LabelsOpening;
use serde::{Deserialize, Serialize};

/// Everything that shows what one request came to: a JSON document of its own, which whoever has it can
/// check without the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    pub kind: BundleVersion,
    /// The log's key as C2SP writes it, `name+id+key`.
    pub log: String,
    /// The header `aegle-receipt` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// What a refusal came to, in base64, encrypted to the patient: all that who was refused has besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// The very text that is committed to, and its salt. Who was refused has neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Digest>,
    /// Commitment to where the entry stands in the patient's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Digest>,
    /// Shows the entry under the checkpoint, a signed note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion: Option<Inclusion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// What who asked had signed to sign in, which names the key that signed the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
    /// What opens the consents of the patient to whoever asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Opening>,
    /// Statements by which who asked opened records of the vault in an emergency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emergencies: Vec<OpenedEmergency>,
    /// What opens the labels of records that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<OpenedRecord>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleVersion {
    #[default]
    #[serde(rename = "aegle:receipt:v1")]
    V1,
}

/// What names the grantee and the policy of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub consent: Key,
    pub grantee: Key,
    pub salt: Digest,
    /// The policy's very text.
    pub policy: String,
    pub policy_salt: Digest,
}

/// What opens an opening in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedEmergency {
    /// Account of the opening.
    pub break_glass: Key,
    /// The statement's very text.
    pub statement: String,
    /// The clinician's.
    #[serde(with = "hex::serde")]
    pub signature: [u8; 64],
    pub salt: Digest,
}

/// What opens a record's commitment as far as its labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedRecord {
    pub record: Key,
    pub opening: LabelsOpening,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("it is neither a receipt nor a bundle of one, see line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("it is the receipt alone; name the log's key, by which it is signed")]
    NoLog,
}

impl Opening {
    pub(crate) fn read(&self) -> Result<ConsentOpening, DocumentError> {
        Ok(ConsentOpening {
            consent: self.consent,
            grantee: self.grantee,
            salt: self.salt.0,
            policy: Document::<Policy>::read(self.policy.clone().into_bytes())?,
            policy_salt: self.policy_salt.0,
        })
    }
}

impl OpenedEmergency {
    pub(crate) fn read(&self) -> Result<Emergency, DocumentError> {
        let statement = Document::<Statement>::read(self.statement.clone().into_bytes())?;
        let Self { break_glass, signature, salt, .. } = *self;
        Ok(Emergency { break_glass, statement, signature, salt: salt.0, opened: None })
    }
}

impl Bundle {
    /// Reads a bundle, or the value of the header alone, which is as much of one as whoever was refused has;
    /// `log` is the key it would be signed by.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(text: &str, log: Option<&str>) -> Result<Self, BundleError> {
        let text = text.trim();
        if SignedReceipt::from_text(text).is_err() {
            return serde_json::from_str(text)
                .map_err(|error| BundleError::Malformed { line: error.line(), column: error.column() });
        }
        let log = log.ok_or(BundleError::NoLog)?.to_owned();
        Ok(Self { receipt: Some(text.to_owned()), ..Self::new(log) })
    }

    /// With nothing but the log's key.
    pub fn new(log: String) -> Self {
        Self {
            kind: BundleVersion::V1,
            log,
            receipt: None,
            sealed: None,
            entry: None,
            salt: None,
            link: None,
            inclusion: None,
            checkpoint: None,
            sign_in: None,
            emergencies: Vec::new(),
            consents: Vec::new(),
            records: Vec::new(),
        }
    }

    /// The same with an entry and what opens its commitment, as the patient has it.
    pub fn opened(self, logged: &Logged) -> Self {
        Self {
            entry: Some(String::from_utf8_lossy(logged.entry.bytes()).into_owned()),
            salt: Some(Digest(logged.salt)),
            link: Some(logged.link.commitment(&logged.link_salt)),
            ..self
        }
    }
}
