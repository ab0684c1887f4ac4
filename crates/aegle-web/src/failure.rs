use js_sys::{Error as JsError, Reflect};
use wasm_bindgen::JsValue;

/// Why something failed: thrown as a JavaScript `Error` whose `code` is stable. It holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: &'static str,
    pub message: String,
}

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// What was given is not what it should be.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new("bad_argument", message)
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        let error = JsError::new(&failure.message);
        // Setting a property of an object that was just made does not fail.
        let _ = Reflect::set(&error, &"code".into(), &failure.code.into());
        error.into()
    }
}

/// Errors of the crates below, each by a code of its kind.
macro_rules! failures {
    ($($error:ty => $code:expr),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let code: fn(&$error) -> &'static str = $code;
                Self::new(code(&error), error.to_string())
            }
        })+
    };
}

failures! {
    aegle_exchange::Error => aegle_exchange::Error::code,
    aegle_envelope::KeyringError => |_| "keyring",
    aegle_envelope::RecordError => |_| "content_altered",
    aegle_decision::DocumentError => |_| "bad_document",
    std::io::Error => |_| "content_altered",
}
