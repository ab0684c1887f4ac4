//! The data-protection report: a record of processing (GDPR article 30) of what is in force. It counts, and
//! names no person, record or vault.

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgPool;

use super::{
    Controller, RetentionConfig, RetentionError,
    class::Class,
    keeper::database_time,
    rows,
    schedule::{Rule, Schedule},
};

/// Measures of security, each with the page that says what it is worth.
const MEASURES: [(&str, &str); 9] = [
    ("Contents are encrypted at the client; the server has no key to them", "docs/content.md"),
    ("One engine decides every request by what the chain says, and denies by default", "docs/access.md"),
    ("Every decision is in an append-only log, which patients read and anybody checks", "docs/disclosures.md"),
    (
        "What opens a record lies under a key apart from all backups, and ends with it",
        "docs/decisions/0036-erasure-keys.md",
    ),
    (
        "Row-level security behind the engine; the server serves patients under a role of its own",
        "docs/threat-model.md",
    ),
    (
        "Sign-in by the wallet's signature; short sessions; reads signed one by one",
        "docs/decisions/0025-sign-in-and-relay.md",
    ),
    ("Backups with checksums, restored in a test", "docs/operations.md#backup-and-restore"),
    ("Retention by a schedule, holds that their patient sees", "docs/retention.md"),
    ("Line by line against HIPAA, GDPR and OWASP ASVS", "docs/compliance.md"),
];

/// What a setting ends rather than the schedule.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub data: &'static str,
    pub setting: &'static str,
    pub period: String,
    /// Rows now, where they are rows of their own.
    pub rows: Option<i64>,
}

/// Where the data lies; kinds only.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stores {
    pub database: &'static str,
    pub contents: &'static str,
    pub erasure_keys: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Processed {
    pub data: Class,
    pub people: &'static str,
    pub content: &'static str,
    pub purpose: &'static str,
    pub rows: i64,
    pub oldest: Option<String>,
    pub rules: Vec<Rule>,
}

