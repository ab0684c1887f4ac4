//! Two users who are hostile to each other drive every route of the OpenAPI document through a stateful
//! fuzzer (schemathesis), each knowing ids of what the other has. `make fuzz` runs it; the requests, the
//! checks of each answer and the search for what is the other's are in `scripts/fuzz/hooks.py`.

mod desk;
mod ledger;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    sync::atomic::AtomicU32,
    time::Duration,
};

use aegle_client::commitment::commit;
use aegle_decision::Statement;
use aegle_indexer::{
    api::{ApiConfig, RelayConfig, Stores, openapi, serve},
    blob::{BlobConfig, Blobs},
    erasure::{KeyId, Part},
};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use self::{desk::Desk, ledger::Ledger};
use crate::{
    client::{Client, config, keys},
    custodians::{open_emergency, plan, signed_plan},
    facts::{CONFIRMED, FINALIZED, Key, base58, key, now, time},
    sign_in::{request_key, sign_in, wallet as numbered},
    world::{Grant, Session, World, labels, opening, policy},
};

/// Key to which everything for a vault is encrypted, as `facts` writes it.
const VAULT_KEY: u8 = 203;
/// Number of the wallet that posts results to both users.
const LAB: u8 = 23;
/// Longer than keys wait to be deleted whose holders have no permission.
const SETTLED: Duration = Duration::from_secs(7);

struct User {
    name: &'static str,
    wallet: Keypair,
    vault: Key,
    /// Its only record that the other may read.
    open: Key,
    /// Ids that the other is told, by kind.
    told: Value,
    /// Finished uploads that only the user knows.
    uploads: Vec<String>,
}

/// 80 bytes as a wrapped key has them, of nobody else.
fn wrapped(seed: &str) -> String {
    let part = |number: u8| commit(&key(number), seed.as_bytes());
    BASE64_STANDARD.encode(&[part(1), part(2), part(3)].concat()[..80])
}

/// A share of a key for the wallet of this number.
fn key_share(custodian: u8, seed: &str) -> Value {
    let part = |number: u8| commit(&key(number), seed.as_bytes());
    json!({
        "custodian": numbered(custodian).pubkey().to_string(), "recipient": hex::encode(key(VAULT_KEY)),
        "threshold": 1, "share": BASE64_STANDARD.encode(&[part(1), part(2), part(3)].concat()[..81]),
    })
}

/// Both users have opened a record of somebody's in an emergency, and keep shares of its key.
async fn emergencies(world: &mut World, users: &[&Keypair; 2]) -> (String, [String; 2]) {
    let vault = world.vault;
    world.ledger.emergency_policy(FINALIZED - 30, vault, 1).await;
    let record = world.record(&labels(&["laboratory"]), &[]).await;
    let shares = [21, 22].map(|number| key_share(number, "somebody's"));
    let dealt = json!({ "vault": base58(&vault), "records": [{ "record": base58(&record), "shares": shares }] });
    world.session(&world.patient).await.post("/v1/custodian-shares", &dealt).await.ok();
    let mut opened = Vec::new();
    for (place, user) in (0..).zip(users) {
        world.credential(user, "custodian").await;
        let credential = world.credential(user, "practitioner").await;
        sqlx::query("UPDATE credential SET emergency = true WHERE credential = $1")
            .bind(credential)
            .execute(&world.pool)
            .await
            .unwrap();
        let statement = Statement {
            kind: Default::default(),
            vault: aegle_decision::Key(vault),
            break_glass_id: key(80 + place),
            clinician: aegle_decision::Key(user.pubkey().to_bytes()),
            credential: aegle_decision::Key(credential),
            encryption_key: key(223),
            records: [aegle_decision::Key(record)].into(),
            reason: "Unconscious after a fall".into(),
            expires_at: now() + 80_000,
        };
        opened.push(base58(&open_emergency(world, statement, user, FINALIZED - 2).await));
    }
    (base58(&record), opened.try_into().expect("one for each"))
}

