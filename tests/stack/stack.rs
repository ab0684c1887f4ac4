//! A stack of its own for every test: a fresh ledger and an empty database.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aegle_stack::{
    folders,
    indexer::{Indexer, Settings},
    ledger::{Embedded, Ledger},
    operator::Operator,
    postgres::Postgres,
};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// Slots shorter than on the clusters: what matters here is their order.
const SLOT_MS: u64 = 100;
static COUNT: AtomicU32 = AtomicU32::new(0);

pub struct Stack {
    pub settings: Settings,
    pub indexer: Indexer,
    pub operator: Operator,
    pub upgrade_authority: Keypair,
    ledger: Option<Ledger>,
    pub folder: PathBuf,
    postgres: Postgres,
    /// Databases that go with it.
    databases: Vec<String>,
}

impl Stack {
    /// Everything up, the program configured. `change` adapts the indexer's settings.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = format!("aegle_stack_{}_{number}", std::process::id());
        let folder = folders::state().join(&database);
        std::fs::create_dir_all(&folder).expect("folder");
        let postgres = Postgres::start(&folder.join("postgres")).expect("Postgres");
        let (payer, upgrade_authority) = (Keypair::new(), Keypair::new());
        let ledger = Ledger::start(Embedded {
            slot_ms: SLOT_MS,
            upgrade_authority: upgrade_authority.pubkey(),
            fund: vec![(payer.pubkey(), 1_000_000_000_000)],
            clock: None,
        })
        .await
        .expect("ledger");
        let url = postgres.create(&database).await.expect("database");
        let mut settings = Settings::new(&ledger, url, &folder).expect("settings");
        change(&mut settings);
        settings.migrate().await.expect("migrations");
        let mut indexer = settings.start().expect("indexer");
        indexer.ready(Duration::from_secs(60)).await.expect("ready");
        let operator = Operator::new(ledger.client(), payer);
        let uri = "https://aegle.example/token/record.json";
        operator.configure(&upgrade_authority, upgrade_authority.pubkey(), uri, 1).await.expect("configuration");
        Self {
            settings,
            indexer,
            operator,
            upgrade_authority,
            ledger: Some(ledger),
            folder,
            postgres,
            databases: vec![database],
        }
    }

    /// Waits until the mirror's finalized state has passed `slot`.
    pub async fn finalized(&self, slot: u64) {
        self.passed(slot, |(finalized, _)| finalized).await;
    }

    /// Waits until the mirror's confirmed state has passed `slot`.
    pub async fn confirmed(&self, slot: u64) {
        self.passed(slot, |(_, confirmed)| confirmed).await;
    }

    async fn passed(&self, slot: u64, state: fn((u64, u64)) -> u64) {
        for _ in 0..1_200 {
            if self.indexer.api.reached().await.is_ok_and(|reached| state(reached) >= slot) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the mirror has not passed slot {slot} after a minute");
    }

    /// `aegle-indexer verify`, which must find nothing.
    pub async fn verify(&self) {
        let output = self.settings.output(&["verify"]).await.expect("verify");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("0 differences"), "{text}");
    }

    /// For another server of the same ledger, with an empty database and no blobs; the erasure keys are the same.
    pub async fn elsewhere(&mut self, name: &str) -> Settings {
        let database = format!("{}_{name}", self.databases[0]);
        let database_url = self.postgres.create(&database).await.expect("database");
        self.databases.push(database);
        let mut other = self.settings.another(name, "both").expect("settings");
        let log = format!("{}/disclosures", self.settings.listen);
        other.environment.push(("AEGLE_API__LOG__ORIGIN".into(), log));
        Settings { database_url, blobs: self.folder.join(name).join("blobs"), ..other }
    }

    /// Takes the ledger away from under the indexer.
    pub async fn stop_ledger(&mut self) {
        if let Some(ledger) = self.ledger.take() {
            ledger.stop().await.expect("ledger");
        }
    }

    /// Stops everything; nothing stays behind.
    pub async fn stop(mut self) {
        self.stop_ledger().await;
        assert!(self.indexer.stop().await.expect("stop").success());
        for database in &self.databases {
            self.postgres.remove(database).await.expect("database");
        }
        drop(self.postgres);
        std::fs::remove_dir_all(&self.folder).expect("folder");
    }
}