/// How many of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    pub of: String,
    pub count: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Disclosed {
    pub purpose: String,
    pub answered: i64,
    pub refused: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Holds {
    pub in_force: i64,
    pub vaults: i64,
    pub lifted: i64,
    pub oldest_in_force: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Erasures {
    /// Records of which the owner's erasure destroyed everything, the key too.
    pub destroyed: i64,
    /// Contents whose storage ended by the schedule.
    pub ended_by_schedule: i64,
    /// Erasures that are final and whose content or key is still here.
    pub pending: i64,
    /// Of these, those that a hold keeps.
    pub held: i64,
    /// Seconds from the block of an erasure to the destruction of its key, at most; some 13 of them go by until
    /// the block is final, and a hold's time is in it.
    pub longest_seconds: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Emergencies {
    pub opened: i64,
    pub not_reviewed: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignIns {
    pub accepted: i64,
    /// Whose signature was not the wallet's.
    pub refused: i64,
    /// Day of the first that was refused.
    pub refused_since: Option<String>,
}

/// The report. All numbers are as of one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub kind: &'static str,
    pub made_at: String,
    pub program: String,
    /// Null where `retention.controller` is not set.
    pub controller: Option<Controller>,
    pub data: Vec<Processed>,
    pub settings: Vec<Setting>,
    pub notice_days: u32,
    /// Who is let read now, by final consents, by kind of credential.
    pub recipients: Vec<Count>,
    pub transfers: &'static str,
    pub holds: Holds,
    pub erasures: Erasures,
    pub emergencies: Emergencies,
    /// Entries of the log by purpose.
    pub disclosures: Vec<Disclosed>,
    pub sign_ins: SignIns,
    pub stores: Stores,
    pub measures: Vec<(&'static str, &'static str)>,
}

/// Makes the report of what is in force now.
///
/// # Errors
/// A schedule that cannot be read, or the database's.
pub async fn report(
    pool: &PgPool,
    config: &RetentionConfig,
    mut settings: Vec<Setting>,
    stores: Stores,
) -> Result<Report, RetentionError> {
    let schedule = Schedule::load(config)?;
    let now = database_time(pool).await?;
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let conn = &mut *transaction;
    let data = rows::stock(conn).await?.into_iter().map(|stock| Processed {
        data: stock.class,
        people: stock.class.about().0,
        content: stock.class.about().1,
        purpose: stock.class.purpose(),
        rows: stock.rows,
        oldest: stock.oldest.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(day),
        rules: schedule.rules.iter().filter(|rule| rule.data == stock.class).cloned().collect(),
    });
    let data = data.collect();
    let counted = rows::of_settings(conn).await?;
    for setting in &mut settings {
        setting.rows = counted.iter().find(|(data, _)| data == setting.data).map(|(_, rows)| *rows);
    }
    let recipients = sqlx::query_as!(
        Count,
        r#"
        WITH today AS (
            SELECT finalized_slot AS slot, extract(epoch FROM now())::bigint / 86400 AS day FROM checkpoint
        ), standing AS (
            SELECT DISTINCT o.grantee
            FROM today CROSS JOIN LATERAL consent_at(today.slot) c
            JOIN LATERAL vault_at(today.slot) v ON v.vault = c.vault
            JOIN protected.opening o ON o.consent = c.consent
            WHERE c.revoked_slot IS NULL AND c.consent_epoch = v.consent_epoch
                AND today.day >= c.from_day AND today.day < c.until_day
        ), kinds AS (
            SELECT s.grantee, coalesce(
                (SELECT min(c.kind::text) FROM credential c WHERE c.subject = s.grantee), 'without a credential'
            ) AS kind
            FROM standing s
        )
        SELECT 'grantees: ' || kind AS "of!", count(*) AS "count!" FROM kinds GROUP BY kind
        UNION ALL
        SELECT 'delegates', count(*)
        FROM today CROSS JOIN LATERAL delegate_at(today.slot) d
        JOIN LATERAL vault_at(today.slot) v ON v.vault = d.vault
        WHERE d.removed_slot IS NULL AND d.delegate_epoch = v.delegate_epoch AND today.day < d.until_day
        UNION ALL SELECT 'custodians of shares', count(DISTINCT custodian) FROM protected.custodian_share
        UNION ALL SELECT 'guardians with a share', count(DISTINCT guardian) FROM protected.guardian_share
        ORDER BY 1
        "#
    )
    .fetch_all(&mut *conn)
    .await?;
    let holds = sqlx::query!(
        r#"
        SELECT count(*) FILTER (WHERE lifted_at IS NULL) AS "in_force!",
               count(DISTINCT vault) FILTER (WHERE lifted_at IS NULL) AS "vaults!",
               count(lifted_at) AS "lifted!",
               extract(epoch FROM min(placed_at) FILTER (WHERE lifted_at IS NULL))::bigint AS oldest
        FROM protected.hold
        "#
    )
    .fetch_one(&mut *conn)
    .await?;
    let erasures = sqlx::query_as!(
        Erasures,
        r#"
        SELECT (SELECT count(destroyed_at) FROM protected.erasure WHERE cause = 'erased') AS "destroyed!",
               (SELECT count(*) FROM protected.erasure WHERE cause = 'retention') AS "ended_by_schedule!",
               count(*) FILTER (WHERE c.record IS NOT NULL OR e.record IS NOT NULL) AS "pending!",
               count(c.record) FILTER (WHERE protected.is_held(c.vault, c.record)) AS "held!",
               (SELECT extract(epoch FROM max(e.destroyed_at - to_timestamp(s.block_time)))::bigint
                FROM protected.erasure e
                JOIN record_change x ON x.record = e.record AND x.status = 'erased'
                JOIN slot s ON s.slot = x.slot
                WHERE e.cause = 'erased') AS longest_seconds
        FROM checkpoint k
        LEFT JOIN record_change x ON x.status = 'erased' AND x.slot <= k.finalized_slot
        LEFT JOIN protected.content c ON c.record = x.record
        LEFT JOIN protected.erasure e ON e.record = x.record AND e.destroyed_at IS NULL
        "#
    )
    .fetch_one(&mut *conn)
    .await?;
    let emergencies = sqlx::query_as!(
        Emergencies,
        r#"SELECT count(*) AS "opened!",
                  count(*) FILTER (WHERE NOT EXISTS (
                      SELECT FROM break_glass_review r WHERE r.break_glass = b.break_glass
                  )) AS "not_reviewed!"
           FROM break_glass b"#
    )
    .fetch_one(&mut *conn)
    .await?;
    let disclosures = sqlx::query_as!(
        Disclosed,
        r#"SELECT coalesce(entry::jsonb ->> 'purpose', 'none') AS "purpose!",
                  count(*) FILTER (WHERE permitted) AS "answered!", count(*) FILTER (WHERE NOT permitted) AS "refused!"
           FROM protected.disclosure GROUP BY 1 ORDER BY 1"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let sign_ins = sqlx::query_as!(
        SignIns,
        r#"SELECT (SELECT count(*) FROM protected.sign_in) AS "accepted!",
                  coalesce(sum(refused), 0)::bigint AS "refused!", min(day)::text AS refused_since
           FROM protected.refused_sign_in"#
    )
    .fetch_one(&mut *conn)
    .await?;
    transaction.commit().await?;
    Ok(Report {
        kind: "aegle:data-protection-report:v1",
        made_at: now.to_string(),
        program: aegle_client::PROGRAM_ID.to_string(),
        controller: config.controller.clone(),
        data,
        settings,
        notice_days: config.notice_days,
        recipients,
        transfers: "the ledger is public and copied everywhere: docs/threat-model.md#what-the-chain-shows",
        holds: Holds {
            in_force: holds.in_force,
            vaults: holds.vaults,
            lifted: holds.lifted,
            oldest_in_force: holds.oldest.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(day),
        },
        erasures,
        emergencies,
        disclosures,
        sign_ins,
        stores,
        measures: MEASURES.to_vec(),
    })
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

impl Rule {
    /// How long, in words.
    pub fn says(&self) -> String {
        let of = self.categories.as_ref().map(|categories| {
            let names: Vec<_> = categories.iter().map(|category| category.as_str()).collect();
            format!("{}: ", names.join(", "))
        });
        let of = of.unwrap_or_default();
        match (self.keep, self.from) {
            (Some(period), Some(event)) => format!("{of}{} from {event}, then deleted", String::from(period)),
            _ if self.data == Class::Content => format!("{of}until the owner erases it"),
            _ => format!("{of}kept"),
        }
    }
}

impl Report {
    /// The report as a page for people.
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        // Writing to a text does not fail.
        let _ = self.write(&mut page);
        page
    }

    fn write(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "# Data-protection report\n\nMade {}. It counts, and names no person.\n", self.made_at)?;
        writeln!(page, "## Controller\n")?;
        match &self.controller {
            None => writeln!(page, "Not set: `retention.controller` in the configuration names who answers.")?,
            Some(controller) => {
                writeln!(page, "{}, {}", cell(&controller.name), cell(&controller.contact))?;
                let more = [
                    ("Representative", &controller.representative),
                    ("Data-protection officer", &controller.data_protection_officer),
                ];
                for (what, who) in more {
                    if let Some(who) = who {
                        writeln!(page, "\n{what}: {}", cell(who))?;
                    }
                }
            }
        }
        writeln!(page, "\n## Data, purposes, periods\n")?;
        writeln!(
            page,
            "| data | whose | what | purpose | rows | oldest | kept | legal basis |\n|---|---|---|---|---|---|---|---|"
        )?;
        for row in &self.data {
            let oldest = row.oldest.as_deref().unwrap_or("");
            let (kept, basis): (Vec<_>, Vec<_>) = row.rules.iter().map(|rule| (rule.says(), cell(&rule.basis))).unzip();
            writeln!(
                page,
                "| {} | {} | {} | {} | {} | {oldest} | {} | {} |",
                row.data,
                row.people,
                row.content,
                row.purpose,
                row.rows,
                kept.join("; "),
                basis.join("; ")
            )?;
        }
        writeln!(
            page,
            "\nThe storage of a content ends {} days after the patient was told at the earliest. By settings:\n",
            self.notice_days
        )?;
        for setting in &self.settings {
            let rows = setting.rows.map(|rows| format!("; {rows} now")).unwrap_or_default();
            writeln!(page, "- {}: {} (`{}`){rows}", setting.data, setting.period, setting.setting)?;
        }
        writeln!(page, "\n## Recipients\n")?;
        for row in &self.recipients {
            writeln!(page, "- {}: {}", row.of, row.count)?;
        }
        writeln!(page, "\nThird countries: {}.", self.transfers)?;
        let Holds { in_force, vaults, lifted, oldest_in_force } = &self.holds;
        let since = oldest_in_force.as_ref().map(|day| format!(", the oldest of {day}")).unwrap_or_default();
        writeln!(page, "\n## Holds\n\n{in_force} in force on {vaults} vaults{since}; {lifted} lifted.")?;
        let Erasures { destroyed, ended_by_schedule, pending, held, longest_seconds } = &self.erasures;
        let longest = longest_seconds.map(|seconds| {
            format!(" At most {seconds} seconds went by from an erasure's block to the destruction of its key.")
        });
        writeln!(
            page,
            "\n## Erasures\n\n{destroyed} contents destroyed for their owners, {ended_by_schedule} by the schedule; \
             {pending} final and not destroyed, {held} of them held.{}",
            longest.unwrap_or_default()
        )?;
        let Emergencies { opened, not_reviewed } = &self.emergencies;
        writeln!(page, "\n## Emergencies\n\n{opened} opened, {not_reviewed} of them not reviewed.")?;
        writeln!(page, "\n## Disclosure log\n\n| purpose | answered | refused |\n|---|---|---|")?;
        for row in &self.disclosures {
            writeln!(page, "| {} | {} | {} |", cell(&row.purpose), row.answered, row.refused)?;
        }
        let SignIns { accepted, refused, refused_since } = &self.sign_ins;
        let since = refused_since.as_ref().map(|day| format!(" since {day}")).unwrap_or_default();
        writeln!(page, "\n## Sign-ins\n\n{accepted} accepted, {refused} refused{since}.")?;
        let Stores { database, contents, erasure_keys } = self.stores;
        writeln!(
            page,
            "\n## Where\n\nDatabase: {database}. Contents: {contents}. Erasure keys: {erasure_keys}, apart."
        )?;
        writeln!(page, "\n## Security measures\n")?;
        for (measure, place) in &self.measures {
            writeln!(page, "- {measure}: {place}")?;
        }
        Ok(())
    }
}

/// What an operator wrote, in a cell of a table.
fn cell(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}
