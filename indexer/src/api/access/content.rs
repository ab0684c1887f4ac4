//! Contents under a permission. Rows that its filter does not admit never leave this file.

use std::collections::BTreeMap;

use aegle_client::state::RecordStatus;
use aegle_decision::{Document, Key, Labels, RecordView, RecordViews, RuleId, Verdict};
use sqlx::PgConnection;

use super::{Opened, Serving};
use crate::{
    api::{
        bytes::{Address, Digest},
        error::ApiError,
        time::Time,
    },
    db::state::record_status,
    erasure::KeyId,
};

/// One record as its content's keeper knows it.
pub struct Content {
    pub record: Address,
    pub status: RecordStatus,
    pub version: i64,
    pub previous: Option<Address>,
    pub minted_slot: i64,
    pub minted_at: Time,
    pub blob: [u8; 32],
    /// Bytes of ciphertext.
    pub size: i64,
    pub labels: Document<Labels>,
    /// The key under which the opening and the wrapped key lie.
    pub erasure_key: KeyId,
    pub opening: Vec<u8>,
    pub key: Option<WrappedKey>,
    pub verdict: Verdict,
}

impl Content {
    /// Whether the caller has the key, or gets it from custodians.
    pub fn opens(&self) -> bool {
        self.key.is_some() || matches!(self.verdict.rule(), RuleId::BreakGlass { .. })
    }
}

/// The content key for the caller.
pub struct WrappedKey {
    /// X25519 key it is encrypted to.
    pub recipient: Digest,
    pub mail: bool,
    /// Whether the caller got it before.
    pub given: bool,
    /// Sealed under the erasure key.
    pub sealed: Vec<u8>,
}

/// Labels as they are stored; none where they cannot be read, which no permission covers.
#[derive(Clone)]
struct Stored(Option<Document<Labels>>);

impl From<String> for Stored {
    fn from(text: String) -> Self {
        Self(Document::read(text.into_bytes()).ok())
    }
}

#[derive(Clone)]
struct Row {
    record: Address,
    status: String,
    finalized_status: Option<String>,
    finalized_commitment: Option<Digest>,
    version: i64,
    previous: Option<Address>,
    minted_slot: i64,
    minted_at: Time,
    blob: Digest,
    size: i64,
    commitment: Digest,
    labels: Stored,
    erasure_key: Digest,
    opening: Vec<u8>,
    recipient: Option<Digest>,
    mail: Option<bool>,
    given: Option<bool>,
    wrapped_key: Option<Vec<u8>>,
}

impl Row {
    /// The content, or why the permission does not cover it.
    fn admitted(self, opened: &Opened) -> sqlx::Result<Result<Content, Refusal>> {
        let refused = |rule, consent| Ok(Err(Refusal { rule, consent }));
        let Some(labels) = self.labels.0 else { return refused(RuleId::LabelsMissing, None) };
        let view = |status, commitment: Digest| RecordView {
            record: Key(self.record.0),
            vault: opened.vault,
            status,
            commitment: commitment.0,
        };
        let status = record_status(&self.status)?;
        let finalized = self.finalized_status.as_deref().map(record_status).transpose()?.zip(self.finalized_commitment);
        let views = RecordViews {
            confirmed: Some(view(status, self.commitment)),
            finalized: finalized.map(|(status, commitment)| view(status, commitment)),
        };
        let verdict = opened.admits(&views, labels.value());
        if !verdict.permits() {
            return refused(verdict.rule(), verdict.consent());
        }
        let key = self.recipient.zip(self.mail).zip(self.given).zip(self.wrapped_key);
        Ok(Ok(Content {
            record: self.record,
            status,
            version: self.version,
            previous: self.previous,
            minted_slot: self.minted_slot,
            minted_at: self.minted_at,
            blob: self.blob.0,
            size: self.size,
            labels,
            erasure_key: KeyId(self.erasure_key.0),
            opening: self.opening,
            key: key.map(|(((recipient, mail), given), sealed)| WrappedKey { recipient, mail, given, sealed }),
            verdict,
        }))
    }
}

