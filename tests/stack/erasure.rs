//! An erasure and a backup that was made before it.

use std::{
    io::{Cursor, Read},
    path::Path,
};

use aegle_api_client::{Api, Origin, Secrets, Session, consent, custodian, disclosure, record, wire::ErasureState};
use aegle_client::{
    Pubkey, instruction,
    state::{Action, CredentialKind, Purpose, Record, RecordStatus},
};
use aegle_decision::{Base, Key, Policy};
use aegle_envelope::{
    Binding, ContentKey, EncryptionKey, Expected, Wrap,
    emergency::{SealedKeyShare, candidate_keys},
    open_record,
};
use aegle_indexer::erasure::{ErasureConfig, ErasureKeys, KeyId, Part};
use aegle_stack::indexer::Settings;
use rand::rngs::OsRng;
use serde_json::Value;
use solana_keypair::Keypair;
use sqlx::{Connection, PgConnection};

use crate::care::{Care, Provider, RESULT, key_of};

const LETTER: &[u8] = b"{\"resourceType\":\"Observation\",\"note\":\"what is to be forgotten\"}";
/// How many custodians open a record together.
const THRESHOLD: u8 = 2;

/// What somebody has who got hold of a database and its blobs, and of whatever keys.
struct Thief<'a> {
    database_url: &'a str,
    blobs: &'a Path,
    /// A folder with erasure keys.
    erasure_keys: Option<&'a Path>,
    /// The patient's keys, a grantee's, the custodians'.
    secrets: &'a [&'a Secrets],
}

impl Thief<'_> {
    /// In how many ways the record's content opens: by each wrapped key of it, and by custodians together, with
    /// any of the secrets.
    async fn opens(&self, vault: Key, record: Key, commitment: [u8; 32]) -> usize {
        let ciphertext = self.ciphertext(record).await;
        let mut keys = self.by_wraps(vault, record).await;
        keys.extend(self.by_custodians(record).await);
        for key in &keys {
            let expected = Expected { vault, commitment: Some(commitment) };
            let mut content = Vec::new();
            let mut read = open_record(key, Cursor::new(&ciphertext), &expected).expect("the right key");
            read.read_to_end(&mut content).expect("content");
            assert!(content == LETTER || content == RESULT);
        }
        keys.len()
    }

    async fn by_wraps(&self, vault: Key, record: Key) -> Vec<ContentKey> {
        let wraps: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = self
            .rows(
                "SELECT c.erasure_key::bytea, w.recipient::bytea, w.wrapped_key FROM protected.wrap w
                 JOIN protected.content c USING (record) WHERE record = $1",
                record,
            )
            .await;
        let mut opened = Vec::new();
        for (id, recipient, stored) in wraps {
            let recipient: [u8; 32] = recipient.try_into().expect("32 bytes");
            for wrap in self.unlocked::<80>(&id, Part::Wrap(&recipient), &stored).await {
                for secret in self.secrets.iter().filter_map(|secrets| secrets.of(&EncryptionKey(recipient))) {
                    let bindings = [Binding::Record(record), Binding::Mail(vault)];
                    opened.extend(bindings.iter().filter_map(|binding| Wrap(wrap).open(binding, secret).ok()));
                }
            }
        }
        opened
    }

    async fn by_custodians(&self, record: Key) -> Vec<ContentKey> {
        type Dealt = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);
        let dealt: Vec<Dealt> = self
            .rows(
                "SELECT s.erasure_key::bytea, s.custodian::bytea, s.recipient::bytea, s.share
                 FROM protected.custodian_share s WHERE record = $1",
                record,
            )
            .await;
        let mut shares = Vec::new();
        for (id, custodian, recipient, stored) in dealt {
            let (custodian, recipient) =
                (Key(custodian.try_into().expect("32 bytes")), recipient.try_into().expect("32 bytes"));
            for share in self.unlocked::<81>(&id, Part::Share(&recipient), &stored).await {
                let secrets = self.secrets.iter().filter_map(|secrets| secrets.of(&EncryptionKey(recipient)));
                shares
                    .extend(secrets.filter_map(|key| SealedKeyShare(share).open_dealt(&record, &custodian, key).ok()));
            }
        }
        candidate_keys(THRESHOLD, &shares).collect()
    }

    /// Objects of the record's blob, joined.
    async fn ciphertext(&self, record: Key) -> Vec<u8> {
        let objects: Vec<(Vec<u8>,)> = self
            .rows(
                "SELECT part.object::bytea FROM protected.upload_part part
                 JOIN protected.content c ON c.blob = part.upload WHERE c.record = $1 ORDER BY part.start",
                record,
            )
            .await;
        let names = objects.into_iter().map(|(object,)| hex::encode(object));
        names.flat_map(|name| std::fs::read(self.blobs.join(&name[..1]).join(&name)).expect("object")).collect()
    }

    async fn rows<T>(&self, query: &'static str, record: Key) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let mut database = PgConnection::connect(self.database_url).await.expect("database");
        let rows = sqlx::query_as(query).bind(&record.0[..]).fetch_all(&mut database).await.expect("rows");
        database.close().await.expect("close");
        rows
    }

    /// What could be the `N` bytes that were stored: any of those that lie there, and what the erasure key gives.
    async fn unlocked<const N: usize>(&self, id: &[u8], part: Part<'_>, stored: &[u8]) -> Vec<[u8; N]> {
        let mut found: Vec<[u8; N]> = stored.windows(N).map(|window| window.try_into().expect("a window")).collect();
        if let Some(folder) = self.erasure_keys {
            let url = Some(format!("file://{}", folder.display()));
            let keys = ErasureKeys::open(&ErasureConfig { url, ..ErasureConfig::default() }).expect("keys");
            if let Ok(key) = keys.get(KeyId(id.try_into().expect("32 bytes"))).await {
                found.push(key.open(part, stored).expect("sealed").try_into().expect("as many bytes"));
            }
        }
        found
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("folder");
    for entry in std::fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("copy");
        }
    }
}

