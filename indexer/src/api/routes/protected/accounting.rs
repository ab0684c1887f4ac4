//! The six-year accounting of disclosures, in the form that the caller accepts.

use std::collections::{BTreeSet, HashMap};

use aegle_accounting::{Account, Accounted, Known, LogState, Period, PeriodError, Standing, csv, pdf};
use aegle_decision::{Category, Key};
use aegle_disclosure::{Digest, Entry};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    disclosure::own,
    shape::{PurposeCode, Stated},
};
use crate::api::{
    access::{Serving, content, served::Served},
    bytes::Address,
    disclosure::Requested,
    error::ApiError,
    extract::Params,
    session::Bearer,
    state::ApiState,
    store::disclosure,
};

/// Disclosures in one accounting at most: what a document can hold and a request can wait for.
const MOST: i64 = 5_000;

/// Query of an accounting.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountingQuery {
    /// Address of the patient's vault.
    patient: Address,
    /// First day, UTC; six years ago unless given, and never before.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day, UTC; today unless given.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

/// The forms of an accounting. Where a caller likes several as much, the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Pdf,
}

impl Form {
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Pdf];

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Pdf => "application/pdf",
        }
    }

    /// The form that a caller likes most, RFC 9110 section 12.5.1; any where it does not say.
    fn accepted(headers: &HeaderMap) -> Result<Self, ApiError> {
        let values: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let ranges: Vec<_> = values.iter().flat_map(|value| value.split(',')).filter_map(range).collect();
        if ranges.is_empty() {
            return Ok(Self::Json);
        }
        let liked = Self::ALL.map(|form| (form, quality(form.media_type(), &ranges)));
        let most = liked.iter().map(|(_, quality)| *quality).fold(0.0, f32::max);
        let first = liked.into_iter().find(|(_, quality)| *quality == most && most > 0.0);
        first.map(|(form, _)| form).ok_or(ApiError::NotAcceptable)
    }
}

/// A media range with its quality.
fn range(text: &str) -> Option<(String, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| range.contains('/'))?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some((range, quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0))))
}

/// How much a caller likes a media type: what the narrowest range that it is in says.
fn quality(media_type: &str, ranges: &[(String, f32)]) -> f32 {
    let all_of = media_type.split_once('/').map(|(kind, _)| format!("{kind}/*")).unwrap_or_default();
    let says = |wanted: &str| ranges.iter().find(|(range, _)| range == wanted).map(|(_, quality)| *quality);
    says(media_type).or_else(|| says(&all_of)).or_else(|| says("*/*")).unwrap_or(0.0)
}

impl From<PeriodError> for ApiError {
    fn from(error: PeriodError) -> Self {
        match error {
            PeriodError::Clock => Self::Internal(error.to_string()),
            error => Self::InvalidParameter(format!("from, until: {error}")),
        }
    }
}