macro_rules! select {
    ($condition:tt, $opened:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"
            SELECT c.record AS "record!: Address", r.status::text AS "status!",
                   f.status::text AS "finalized_status?",
                   f.commitment AS "finalized_commitment?: Digest", r.record_version AS "version!",
                   r.previous AS "previous?: Address", r.minted_slot AS "minted_slot!",
                   r.minted_at AS "minted_at!: Time", c.blob AS "blob!: Digest", c.size,
                   c.commitment AS "commitment!: Digest", c.labels, c.erasure_key AS "erasure_key!: Digest",
                   c.opening AS "opening!",
                   w.recipient AS "recipient?: Digest", w.mail AS "mail?", w.given AS "given?",
                   w.wrapped_key AS "wrapped_key?"
            FROM protected.content c
            JOIN LATERAL (SELECT * FROM record_at($1)) r ON r.record = c.record AND r.commitment = c.commitment
            LEFT JOIN LATERAL (SELECT * FROM record_at($2)) f ON f.record = c.record
            LEFT JOIN LATERAL (
                SELECT recipient, mail, key_given_at IS NOT NULL AS given, wrapped_key FROM protected.wrap
                WHERE wrap.record = c.record AND wrap.holder = $4
                ORDER BY wrapped_at DESC LIMIT 1
            ) w ON true
            WHERE c.vault = $3 AND
            "# + $condition,
            $opened.slots.confirmed,
            $opened.slots.finalized,
            &$opened.vault.0[..] as _,
            &$opened.holder().0[..] as _
            $(, $argument)*
        )
    };
}

/// Every record that is open, in no order.
#[tracing::instrument(name = "db.content.list", skip_all)]
pub async fn list(conn: &mut PgConnection, opened: &Opened) -> sqlx::Result<Vec<Content>> {
    let rows = select!("true", opened).fetch_all(conn).await?;
    let admitted = rows.into_iter().map(|row| row.admitted(opened));
    admitted.filter_map(|content| content.map(Result::ok).transpose()).collect()
}

/// The record, if it is open.
#[tracing::instrument(name = "db.content.find", skip_all)]
///
/// # Errors
/// [`ApiError::Denied`] where it is not.
pub async fn find(conn: &mut PgConnection, opened: &Opened, record: Address) -> Result<Content, ApiError> {
    Ok(shelve(conn, opened, record).await?.1)
}

/// A row as row-level security showed it to one caller at one state of the mirror. It says nothing
/// before the filter of a permission has judged it.
pub struct Shelved {
    pub vault: Key,
    row: Row,
}

impl Shelved {
    /// The content, if the permission covers it.
    ///
    /// # Errors
    /// [`ApiError::Denied`] where it does not.
    pub fn admitted(&self, opened: &Opened) -> Result<Content, ApiError> {
        Ok(self.row.clone().admitted(opened)??)
    }

    /// The same after the caller got the key.
    pub fn given(mut self) -> Self {
        self.row.given = self.row.given.map(|_| true);
        self
    }
}

/// Why a record is not open under a permission.
struct Refusal {
    rule: RuleId,
    consent: Option<Key>,
}

impl From<Refusal> for ApiError {
    fn from(Refusal { rule, consent }: Refusal) -> Self {
        Self::Denied { rule, consent }
    }
}

/// The record as it can be kept, if it is open.
///
/// # Errors
/// [`ApiError::Denied`] where it is not.
#[tracing::instrument(name = "db.content.shelve", skip_all)]
pub async fn shelve(conn: &mut PgConnection, opened: &Opened, record: Address) -> Result<(Shelved, Content), ApiError> {
    let row = select!("c.record = $5", opened, &record.0[..] as _).fetch_optional(conn).await?;
    let row = row.ok_or(Refusal { rule: RuleId::RecordMissing, consent: None })?;
    let content = row.clone().admitted(opened)??;
    Ok((Shelved { vault: opened.vault, row }, content))
}

/// The vault that a record belongs to: chain data, which decides nothing.
#[tracing::instrument(name = "db.content.vault_of", skip_all)]
pub async fn vault_of(conn: &mut PgConnection, record: Address) -> sqlx::Result<Option<Key>> {
    let vault = sqlx::query_scalar!(r#"SELECT vault AS "vault!: Digest" FROM record WHERE record = $1"#, record as _);
    Ok(vault.fetch_optional(conn).await?.map(|vault| Key(vault.0)))
}

/// What a record's content is kept as, before it is on chain.
pub struct NewContent<'a> {
    pub record: Address,
    pub vault: Key,
    pub blob: [u8; 32],
    pub size: i64,
    pub commitment: [u8; 32],
    pub labels: &'a str,
    pub erasure_key: KeyId,
    /// Sealed under that key.
    pub opening: &'a [u8],
    pub stored_by: Key,
    /// Tells the request that stores it from others.
    pub request: Digest,
}

