use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use aegle_decision::{Key, RuleId, Verdict};
use aegle_disclosure::{Digest, Outcome, Released, RequestFault, RequestParts, SignedReceipt, SignedRequest, Verifier};
use axum::{
    Extension,
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::{Asked, Disclosures, Draft, draft::Asking, seal::seal};
use crate::api::{
    access::{At, Opened},
    bytes::{self, Address},
    error::{ApiError, Problem, Refused},
    routes::PURPOSE,
    session::Bearer,
    state::ApiState,
};

/// Header of an answer to a request that was decided: the log's receipt.
pub const RECEIPT: HeaderName = HeaderName::from_static("aegle-receipt");

/// Headers of RFC 9421.
const SIGNATURE_INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";

/// Keys of sessions that are kept read, of those in use.
const REQUEST_KEYS: usize = 10_000;

/// Keys of sessions, ready to check signatures with.
pub struct RequestKeys(Cache<Key, Verifier>);

impl Default for RequestKeys {
    fn default() -> Self {
        Self(Cache::new(REQUEST_KEYS))
    }
}

impl RequestKeys {
    fn get(&self, key: &Key) -> Option<Verifier> {
        self.0.get_or_insert_with(key, || Verifier::new(key).ok_or(())).ok()
    }
}

/// The request as it is logged, and what was decided about it.
#[derive(Clone)]
pub struct Requested(Arc<Inner>);

struct Inner {
    parts: RequestParts,
    /// `Signature-Input` and `Signature`; none where one of them is missing.
    signature: Option<(String, String)>,
    decided: Mutex<Decided>,
}

#[derive(Default)]
struct Decided {
    asking: Option<Asking>,
    /// One, or one for each vault that it is about.
    drafts: Vec<Draft>,
    /// Of what is logged already.
    receipt: Option<SignedReceipt>,
    /// The key of the vault, to which a refusal is sealed; none where there is no such vault.
    seal_to: Option<[u8; 32]>,
}

impl Requested {
    fn of(request: &Request) -> Self {
        // A header that stands there twice is one list (RFC 9110, section 5.3).
        let header = |name: &str| {
            let values: Option<Vec<_>> =
                request.headers().get_all(name).iter().map(|value| value.to_str().ok()).collect();
            values.filter(|values| !values.is_empty()).map(|values| values.join(", "))
        };
        let parts = RequestParts {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            purpose: header(PURPOSE.as_str()).unwrap_or_default(),
        };
        let signature = header(SIGNATURE_INPUT).zip(header(SIGNATURE));
        Self(Arc::new(Inner { parts, signature, decided: Mutex::default() }))
    }

    /// The request as the session's key signed it; none where it is not signed.
    ///
    /// # Errors
    /// A signature that does not count.
    fn signed(&self, state: &ApiState, bearer: &Bearer) -> Result<Option<SignedRequest>, ApiError> {
        let Some((input, signature)) = &self.0.signature else { return Ok(None) };
        let (parts, headers) = (&self.0.parts, (&**input, &**signature));
        let verifier = state.request_keys.get(&bearer.request_key).ok_or(RequestFault::Key);
        let signed = verifier
            .and_then(|verifier| SignedRequest::read(parts, headers, (&verifier, bearer.sign_in), (state.now)()));
        signed.map(Some).map_err(|fault| ApiError::RequestSignatureInvalid(fault.to_string()))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Decided) -> T) -> T {
        change(&mut self.0.decided.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// States who asks for what, in the place of what was before: a request may be tried again.
    ///
    /// # Errors
    /// A request that has to be signed and is not, or whose signature does not count.
    pub fn ask(&self, state: &ApiState, bearer: &Bearer, asked: Asked) -> Result<(), ApiError> {
        // What a signature covers names the purpose; where none is stated there is nothing to sign for.
        let signed = if asked.purpose.is_some() { self.signed(state, bearer)? } else { None };
        if asked.operation.releases() && signed.is_none() {
            return Err(ApiError::RequestUnsigned);
        }
        // SHA-256 of method, path, query and purpose, as RFC 9421 lines them up.
        let unsigned = || Digest(Sha256::digest(self.0.parts.base()).into());
        let request = signed.as_ref().map_or_else(unsigned, SignedRequest::digest);
        let asking = Asking { caller: bearer.caller, asked, request, signed };
        self.change(|decided| *decided = Decided { asking: Some(asking), ..Decided::default() });
        Ok(())
    }

    /// States when it is decided, by which state of the chain and about which vault.
    pub fn decide(&self, at: At, now: i64, vault: Key) {
        self.change(|decided| {
            decided.seal_to = None;
            decided.drafts = decided.asking.iter().map(|asking| Draft::new(asking.clone(), at, now, vault)).collect();
        });
    }

    /// States to which key a refusal is sealed, that of the vault; none where there is no such vault.
    pub fn seal_to(&self, key: Option<bytes::Digest>) {
        self.change(|decided| decided.seal_to = key.map(|key| key.0));
    }

    /// States by which consents it is permitted, and what goes out.
    pub fn release(&self, opened: &Opened, released: impl IntoIterator<Item = (Address, Verdict)>) {
        let records = released.into_iter().map(|(record, verdict)| Released {
            record: Key(record.0),
            rule: verdict.rule(),
            consent: verdict.consent(),
        });
        self.permit(opened.outcome(records.collect()));
    }

    /// States what is done under an opening in an emergency: the credentials that count, and the records.
    pub fn release_in_emergency(
        &self,
        break_glass: Key,
        credentials: Vec<Key>,
        records: impl IntoIterator<Item = Key>,
    ) {
        let rule = RuleId::BreakGlass { break_glass };
        let records = records.into_iter().map(|record| Released { record, rule, consent: None });
        self.permit(Outcome::Permit { consents: Vec::new(), credentials, records: records.collect() });
    }

    /// States what it is permitted by.
    pub fn permit(&self, outcome: Outcome) {
        self.change(|decided| decided.drafts.iter_mut().for_each(|draft| draft.outcome = outcome.clone()));
    }

    /// States that it is about several vaults, of none of which a record goes out.
    pub fn spread_over(&self, vaults: impl Iterator<Item = Key>) {
        let nothing = || Outcome::Permit { consents: Vec::new(), credentials: Vec::new(), records: Vec::new() };
        let vaults: BTreeSet<Key> = vaults.collect();
        self.spread(vaults.into_iter().map(|vault| (vault, nothing())).collect());
    }

    /// States that it is about several vaults, each with an entry of its own; without any it stays nobody's.
    pub fn spread(&self, each: Vec<(Key, Outcome)>) {
        self.change(|decided| {
            if let [draft] = &decided.drafts[..]
                && !each.is_empty()
            {
                decided.drafts =
                    each.into_iter().map(|(vault, outcome)| Draft { vault, outcome, ..draft.clone() }).collect();
            }
        });
    }

    /// Logs a permission before something is done under it that the answer does not wait for.
    ///
    /// # Errors
    /// It could not be logged, so it must not be done.
    pub async fn log(&self, disclosures: &Disclosures) -> Result<(), ApiError> {
        let drafts = self.change(|decided| std::mem::take(&mut decided.drafts));
        let appended = disclosures.append(drafts).await?;
        self.change(|decided| decided.receipt = appended.first().map(|first| first.receipt));
        Ok(())
    }

    /// Logs what the request came to, and then lets the answer go with the log's receipt; a refusal with what
    /// the patient can read of it besides. What is no decision is not logged: a mirror behind, a request that
    /// makes no sense.
    async fn conclude(&self, disclosures: &Disclosures, mut response: Response) -> Response {
        let Decided { mut drafts, receipt, seal_to, .. } = self.change(std::mem::take);
        if let Some(receipt) = receipt {
            return with(receipt, response);
        }
        if drafts.is_empty() || response.status().is_server_error() {
            return response;
        }
        let refused = response.extensions().get::<Refused>().copied();
        if let Some(Refused { rule, consent }) = refused {
            drafts.truncate(1);
            drafts.iter_mut().for_each(|draft| draft.deny(rule, consent));
        }
        let appended = match disclosures.append(drafts).await {
            Ok(appended) => appended,
            Err(error) => return error.into_response(),
        };
        let Some(first) = appended.first() else { return response };
        if refused.is_some()
            && let Some(problem) = response.extensions_mut().get_mut::<Problem>()
        {
            problem.sealed = seal(&first.logged, seal_to);
        }
        with(first.receipt, response)
    }
}

fn with(receipt: SignedReceipt, mut response: Response) -> Response {
    if let Ok(receipt) = HeaderValue::from_str(&receipt.to_text()) {
        response.headers_mut().insert(RECEIPT, receipt);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Requested {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let requested = parts.extensions.get::<Self>().cloned();
        requested.ok_or_else(|| ApiError::Internal("a route that decides hands no receipts".into()))
    }
}

/// Logs what was decided, whatever the answer is, and adds the receipt to it.
pub async fn hand_receipt(
    Extension(disclosures): Extension<Disclosures>,
    mut request: Request,
    next: Next,
) -> Response {
    let requested = Requested::of(&request);
    request.extensions_mut().insert(requested.clone());
    let response = next.run(request).await;
    requested.conclude(&disclosures, response).await
}
