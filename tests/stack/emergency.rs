//! An emergency from the command line: opened by a clinician, released by custodians at their own node, told
//! to the patient and reviewed.

use std::{path::PathBuf, process::Stdio};

use aegle_api_client::{
    emergency::OpenedEmergency,
    release::{self, Journal, Refusal},
    wire::{Bytes, Digest},
};
use aegle_client::{
    aegle::{AddRegistrarParams, IssueCredentialParams, OpenBreakGlassParams},
    id, instruction, pda,
    state::{CredentialKind, CredentialTerms},
};
use aegle_decision::{Document, Emergency, Key, Statement};
use aegle_envelope::SecretKey;
use aegle_stack::folders;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use tokio::process::{Child, Command};

use crate::{agent::until, care::Care};

const LETTER: &str = "Allergic to penicillin. Warfarin 5 mg.";
const RELAY_FUNDS: u64 = 10_000_000_000;

/// Somebody with files of their own.
struct Person {
    key: Keypair,
    encryption_key: [u8; 32],
    credential: String,
    name: &'static str,
}

struct Scene {
    care: Care,
    folder: PathBuf,
    board: Keypair,
}

impl Scene {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    async fn person(&self, name: &'static str, kind: CredentialKind, emergency: bool) -> Person {
        let (key, secret) = (Keypair::new(), SecretKey::generate(&mut OsRng));
        write_keypair_file(&key, self.path(&format!("{name}.json"))).expect("keypair file");
        let file = json!({ "secret_key": hex::encode(*secret.to_bytes()) });
        std::fs::write(self.path(&format!("{name}-key.json")), file.to_string()).expect("key file");
        let terms = CredentialTerms {
            emergency,
            encryption_key: secret.encryption_key().0,
            profile_commitment: [2; 32],
            from_day: self.care.today,
            until_day: self.care.today + 30,
        };
        let params = IssueCredentialParams { subject: key.pubkey(), kind, terms };
        let issue = instruction::issue_credential(self.board.pubkey(), self.care.stack.operator.payer(), params);
        self.care.send(issue, &[&self.board]).await;
        let credential = pda::find_credential(&pda::find_registrar(&self.board.pubkey()).0, &key.pubkey()).0;
        Person { key, encryption_key: secret.encryption_key().0, credential: credential.to_string(), name }
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(folders::sibling("aegle").expect("aegle"));
        command
            .args(arguments)
            .arg("--json")
            .env("AEGLE_RPC_URL", &self.care.stack.settings.rpc_url)
            .env("AEGLE_API_URL", &self.care.stack.indexer.api.url)
            .env("AEGLE_KEYPAIR", self.path(&format!("{who}.json")))
            .env("AEGLE_ENCRYPTION_KEY", self.path(&format!("{who}-key.json")))
            .env("AEGLE_PAYER", self.path("sponsor.json"))
            .current_dir(&self.folder);
        command
    }