async fn run(settings: &Settings, arguments: &[&str]) -> Value {
    let output = settings.output(arguments).await.expect("aegle-indexer");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn refusal(settings: &Settings, arguments: &[&str]) -> String {
    let output = settings.output(arguments).await.expect("aegle-indexer");
    assert!(!output.status.success(), "{arguments:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Lets the provider read everything that is not sensitive; gives how many records that is.
pub async fn allow(
    care: &Care,
    session: &Session,
    owner: &Keypair,
    unlocked: &aegle_api_client::Unlocked,
    to: &Provider,
) -> usize {
    let purposes = Purpose::Treatment as u16;
    let policy = Policy {
        kind: Default::default(),
        base: Base::AllNormal,
        permit: Vec::new(),
        deny: Vec::new(),
        sensitivity: Default::default(),
        erase_by: None,
        preview: None,
        recipient: None,
    };
    let shown = consent::draft(session, unlocked.vault(), purposes, &policy).await.expect("preview");
    let grantee = key_of(&to.key);
    let grant = consent::Grant {
        grantee,
        encryption_key: consent::key_of(session, &care.pay(), &grantee).await.expect("key").expect("attested"),
        purposes,
        actions: Action::Read as u8,
        from_day: care.today,
        until_day: care.today + 30,
        policy,
    };
    let granted = consent::grant(session, &care.pay(), owner, unlocked, grant, &shown, &mut OsRng).await;
    let granted = granted.expect("granted");
    care.finalized(granted.sent.slot).await;
    granted.wrapped
}

/// INV-5: database and blobs are backed up, a record is erased, the backup is restored elsewhere. No key of
/// anybody opens the record, while another one opens as before; what was decided about it, and the tombstone,
/// are still there and prove themselves.
#[tokio::test(flavor = "multi_thread")]
async fn inv_5_an_erased_record_opens_from_no_backup() {
    let mut care =
        Care::start_with(|settings| settings.environment.push(("AEGLE_API__LOG__KEY".into(), "05".repeat(32)))).await;
    let (owner, provider) = (Keypair::new(), care.provider().await);
    let unlocked = care.create_vault(&owner).await;
    let vault = unlocked.vault();
    let session = care.sign_in(&owner).await;
    let mut added = Vec::new();
    for content in [LETTER, RESULT] {
        let sealed = care.sealed(vault, content, &provider);
        let one = record::add(&session, &care.pay(), &owner, vault, sealed, &mut OsRng, &|_, _| {}).await;
        added.push(one.expect("added"));
        care.finalized(added[added.len() - 1].sent.slot).await;
    }
    let [erased, other] = [added[0].record, added[1].record];
    let commitments = [added[0].commitment, added[1].commitment];
    assert_eq!(allow(&care, &session, &owner, &unlocked, &provider).await, 2, "both records");
    let custodians = [care.attested(CredentialKind::Custodian).await, care.attested(CredentialKind::Custodian).await];
    let named = custodians.each_ref().map(|custodian| key_of(&custodian.key));
    let allowed = custodian::allow(&session, &care.pay(), &owner, vault, &named, THRESHOLD).await.expect("allowed");
    care.confirmed(allowed.expect("sent").slot).await;
    let reader = care.stack.operator.sender.reader();
    assert_eq!(custodian::deal(&session, reader, &unlocked, &mut OsRng).await.expect("dealt"), 2, "both records");
    let at_work = care.sign_in(&provider.key).await;
    assert_eq!(care.open(&at_work, &provider.secrets, Purpose::Treatment, erased).await, LETTER);

    // Before the erasure: a full backup, and, against the rule, a copy of the keys.
    let settings = care.stack.settings.clone();
    let backup = care.stack.folder.join("backup");
    let folder = backup.to_str().expect("text");
    let made = run(&settings, &["backup", folder]).await;
    assert_eq!(made["blobs"], 2);
    assert!(refusal(&settings, &["backup", folder]).await.contains("not empty"));
    let copied_keys = care.stack.folder.join("copied-keys");
    copy(&settings.erasure_keys, &copied_keys);

    let state: Record = care.stack.operator.sender.account("record", &Pubkey::from(erased.0)).await.expect("record");
    let erase = instruction::erase_record(solana_signer::Signer::pubkey(&owner), Pubkey::from(erased.0), &state);
    care.send(erase, &[&owner]).await;
    let over = record::await_erasure(&session, erased, crate::care::WITHIN).await.expect("told");
    let gone = over.destroyed.as_ref().expect("destroyed");
    assert_eq!((over.state, gone.wraps, gone.shares), (ErasureState::Destroyed, 2, 2), "{over:?}");
    assert!(gone.blob_gone_at.is_some());
    for (session, purpose) in [(&session, Purpose::PatientRequest), (&at_work, Purpose::Treatment)] {
        assert!(record::get(session, purpose, erased).await.err().is_some_and(|error| error.is("not_permitted")));
    }

    // Elsewhere. What is not whole, or not empty, is refused.
    let elsewhere = care.stack.elsewhere("restored").await;
    let half = care.stack.folder.join("half");
    copy(&backup, &half);
    std::fs::remove_file(half.join("manifest.json")).expect("manifest");
    assert!(refusal(&elsewhere, &["restore", half.to_str().expect("text")]).await.contains("no whole backup"));
    std::fs::copy(backup.join("manifest.json"), half.join("manifest.json")).expect("manifest");
    let table = |name: &str| half.join(format!("tables/protected.{name}.copy.zst"));
    let content = std::fs::read(table("content")).expect("table");
    for damaged in [&content[..content.len() - 1], &std::fs::read(table("keyring")).expect("a table without rows")] {
        std::fs::write(table("content"), damaged).expect("table");
        assert!(refusal(&elsewhere, &["restore", half.to_str().expect("text")]).await.contains("nothing was restored"));
    }
    let restored = run(&elsewhere, &["restore", folder]).await;
    assert_eq!((&restored["blobs"], &restored["rows"]), (&made["blobs"], &made["rows"]));
    assert!(refusal(&elsewhere, &["restore", folder]).await.contains("not empty"));

    // The thief has all of the backup, everybody's keys, and the store of erasure keys as it is now.
    let secrets = unlocked.secrets();
    let thief = Thief {
        database_url: &elsewhere.database_url,
        blobs: &elsewhere.blobs,
        erasure_keys: Some(&settings.erasure_keys),
        secrets: &[&secrets, &provider.secrets, &custodians[0].secrets, &custodians[1].secrets],
    };
    assert_eq!(thief.opens(vault, erased, commitments[0]).await, 0);
    assert_eq!(thief.opens(vault, other, commitments[1]).await, 3, "by the patient, the grantee and the custodians");
    let without = Thief { erasure_keys: None, ..thief };
    assert_eq!(without.opens(vault, other, commitments[1]).await, 0, "without the store nothing opens at all");
    let with_copy = Thief { erasure_keys: Some(&copied_keys), ..thief };
    assert_eq!(with_copy.opens(vault, erased, commitments[0]).await, 3, "a backup of the keys would undo it");

    // A server on what was restored applies the erasure before it serves.
    let mut server = elsewhere.start().expect("server");
    server.ready(crate::care::WITHIN).await.expect("ready");
    let api = Api::new(&server.api.url, Origin::of(&server.api.url).expect("origin")).expect("API");
    let patients = Session::sign_in(&api, &owner, None).await.expect("session");
    let grantees = Session::sign_in(&api, &provider.key, None).await.expect("session");
    let state = record::erasure(&patients, erased).await.expect("told").state;
    assert_eq!(state, ErasureState::Destroyed, "at the first answer");
    for (session, secrets, purpose) in
        [(&patients, &secrets, Purpose::PatientRequest), (&grantees, &provider.secrets, Purpose::Treatment)]
    {
        assert!(record::get(session, purpose, erased).await.err().is_some_and(|error| error.is("not_permitted")));
        assert_eq!(care.open(session, secrets, purpose, other).await, RESULT);
    }
    assert_eq!(thief.opens(vault, erased, commitments[0]).await, 0);
    assert_eq!(with_copy.opens(vault, erased, commitments[0]).await, 0, "rows and blob are gone here, too");

    // What remains: the tombstone, on chain and in the mirror, and the lines of the log, which verify.
    let tombstone: Record = care.stack.operator.sender.account("record", &Pubkey::from(erased.0)).await.expect("it");
    assert_eq!((tombstone.status, tombstone.commitment), (RecordStatus::Erased, commitments[0]));
    let shown = server.api.get(&format!("/v1/chain/records/{erased}")).await.expect("tombstone");
    assert_eq!(shown["data"]["record"]["status"], "erased");
    for session in [&session, &patients] {
        let own = disclosure::own(session, vault).await.expect("log").expect("it proves itself");
        let about = own.entries.iter().filter(|logged| logged.entry.value().record == Some(erased)).count();
        assert!(about > 0, "who looked at it");
    }
    let verified = elsewhere.output(&["verify"]).await.expect("verify");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    assert!(server.stop().await.expect("stop").success());
    care.stack.stop().await;
}