/// What one user has: records, consents, keyrings with shares, mail, requests, uploads and sessions.
async fn furnish(world: &mut World, name: &'static str, wallet: &Keypair, other: &Keypair) -> User {
    let vault = world.vault(wallet).await;
    let of = |what: &str| format!("{name} {what}");
    let (lab, friend, guardian) = (numbered(LAB), numbered(24), numbered(25));

    let mut records = Vec::new();
    for (place, category) in ["laboratory", "imaging"].into_iter().enumerate() {
        let what = of(&format!("record {place}"));
        let mut labels = labels(&[category]);
        labels.study = Some(aegle_decision::Key(commit(&key(4), what.as_bytes())));
        let (opening, commitment) = opening(&labels, &what);
        let session = world.session(wallet).await;
        let upload = session.upload(format!("ciphertext of {what}").as_bytes()).await;
        let record_id = commit(&key(5), what.as_bytes());
        let body = json!({
            "vault": base58(&vault), "record_id": hex::encode(record_id), "upload": upload, "opening": opening,
            "wraps": [
                { "holder": base58(&vault), "recipient": hex::encode(key(VAULT_KEY)), "wrapped_key": wrapped(&what) },
            ],
        });
        session.post("/v1/records", &body).await.ok();
        records.push(world.mint(vault, FINALIZED - 10, record_id, commitment).await);
    }
    let labs = policy(json!({ "permit": [{ "categories": ["laboratory"] }] }));
    let hidden = world.grant_in(vault, &friend, Grant::default()).await;
    world.grant_in(vault, other, Grant { policy: labs, ..Grant::default() }).await;

    let session = world.session(wallet).await;
    let keyring = json!({
        "vault": base58(&vault), "key_epoch": 0, "keyring": of("keyring"),
        "shares": [{ "guardian": guardian.pubkey().to_string(), "share": of("share") }],
    });
    session.post("/v1/keyrings", &keyring).await.ok();
    let told_upload = session.upload(of("upload 0").as_bytes()).await;
    let mut uploads = Vec::new();
    for place in 1..20 {
        uploads.push(session.upload(of(&format!("upload {place}")).as_bytes()).await);
    }

    let sender = world.session(&lab).await;
    let mut told = BTreeMap::new();
    for place in 0..2 {
        let what = of(&format!("mail {place}"));
        let upload = sender.upload(format!("ciphertext of {what}").as_bytes()).await;
        let mail = json!({
            "vault": base58(&vault), "upload": upload, "opening": opening(&labels(&["document"]), &what).0,
            "recipient": hex::encode(key(VAULT_KEY)), "wrapped_key": wrapped(&what),
        });
        let posted = sender.post("/v1/mailbox", &mail).await.ok();
        told.entry("item").or_insert_with(|| posted["data"]["item"].clone());
        let request = json!({
            "vault": base58(&vault), "purposes": 1, "actions": 1,
            "message": BASE64_STANDARD.encode(of(&format!("message {place}"))),
        });
        let asked = sender.post("/v1/access-requests", &request).await.ok();
        told.entry("request").or_insert_with(|| asked["data"]["request"].clone());
        told.entry("session").or_insert(sign_in(&world.client, wallet).await.1["id"].clone());
    }
    told.insert("upload", told_upload.into());
    let plan = signed_plan(&plan(vault, &[lab, friend]), wallet);
    session.send(Method::PUT, "/v1/custodians", None, Some(&plan)).await.ok();
    let shares = [LAB, 24].map(|number| key_share(number, &of(&format!("key share {number}"))));
    let dealt = json!({
        "vault": base58(&vault), "records": [{ "record": base58(&records[0]), "shares": shares }],
    });
    session.post("/v1/custodian-shares", &dealt).await.ok();
    let mut told = json!(told);
    told["vault"] = base58(&vault).into();
    told["wallet"] = wallet.pubkey().to_string().into();
    told["records"] = json!([base58(&records[0]), base58(&records[1])]);
    told["consent"] = base58(&hidden).into();
    User { name, wallet: wallet.insecure_clone(), vault, open: records[0], told, uploads }
}