/// How a record's content is kept, whether or not it is on chain.
pub struct Kept {
    pub blob: Digest,
    pub commitment: Digest,
    pub erasure_key: Digest,
    /// The request that stored what is there now; none for what was stored before requests were told apart.
    pub request: Option<Digest>,
}

/// How the record's content is kept, for whoever acts for the patient.
#[tracing::instrument(name = "db.content.kept", skip_all)]
pub async fn kept(conn: &mut PgConnection, vault: Key, record: Address) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as!(
        Kept,
        r#"SELECT blob AS "blob!: Digest", commitment AS "commitment!: Digest",
                  erasure_key AS "erasure_key!: Digest", request AS "request: Digest"
           FROM protected.content WHERE record = $1 AND vault = $2"#,
        record as _,
        &vault.0[..] as _
    )
    .fetch_optional(conn)
    .await
}

/// The erasure key of each of these records of the vault that has content here.
#[tracing::instrument(name = "db.content.erasure_keys", skip_all)]
pub async fn erasure_keys(
    conn: &mut PgConnection,
    vault: Key,
    records: &[Address],
) -> sqlx::Result<BTreeMap<Address, KeyId>> {
    let records: Vec<_> = records.iter().map(|record| record.0.to_vec()).collect();
    let rows = sqlx::query!(
        r#"SELECT record AS "record!: Address", erasure_key AS "erasure_key!: Digest"
           FROM protected.content WHERE vault = $1 AND record = ANY ($2::bytea[])"#,
        &vault.0[..] as _,
        &records
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.record, KeyId(row.erasure_key.0))).collect())
}

/// Keeps a record's content. False where the record has one already.
#[tracing::instrument(name = "db.content.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, new: &NewContent<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO protected.content (record, vault, blob, size, commitment, labels, erasure_key, opening,
                                        stored_by, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (record) DO NOTHING",
        new.record as _,
        &new.vault.0[..] as _,
        &new.blob[..] as _,
        new.size,
        &new.commitment[..] as _,
        new.labels,
        &new.erasure_key.0[..] as _,
        new.opening,
        &new.stored_by.0[..] as _,
        new.request as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A record as the engine and its patient know it.
pub struct Labelled {
    pub views: RecordViews,
    pub labels: Option<Document<Labels>>,
}

impl Labelled {
    /// None for what is not confirmed on chain.
    pub fn confirmed(&self) -> Option<(RecordView, Option<&Labels>)> {
        Some((self.views.confirmed?, self.labels.as_ref().map(Document::value)))
    }
}

/// Every record of the vault with its labels, for whoever acts for the patient.
#[tracing::instrument(name = "db.content.labelled", skip_all)]
pub async fn labelled(conn: &mut PgConnection, serving: &Serving) -> sqlx::Result<Vec<Labelled>> {
    let rows = sqlx::query!(
        r#"
        SELECT c.record AS "record!: Digest", c.labels, r.status::text AS "status!",
               r.commitment AS "commitment!: Digest", f.status::text AS "finalized_status?"
        FROM protected.content c
        JOIN LATERAL (SELECT * FROM record_at($1)) r ON r.record = c.record AND r.commitment = c.commitment
        LEFT JOIN LATERAL (SELECT * FROM record_at($2)) f ON f.record = c.record
        WHERE c.vault = $3 ORDER BY c.record
        "#,
        serving.slots.confirmed,
        serving.slots.finalized,
        &serving.vault.0[..] as _
    )
    .fetch_all(conn)
    .await?;
    let read = rows.into_iter().map(|row| {
        let view = |status| RecordView {
            record: Key(row.record.0),
            vault: serving.vault,
            status,
            commitment: row.commitment.0,
        };
        let finalized = row.finalized_status.as_deref().map(record_status).transpose()?;
        Ok(Labelled {
            views: RecordViews { confirmed: Some(view(record_status(&row.status)?)), finalized: finalized.map(view) },
            labels: Document::read(row.labels.into_bytes()).ok(),
        })
    });
    read.collect()
}