    /// What a command answers, and whether the answer is yes.
    async fn answer(&self, who: &str, arguments: &[&str]) -> (bool, Value) {
        let output = self.command(who, arguments).output().await.expect("aegle");
        let said = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
        let said = serde_json::from_slice(said).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(said)));
        (output.status.success(), said)
    }

    async fn run(&self, who: &str, arguments: &[&str]) -> Value {
        let (done, said) = self.answer(who, arguments).await;
        assert!(done, "{arguments:?}: {said}");
        said
    }

    async fn refused(&self, who: &str, arguments: &[&str]) -> String {
        let (done, said) = self.answer(who, arguments).await;
        assert!(!done, "{arguments:?}: {said}");
        said["code"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    async fn final_by_now(&self) {
        let mirrored = self.care.api.mirror().await.expect("mirror").confirmed_slot;
        self.care.finalized(mirrored).await;
    }

    /// A statement of `signer`'s, opened on chain past the server where `open` says so.
    async fn stated(&self, signer: &Person, open: bool, statement: Statement) -> OpenedEmergency {
        let vault = statement.vault;
        let break_glass = pda::find_break_glass(&vault.0.into(), &statement.break_glass_id).0;
        let document = Document::new(statement);
        let (signature, salt) = (signer.key.sign_message(document.bytes()).into(), [9; 32]);
        let Statement { break_glass_id, expires_at, .. } = *document.value();
        if open {
            let commitment = Emergency::commitment(&document, &signature, &salt);
            let params = OpenBreakGlassParams { break_glass_id, commitment, expires_at };
            let payer = self.care.stack.operator.payer();
            self.care.send(instruction::open_break_glass(vault.0.into(), payer, payer, params), &[]).await;
        }
        OpenedEmergency {
            break_glass: Key(break_glass.to_bytes()),
            vault,
            clinician: document.value().clinician,
            statement: String::from_utf8(document.bytes().to_vec()).expect("text"),
            signature: Bytes(signature),
            salt: Digest(salt),
            opened: true,
            reviewed: false,
            stored_at: String::new(),
        }
    }

    /// A custodian believes the chain alone, whatever a server shows it.
    async fn believes_the_chain(&self, vault: Key, record: Key, clinician: &Person, colleague: &Person) {
        let reader = self.care.stack.operator.sender.reader();
        let ends = reader.now().await.expect("clock") + 600;
        let key = |person: &Person| Key(person.key.pubkey().to_bytes());
        let statement = || Statement {
            kind: Default::default(),
            vault,
            break_glass_id: id::break_glass_id(&mut OsRng, &vault.0.into()),
            clinician: key(clinician),
            credential: clinician.credential.parse().expect("address"),
            encryption_key: clinician.encryption_key,
            records: [record].into(),
            reason: "Fell".into(),
            expires_at: ends,
        };
        let none = Journal::default();
        let check = async |journal: &Journal, shown: &OpenedEmergency| {
            release::check(reader, journal, shown).await.expect("node")
        };
        let true_one = self.stated(clinician, true, statement()).await;
        let checked = check(&none, &true_one).await.expect("what is on chain is believed");
        let mut journal = Journal::default();
        journal.note(&checked);
        assert!(check(&journal, &true_one).await.is_ok(), "its own opening holds nothing up");

        let theirs = Statement {
            clinician: key(colleague),
            credential: colleague.credential.parse().expect("address"),
            encryption_key: colleague.encryption_key,
            ..statement()
        };
        let soon = reader.now().await.expect("clock") + 20;
        for (refusal, journal, signer, open, shown) in [
            (Refusal::Unreviewed, &journal, clinician, true, statement()),
            (Refusal::NotOpened, &none, clinician, false, statement()),
            (Refusal::Statement, &none, colleague, true, statement()),
            (Refusal::Credential, &none, colleague, true, theirs),
            (Refusal::Credential, &none, clinician, true, Statement { credential: vault, ..statement() }),
            (Refusal::EncryptionKey, &none, clinician, true, Statement { encryption_key: [7; 32], ..statement() }),
            (Refusal::Record, &none, clinician, true, Statement { records: [record, vault].into(), ..statement() }),
            (Refusal::Expired, &none, clinician, true, Statement { expires_at: soon, ..statement() }),
        ] {
            let shown = self.stated(signer, open, shown).await;
            if refusal == Refusal::Expired {
                until("it is over", async || reader.now().await.is_ok_and(|now| now >= soon)).await;
            }
            assert_eq!(check(journal, &shown).await.err(), Some(refusal));
        }
        let dismissed = self.person("dismissed", CredentialKind::Practitioner, true).await;
        let opened = Statement {
            clinician: key(&dismissed),
            credential: dismissed.credential.parse().expect("address"),
            encryption_key: dismissed.encryption_key,
            ..statement()
        };
        let opened = self.stated(&dismissed, true, opened).await;
        assert!(check(&none, &opened).await.is_ok());
        let suspend = instruction::suspend_credential(self.board.pubkey(), &dismissed.key.pubkey());
        self.care.send(suspend, &[&self.board]).await;
        assert_eq!(check(&none, &opened).await.err(), Some(Refusal::CredentialNotInForce));
        let mut resalted = true_one.clone();
        resalted.salt.0[0] ^= 1;
        assert_eq!(check(&none, &resalted).await.err(), Some(Refusal::OtherOpening));
    }

    /// A custodian's process, until it is stopped.
    fn keep(&self, custodian: &Person) -> Child {
        let journal = self.path(&format!("{}-journal.json", custodian.name));
        let mut command = self.command(custodian.name, &["custodian", "run", "--every", "1s", "--journal", &journal]);
        command.kill_on_drop(true).stdout(Stdio::null()).spawn().expect("custodian")
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// INV-1, INV-9: nothing is released before the opening is on chain; two of three custodians are needed; an
/// earlier opening has to be reviewed; a vault that forbids it is closed at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_clinician_reads_in_an_emergency_by_custodians_and_the_patient_is_told_and_reviews_it() {
    let relay = Keypair::new();
    let care = Care::start_with(|settings| {
        let file = settings.log.with_file_name("relay.json");
        write_keypair_file(&relay, &file).expect("keypair file");
        settings.environment.push(("AEGLE_API__RELAY__KEYPAIR".into(), file.display().to_string()));
    })
    .await;
    care.stack.operator.sender.reader().airdrop(&relay.pubkey(), RELAY_FUNDS).await.expect("airdrop");
    let (folder, board, sponsor, owner) = (care.stack.folder.clone(), Keypair::new(), Keypair::new(), Keypair::new());
    care.stack.operator.sender.reader().airdrop(&sponsor.pubkey(), RELAY_FUNDS).await.expect("airdrop");
    let (governance, payer) = (&care.stack.upgrade_authority, care.stack.operator.payer());
    let kinds = CredentialKind::Practitioner.bit() | CredentialKind::Custodian.bit();
    let params = AddRegistrarParams { authority: board.pubkey(), kinds, profile_commitment: [1; 32] };
    care.send(instruction::add_registrar(governance.pubkey(), payer, params), &[governance]).await;
    let scene = Scene { care, folder, board };
    for (name, key) in [("sponsor", &sponsor), ("owner", &owner)] {
        write_keypair_file(key, scene.path(&format!("{name}.json"))).expect("keypair file");
    }
    let (clinician, colleague) = tokio::join!(
        scene.person("clinician", CredentialKind::Practitioner, true),
        scene.person("colleague", CredentialKind::Practitioner, false),
    );
    let (first, second, third) = tokio::join!(
        scene.person("first", CredentialKind::Custodian, false),
        scene.person("second", CredentialKind::Custodian, false),
        scene.person("third", CredentialKind::Custodian, false),
    );

    // A record before emergencies are allowed, and one after.
    let vault = text(&scene.run("owner", &["keyring", "create"]).await, "vault").to_owned();
    std::fs::write(scene.path("letter.txt"), LETTER).expect("letter");
    let add = ["record", "add", "letter.txt", "--vault", &vault, "--category", "medication"];
    let before = text(&scene.run("owner", &add).await, "record").to_owned();
    let open = |record: &str, who: &Person| {
        ["break-glass", "open", "--patient", &vault, "--record", record, "--reason", "Fell", "--credential"]
            .map(str::to_owned)
            .into_iter()
            .chain([who.credential.clone()])
            .collect::<Vec<_>>()
    };
    let opening = async |record: &str, who: &Person| {
        let arguments = open(record, who);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        scene.answer(who.name, &arguments).await
    };
    assert_eq!(opening(&before, &clinician).await.1["code"], "emergencies_forbidden");
    let custodians = [&first, &second, &third].map(|custodian| custodian.key.pubkey().to_string()).join(",");
    let allow = ["break-glass", "allow", "--vault", &vault, "--custodian", &custodians, "--threshold", "2"];
    assert_eq!(scene.run("owner", &allow).await["records"], 1);
    let after = text(&scene.run("owner", &add).await, "record").to_owned();
    assert_eq!(scene.run("owner", &allow).await["records"], 2, "a new plan ends the shares dealt by the old one");
    scene.final_by_now().await;

    // Whose credential is for no emergencies is refused.
    assert_eq!(opening(&after, &colleague).await.1["code"], "not_permitted");
    let (opened, said) = opening(&after, &clinician).await;
    assert!(opened, "{said}");
    let address = text(&said, "opening").to_owned();
    let (of, record) = (vault.parse().expect("address"), after.parse().expect("address"));
    scene.believes_the_chain(of, record, &clinician, &colleague).await;
    let read = |record: &str, wait: &str, out: &str| {
        ["break-glass", "read", record, "--opening", &address, "--out", out, "--wait", wait].map(str::to_owned)
    };
    let reading = async |record: &str, wait: &str, out: &str| {
        let arguments = read(record, wait, out);
        scene.answer("clinician", &arguments.each_ref().map(String::as_str)).await
    };
    assert_eq!(reading(&after, "0s", "early.txt").await.1["code"], "shares_missing");

    let once = |name: &str| ["custodian", "once", "--journal", &format!("{name}-journal.json")].map(str::to_owned);
    let look = async |name: &str| {
        let arguments = once(name);
        scene.answer(name, &arguments.each_ref().map(String::as_str)).await
    };
    until("the mirror has the opening", async || {
        scene.run("clinician", &["break-glass", "list"]).await["items"][0]["opened"] == true
    })
    .await;
    assert_eq!(look("first").await.1["items"][0]["records"], 1);
    assert_eq!(look("first").await.1["items"], json!([]), "once");
    assert_eq!(reading(&after, "0s", "early.txt").await.1["code"], "shares_missing", "one of two");
    assert!(!std::fs::exists(scene.path("early.txt")).expect("folder"));
    let mut keeping = scene.keep(&second);
    let (done, said) = reading(&after, "40s", "seen.txt").await;
    assert!(done, "{said}");
    assert_eq!(std::fs::read_to_string(scene.path("seen.txt")).expect("content"), LETTER);
    let (done, said) = reading(&before, "0s", "other.txt").await;
    assert!(!done, "a record that the statement does not name: {said}");

    // The patient is told; another opening waits for the review.
    let told = scene.run("owner", &["break-glass", "list", "--vault", &vault]).await;
    let told = &told["items"][0];
    assert_eq!((text(told, "clinician"), text(told, "reason")), (&*clinician.key.pubkey().to_string(), "Fell"));
    assert_eq!((&told["opened"], &told["reviewed"]), (&json!(true), &json!(false)));
    let log = scene.run("owner", &["disclosure", "list", "--vault", &vault]).await;
    let logged: Vec<&str> =
        log["items"].as_array().expect("items").iter().map(|item| text(&item["entry"], "operation")).collect();
    for operation in ["open_emergency", "fetch_shares", "release_shares", "collect_shares", "read_content"] {
        assert!(logged.contains(&operation), "{operation} is not in {logged:?}");
    }
    assert_eq!(opening(&before, &clinician).await.1["code"], "not_permitted");
    scene.run("owner", &["break-glass", "review", &address, "--vault", &vault]).await;
    let reviewed = scene.care.api.mirror().await.expect("mirror").confirmed_slot + 1;
    scene.care.confirmed(reviewed).await;
    let (opened, said) = opening(&before, &clinician).await;
    assert!(opened, "{said}");

    // Forbidden, custodians refuse by what the chain says, and shares are gone.
    scene.run("owner", &["break-glass", "forbid", "--vault", &vault, "--yes"]).await;
    until("custodians see nothing", async || look("third").await.1["items"] == json!([])).await;
    assert_eq!(opening(&after, &clinician).await.1["code"], "emergencies_forbidden");
    until("the opened record is closed", async || !reading(&after, "0s", "late.txt").await.0).await;
    keeping.start_kill().expect("kill");
    assert_eq!(
        scene.refused("clinician", &["record", "open", &after, "--purpose", "ETREAT", "--out", "late.txt"]).await,
        "not_permitted"
    );
}