impl User {
    /// Everything that shows only in what nobody but this user, or whom it was given, may see: as texts
    /// of an answer.
    async fn markers(&self, pool: &PgPool, other: &Keypair) -> BTreeSet<String> {
        let mut bytes: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT unnest(ARRAY[blob::bytea, erasure_key]) FROM protected.content WHERE vault = $1
             UNION SELECT unnest(ARRAY[salt::bytea, policy_salt]) FROM protected.opening
                 WHERE vault = $1 AND grantee <> $3
             UNION SELECT unnest(ARRAY[item::bytea, blob, erasure_key]) FROM protected.mailbox_item WHERE vault = $1
             UNION SELECT unnest(ARRAY[request::bytea, message]) FROM protected.access_request WHERE vault = $1
             UNION SELECT id FROM protected.session WHERE wallet = $2
             UNION SELECT id FROM protected.upload WHERE owner = $2",
        )
        .bind(self.vault)
        .bind(self.wallet.pubkey().to_bytes())
        .bind(other.pubkey().to_bytes())
        .fetch_all(pool)
        .await
        .unwrap();
        bytes.extend(self.sealed(pool, other).await);
        let forms = bytes.iter().flat_map(|bytes| [hex::encode(bytes), base58(bytes), BASE64_STANDARD.encode(bytes)]);
        let hidden_study = commit(&key(4), format!("{} record 1", self.name).as_bytes());
        let texts = ["keyring", "share", "record 1", "mail 0", "mail 1", "message 0", "upload 1"];
        let texts = texts.iter().map(|text| format!("{} {text}", self.name));
        let told: BTreeSet<String> =
            self.told.as_object().unwrap().values().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let markers: BTreeSet<_> = forms.chain(texts).chain([base58(&hidden_study)]).collect();
        markers.difference(&told).cloned().collect()
    }

    /// What lies under erasure keys: the salts of contents and mail, shares, and keys that are not the other's.
    async fn sealed(&self, pool: &PgPool, other: &Keypair) -> Vec<Vec<u8>> {
        type Row = (Vec<u8>, Option<Vec<u8>>, Vec<u8>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT erasure_key::bytea, NULL::bytea, opening FROM protected.content WHERE vault = $1 AND record <> $2
             UNION ALL SELECT erasure_key, NULL, opening FROM protected.mailbox_item WHERE vault = $1
             UNION ALL SELECT erasure_key, recipient, wrapped_key FROM protected.mailbox_item WHERE vault = $1
             UNION ALL SELECT erasure_key, recipient, share FROM protected.custodian_share WHERE vault = $1
             UNION ALL SELECT c.erasure_key, w.recipient, w.wrapped_key FROM protected.wrap w
                 JOIN protected.content c USING (record) WHERE w.vault = $1 AND w.holder <> $3",
        )
        .bind(self.vault)
        .bind(self.open)
        .bind(other.pubkey().to_bytes())
        .fetch_all(pool)
        .await
        .unwrap();
        let mut opened = Vec::new();
        for (id, recipient, sealed) in rows {
            let key = keys(pool).get(KeyId(id.try_into().unwrap())).await.unwrap();
            match recipient.map(|recipient| <[u8; 32]>::try_from(recipient).unwrap()) {
                Some(recipient) => {
                    let opens = |part| key.open(part, &sealed).ok();
                    opened.push(opens(Part::Wrap(&recipient)).or_else(|| opens(Part::Share(&recipient))).unwrap());
                }
                None => opened.extend(key.open(Part::Opening, &sealed).unwrap().chunks(32).map(<[u8]>::to_vec)),
            }
        }
        opened
    }

    /// The user's rows, by table and key, but for what `actor` may change in them: that a key or a content
    /// went out to it, its own posts and requests, and uploads that it was sent.
    async fn rows(&self, pool: &PgPool, actor: &User) -> BTreeMap<String, String> {
        let tables = [
            ("content", "vault = $1", "record"),
            ("wrap", "vault = $1", "record, recipient"),
            ("keyring", "vault = $1", "key_epoch"),
            ("guardian_share", "vault = $1", "key_epoch, guardian, holder"),
            ("opening", "vault = $1", "consent"),
            ("mailbox_item", "vault = $1 AND sender <> $3", "item"),
            ("access_request", "vault = $1 AND requester <> $3", "request"),
            ("custodian_plan", "vault = $1", "vault"),
            ("custodian_share", "vault = $1", "record, custodian"),
            ("emergency", "clinician = $2", "break_glass"),
            ("session", "wallet = $2", "id"),
            (
                "upload",
                "owner = $2 AND NOT EXISTS (SELECT FROM protected.mailbox_item m WHERE m.blob = x.id AND m.vault = $4)
                 AND NOT EXISTS (SELECT FROM protected.content c WHERE c.blob = x.id AND c.vault = $4)
                 AND state <> 'released'",
                "id",
            ),
        ];
        let mut rows = BTreeMap::new();
        for (table, condition, id) in tables {
            let sql = format!(
                "SELECT concat_ws('/', '{table}', {id}),
                        (to_jsonb(x) - ARRAY['key_given_at', 'content_given_at', 'expires_at'])::text
                 FROM protected.{table} x WHERE {condition} AND num_nonnulls($1::bytea, $2::bytea, $3::bytea, $4::bytea) > 0"
            );
            let found: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(sql))
                .bind(self.vault)
                .bind(self.wallet.pubkey().to_bytes())
                .bind(actor.wallet.pubkey().to_bytes())
                .bind(actor.vault)
                .fetch_all(pool)
                .await
                .unwrap();
            rows.extend(found);
        }
        rows
    }
}