/// To whom the patient's data was disclosed within six years, as 45 CFR 164.528 asks for: JSON, CSV or PDF
/// by `Accept`. Asking joins the patient's log.
///
/// What the server states here, the patient's program can check: `aegle disclosure account` makes the same of
/// entries that prove themselves.
#[utoipa::path(
    get,
    path = "/v1/disclosures/accounting",
    tag = "log",
    params(AccountingQuery,
           ("aegle-purpose" = inline(PurposeCode), Header, description = "Purpose of use, an HL7 code")),
    responses((status = 200, content(
        (serde_json::Value = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/pdf"),
    ))),
    security(("session" = []))
)]
pub async fn get_accounting(
    State(state): State<ApiState>,
    bearer: Bearer,
    Stated(purpose): Stated,
    requested: Requested,
    headers: HeaderMap,
    Params(query): Params<AccountingQuery>,
) -> Result<Response, ApiError> {
    let form = Form::accepted(&headers)?;
    let period = Period::new(query.from, query.until, (state.now)())?;
    let owned = own(&state, &bearer, &requested, purpose, query.patient).await?;
    let (rows, known) = read(owned, period).await?;
    // What is accounted for below is more than what was logged before.
    requested.log(&state.disclosures).await?;

    let vault = Key(query.patient.0);
    let checkpoint = state.checkpoints.make().await?;
    let head = disclosure::head(&mut *state.pool.acquire().await?, vault).await?;
    let log = LogState {
        verifier: state.disclosures.log.verifier(),
        checkpoint: checkpoint.note,
        entries: head.map_or(0, |head| head.entries),
        commitment: head.map(|head| head.commitment),
    };
    let now = (state.now)();
    let written = tokio::task::spawn_blocking(move || {
        let entries = rows.iter().map(|row| Accounted {
            place: row.place,
            number: row.number,
            commitment: row.commitment,
            entry: &row.entry,
        });
        let account = Account::new(vault, period, now, Standing::Stated, log, entries, &known);
        write(&account, form)
    });
    let bytes = written.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    let name = format!("disclosures-{}-to-{}.{}", period.from, period.until, extension(form));
    let named = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let mut response = ([(header::CONTENT_TYPE, form.media_type())], bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_name(header::ACCEPT));
    if let (true, Ok(named)) = (form != Form::Json, named) {
        headers.insert(header::CONTENT_DISPOSITION, named);
    }
    Ok(response)
}

fn extension(form: Form) -> &'static str {
    match form {
        Form::Json => "json",
        Form::Csv => "csv",
        Form::Pdf => "pdf",
    }
}

fn write(account: &Account, form: Form) -> Result<Vec<u8>, ApiError> {
    let failed = |error: String| ApiError::Internal(error);
    match form {
        Form::Json => serde_json::to_vec(account).map_err(|error| failed(error.to_string())),
        Form::Csv => csv(account).map_err(|error| failed(error.to_string())),
        Form::Pdf => pdf(account).map_err(|error| failed(error.to_string())),
    }
}

/// An entry that was read back.
struct Row {
    place: u64,
    number: u64,
    commitment: Digest,
    entry: Entry,
}

async fn read((mut served, serving): (Served<'_>, Serving), period: Period) -> Result<(Vec<Row>, Known), ApiError> {
    let rows = disclosure::accounted(served.conn(), serving.vault, period.seconds(), MOST + 1).await?;
    if rows.len() as i64 > MOST {
        return Err(ApiError::InvalidParameter(format!(
            "from, until: more than {MOST} entries are within the period; ask for shorter ones"
        )));
    }
    let labelled = content::labelled(served.conn(), &serving).await?;
    served.close().await?;
    let categories: HashMap<Key, BTreeSet<Category>> = labelled
        .iter()
        .filter_map(content::Labelled::confirmed)
        .filter_map(|(view, labels)| Some((view.record, labels?.categories.iter().cloned().collect())))
        .collect();
    let rows = rows.into_iter().map(|row| {
        let entry = serde_json::from_str(&row.entry);
        let entry = entry.map_err(|error| ApiError::Internal(format!("entry {}: {error}", row.index)))?;
        let (place, number) = (row.index.unsigned_abs(), row.number.unsigned_abs());
        Ok(Row { place, number, commitment: row.commitment, entry })
    });
    Ok((rows.collect::<Result<_, ApiError>>()?, Known { categories, profiles: HashMap::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_caller_likes_most() {
        let accepted = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::ACCEPT, HeaderValue::from_str(value).unwrap());
            }
            Form::accepted(&headers).ok()
        };
        for (values, form) in [
            (&[][..], Some(Form::Json)),
            (&["*/*"], Some(Form::Json)),
            (&["text/csv"], Some(Form::Csv)),
            (&["Application/PDF"], Some(Form::Pdf)),
            (&["text/*;q=0.9, application/json;q=0.8"], Some(Form::Csv)),
            (&["application/json;q=0.1, */*;q=0.5"], Some(Form::Csv)),
            (&["application/json;q=0", "application/*"], Some(Form::Pdf)),
            (&["text/html"], None),
            (&["application/pdf;q=0"], None),
        ] {
            assert_eq!(accepted(values), form, "{values:?}");
        }
    }
}