/// Number of rows in each table of the chain, and a hash over all of them.
async fn chain(pool: &PgPool) -> BTreeMap<String, String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut hashes = BTreeMap::new();
    for table in tables {
        let sql = format!("SELECT coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), '') FROM public.{table} x");
        hashes.insert(table, sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap());
    }
    hashes
}

/// Operations that need not succeed, and why.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("POST /v1/subscriptions/{vault}/{subscription}/confirmation", "the code comes by mail, and none is sent here"),
    ("PUT /v1/profiles/{account}", "no made-up credential commits to a name that a fuzzer guesses"),
    ("DELETE /v1/profiles/{account}", "so that none is shown"),
    ("POST /v1/emergencies", "the made-up mirror and the relay's ledger have no vault in common"),
];

/// Most of all answers that may be 400, in percent.
const MOST_MALFORMED: usize = 30;

/// Prints how the requests of each operation were answered, and checks that there was something to refuse:
/// every operation succeeded, and most requests were well-formed.
fn summarize(name: &str, answers: &Path, document: &Value) {
    let answers: Vec<(String, String, u16, usize)> = serde_json::from_slice(&fs::read(answers).unwrap()).unwrap();
    let mut operations: BTreeMap<(String, String), [usize; 5]> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        operations.extend(item.as_object().unwrap().keys().map(|method| ((path.clone(), method.clone()), [0; 5])));
    }
    for endless in ["/v1/chain/stream", "/v1/events"] {
        operations.remove(&(endless.into(), "get".into()));
    }
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for (method, path, status, count) in &answers {
        *statuses.entry(*status).or_default() += count;
        // Methods that the document does not have are asked on purpose.
        if let Some(counts) = operations.get_mut(&(path.clone(), method.to_lowercase())) {
            let class = match status {
                200..300 => 0,
                400 => 1,
                401 | 403 => 2,
                404 | 409 => 3,
                _ => 4,
            };
            counts[class] += count;
        }
    }
    eprintln!("{name}: {:53} {:>6} {:>6} {:>7} {:>7} {:>6}", "", "2xx", "400", "401,403", "404,409", "other");
    for ((path, method), [done, malformed, refused, absent, other]) in &operations {
        let operation = format!("{} {path}", method.to_uppercase());
        eprintln!("{operation:55} {done:6} {malformed:6} {refused:7} {absent:7} {other:6}");
    }
    let (requests, malformed) = (statuses.values().sum::<usize>(), statuses.get(&400).copied().unwrap_or(0));
    let percent = malformed * 100 / requests;
    eprintln!("{name}: {requests} requests, {percent} % malformed, by status {statuses:?}");
    let never: Vec<_> = operations
        .iter()
        .filter(|(_, counts)| counts[0] == 0)
        .map(|((path, method), _)| format!("{} {path}", method.to_uppercase()))
        .filter(|operation| EXCEPTIONS.iter().all(|(excepted, _)| operation != excepted))
        .collect();
    assert!(never.is_empty(), "{name} never succeeded in {never:?}");
    assert!(percent < MOST_MALFORMED, "{percent} % of the requests of {name} were malformed");
}

#[ignore = "`make fuzz` runs it: it takes minutes and a fuzzer"]
#[sqlx::test(migrations = "../migrations")]
async fn inv_1_two_hostile_users_get_no_server_error_and_nothing_of_each_other(pool: PgPool) {
    let schemathesis = env::var("AEGLE_SCHEMATHESIS").expect("path of schemathesis; run `make fuzz`");
    let examples = env::var("AEGLE_FUZZ_EXAMPLES").unwrap_or_else(|_| "20".into());
    let seed = env::var("AEGLE_SEED").unwrap_or_else(|_| "1".into());
    eprintln!("AEGLE_SEED={seed} AEGLE_FUZZ_EXAMPLES={examples}");

    // The made-up ledger stands still, so its node was asked longer ago with every second.
    let (folder, relay) = (tempfile::tempdir().unwrap(), Keypair::new());
    let ledger = Ledger::start(&relay).await;
    let keypair = folder.path().join("relay.json");
    write_keypair_file(&relay, &keypair).unwrap();
    let agent = folder.path().join("agent.json");
    write_keypair_file(&Keypair::new(), &agent).unwrap();
    let relay_config = RelayConfig {
        keypair: Some(keypair),
        rpc_url: Some(serde_json::from_value(json!(ledger.rpc_url)).unwrap()),
        wallet_per_minute: 1_000_000,
        ..RelayConfig::default()
    };
    let api = ApiConfig { max_lag_seconds: u32::MAX, relay: relay_config, agent: Some(agent), ..config() };
    // What the fuzzer begins and leaves counts as uploads until it expires.
    let blobs = BlobConfig { max_unclaimed: 100_000, ..BlobConfig::default() };
    let mut world = World::with(&pool, Client::with_blobs(&pool, &api, blobs.clone())).await;
    let credential = world.credential(&numbered(LAB), "practitioner").await;
    world.ledger.registrar(FINALIZED - 31, key(90), 7).await;
    let (audit_root, break_glass) = (key(91), key(92));
    world.ledger.audit_root(FINALIZED - 4, audit_root, key(93), 0, 1).await;
    world.ledger.break_glass(FINALIZED - 4, world.vault, break_glass, key(94), time(CONFIRMED)).await;
    let (first, second) = (world.practitioner(21).await, world.practitioner(22).await);
    // Both are guardians of somebody who is being recovered.
    let heir = numbered(26);
    let shares = [&first, &second]
        .map(|guardian| json!({ "guardian": guardian.pubkey().to_string(), "share": "for a guardian" }));
    let ring = json!({ "vault": base58(&world.vault), "key_epoch": 0, "keyring": "ring", "shares": shares });
    world.session(&world.patient).await.post("/v1/keyrings", &ring).await.ok();
    let recovery = world.propose_recovery(&heir).await;
    let (opened_record, opened) = emergencies(&mut world, &[&first, &second]).await;
    let users = [
        furnish(&mut world, "Ariadne", &first, &second).await,
        furnish(&mut world, "Bellerophon", &second, &first).await,
    ];

    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("file://{}", world.client.folder.path().display());
    let blobs = Blobs::open(&BlobConfig { url: Some(url), ..blobs }).unwrap();
    let stores = Stores { blobs, keys: keys(&pool) };
    let shutdown = CancellationToken::new();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let served = serve(pool.clone(), ApiConfig { listen, ..api }, stores, metrics, shutdown.clone());
    let server = tokio::spawn(served);
    let desk = Desk {
        client: Client::of(world.client.router()),
        pool: pool.clone(),
        node: RpcClient::new(ledger.rpc_url.clone()),
        relay: relay.pubkey(),
        vaults: [(21, users[0].vault), (22, users[1].vault)].into(),
        given: AtomicU32::new(0),
    };
    let desk = desk.open().await;
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fuzz").canonicalize().unwrap();

    let mirror = chain(&pool).await;
    let mut markers = Vec::new();
    for (user, other) in [(&users[0], &second), (&users[1], &first)] {
        markers.push(user.markers(&pool, other).await);
        assert!(markers.iter().all(|markers| markers.len() > 60), "{markers:?}");
    }
    // What is malformed on purpose finds server errors, whoever sends it; what is not finds its way further.
    for (place, number, meant) in [(0_usize, 21, "negative"), (0, 21, "positive"), (1, 22, "positive")] {
        let (actor, other) = (&users[place], &users[1 - place]);
        tokio::time::sleep(SETTLED).await;
        let before = other.rows(&pool, actor).await;
        assert!(before.len() > 15, "{before:?}");
        let task = json!({
            "desk": format!("http://{desk}/{number}"), "own": actor.told, "other": other.told,
            "chain": {
                "consent": actor.told["consent"], "credential": base58(&credential), "registrar": base58(&key(90)),
                "recovery": base58(&recovery), "audit_root": base58(&audit_root),
                "break_glass": base58(&break_glass), "vault": base58(&world.vault),
            },
            "handed": {
                "vault": base58(&world.vault), "key_epoch": 0, "holder": heir.pubkey().to_string(), "share": "handed",
            },
            "request_key": {
                "key_id": request_key().pubkey().to_string(), "seed": hex::encode(request_key().secret_bytes()),
            },
            "uploads": actor.uploads,
            "emergency": { "record": opened_record, "opened": [opened[place], opened[1 - place]] }, "key_share": key_share(LAB, actor.name),
            "vault_key": hex::encode(key(VAULT_KEY)), "wrapped_key": wrapped(actor.name),
            "opening": opening(&labels(&["document"]), actor.name).0,
            "markers": markers[1 - place], "own_markers": markers[place],
            "given": folder.path().join("given.json"), "answers": folder.path().join("answers.json"),
        });
        let path = folder.path().join("task.json");
        fs::write(&path, task.to_string()).unwrap();
        let status = Command::new(&schemathesis)
            .current_dir(folder.path())
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", &hooks)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AEGLE_FUZZ_TASK", &path)
            .arg("--config-file")
            .arg(hooks.join("schemathesis.toml"))
            .args(["run", &format!("http://{listen}/openapi.json")])
            .args(["--seed", &seed, "--max-examples", &examples, "--mode", meant])
            .args(["--phases", if meant == "negative" { "coverage,fuzzing" } else { "coverage,fuzzing,stateful" }])
            .status()
            .await
            .unwrap();
        assert!(status.success(), "{} found what is written above", actor.name);
        if meant == "positive" {
            summarize(actor.name, &folder.path().join("answers.json"), &document);
        }
        let after = other.rows(&pool, actor).await;
        for (row, content) in &before {
            assert_eq!(after.get(row), Some(content), "{row} of {} changed", other.name);
        }
        let new: Vec<_> = after.keys().filter(|row| !before.contains_key(*row)).collect();
        assert!(new.is_empty(), "{} has {new:?}", other.name);
    }
    assert!(mirror == chain(&pool).await, "what the chain says changed");
    shutdown.cancel();
    server.await.unwrap().unwrap();
    let session = Session { client: &world.client, token: sign_in(&world.client, &first).await.0 };
    assert_eq!(session.record(users[0].open).await.status, 200, "the first still reads what is the first's");
}
