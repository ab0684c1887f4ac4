//! Records and consent, as people have them: a patient without a lamport imports what a hospital gave out,
//! lets a practitioner read, is sent a result, stops allowing, loses the key and reads again.

mod documents;
mod emergency;
mod log;
mod people;
mod receipts;
mod recovery;
mod revocation;
mod sharing;

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use aegle_api_client::{Api, Origin, Pay, Session};
use aegle_client::{Pubkey, Reader, Sent, state::Vault};
use aegle_decision::{Key, Labels, LabelsVersion};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::Instant;

use people::{Patient, Staff};
use sharing::Share;

use super::{Promise, Promises, VaultOutcome};
use crate::{
    figure::Figure,
    indexer::{Indexer, Settings},
    markers::Planted,
    operator::Operator,
};

/// Longest wait for the mirror.
const WITHIN: Duration = Duration::from_secs(60);
/// Lamports that the relay begins with.
const RELAY_FUNDS: u64 = 10_000_000_000;
/// A record's content that takes a while to download, in bytes.
const SCAN_BYTES: usize = 16 << 20;

/// What came of it.
#[derive(Default)]
pub struct Played {
    pub vaults: Vec<VaultOutcome>,
    pub promises: Vec<Promise>,
    pub figures: Vec<Figure>,
    pub last_slot: u64,
}

/// What everybody in this story needs.
struct Stage<'a> {
    operator: &'a Operator,
    settings: &'a Settings,
    indexer: &'a Indexer,
    governance: &'a Keypair,
    api: Api,
    today: u32,
    rng: RefCell<ChaCha20Rng>,
    planted: RefCell<Planted>,
    last_slot: Cell<u64>,
}

/// Plays it. The server has a relay whose key is `relay`, and anchors its log by the key `anchoring`.
pub async fn play(
    operator: &Operator,
    settings: &Settings,
    indexer: &Indexer,
    governance: &Keypair,
    (relay, anchoring): (Pubkey, Pubkey),
    seed: u64,
) -> anyhow::Result<Played> {
    let url = &indexer.api.url;
    let api = Api::new(url, Origin::of(url)?)?;
    // The embedded ledger's clock runs ahead of the server's, over a midnight: what is from yesterday on is
    // in effect by both.
    let today = u32::try_from(super::ledger_time(operator).await? / super::DAY - 1)?;
    let (rng, planted) = (RefCell::new(ChaCha20Rng::seed_from_u64(seed)), RefCell::default());
    let last_slot = Cell::new(0);
    let stage = Stage { operator, settings, indexer, governance, api, today, rng, planted, last_slot };
    let (mut played, mut promises) = (Played::default(), Promises::default());
    let agent = settings.start_agent("agent")?;
    steps(&stage, (relay, anchoring), &mut played, &mut promises).await;
    let ended = async {
        let status = agent.stop().await?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        Ok(())
    };
    promises.note("the server's agent ends when it is told", ended.await);
    (played.promises, played.last_slot) = (promises.0, stage.last_slot.get());
    Ok(played)
}

async fn steps(
    stage: &Stage<'_>,
    (relay, anchoring): (Pubkey, Pubkey),
    played: &mut Played,
    promises: &mut Promises,
) -> Option<()> {
    let opened = people::open_relay(stage, relay).await;
    let invitation = promises.note("the operator funds a relay and makes an invitation", opened)?;
    let attested = people::attest(stage).await;
    let staff = promises.note("a registrar attests a practitioner, an organization and who acts for it", attested)?;
    let arrived = people::arrive(stage, &invitation).await;
    let what = "a patient with an empty wallet signs in and has a vault, guardians and a keyring through the relay";
    let mut patient = promises.note(what, arrived)?;
    // Many others are let in at the same time.
    let shared = share(stage, &patient, &staff, promises);
    let (shared, crowd) = tokio::join!(shared, revocation::gather(stage));
    let (share, crowd) = (shared?, promises.note("many others are allowed to read one record", crowd)?);
    let read = sharing::read(stage, &staff, &share).await;
    promises.tell("the practitioner lists, decrypts and verifies who issued what is open", read)?;
    let kept = receipts::keep(stage, &patient, &staff, &share).await;
    let kept = promises.note("the practitioner keeps a receipt with everything that opens it", kept)?;
    let acted = sharing::act_for_organization(stage, &staff, &share).await;
    promises.note("an organization reads through a practitioner who acts, and not without", acted)?;
    promises
        .note("a psychiatric record and an exception are refused", sharing::withheld(stage, &staff, &share).await)?;
    let explained = sharing::explain(&patient, &staff, &share).await;
    promises.tell("the patient is told what the practitioner would see and why", explained)?;

    let emergency = emergency::play(stage, &patient, &staff, &share).await;
    let what =
        "an emergency is opened on chain, custodians release a key, the patient is told, reviews it and forbids more";
    promises.tell(what, emergency)?;
    let revoked = revocation::revoke(stage, &patient, &staff, &share).await;
    promises.tell("a revocation refuses the next read and ends a running download", revoked)?;
    let revoked = revocation::revoke_all(stage, &patient, &staff, &share).await;
    promises.note("revoke_all refuses everybody else", revoked)?;

    let replayed = receipts::replay(stage, &patient, &staff, &kept).await;
    promises
        .tell("receipts are replayed from the chain alone, the server not asked, after the revocation", replayed)?;

    // While the recovery waits for its delay, others are refused.
    let rng = stage.fork();
    let (measured, recovered) =
        tokio::join!(revocation::measure(stage, &crowd), recovery::recover(stage, &patient, rng));
    if let Some((figure, vault)) = promises.tell("each revocation refuses its reader for good", measured) {
        played.figures.push(figure);
        played.vaults.push(vault);
    }
    let taken = recovery::read_again(stage, &mut patient, recovered, &share).await;
    promises.tell("guardians bring the vault and the keyring back to a new wallet, and it reads everything", taken)?;
    promises.note("the old wallet reads nothing any more", recovery::old_wallet(&patient, &share).await);
    promises.note("the recovery code alone opens the records, too", recovery::by_code(stage, &patient, &share).await);
    promises.tell("the patient reads who looked, and that nothing is missing", log::own(&patient, &staff).await)?;
    let told = log::told(stage, &patient, &staff).await;
    promises.tell("the patient was told of every reading, and accounts for them by name in a document", told)?;
    let whole = log::whole(stage, anchoring).await;
    promises.tell("the log is anchored on chain, an outsider checks all of it, and a changed line is caught", whole)?;
    promises.note("no wallet of theirs ever had a lamport", people::empty(stage, &patient).await);
    played.vaults.push(sharing::outcome(&patient, &share));

    let searched = sharing::search(stage, &patient).await;
    promises.tell("markers and keys are nowhere in the database, the blobs, the log or the server's memory", searched)
}

/// What the patient has before somebody reads it.
async fn share(stage: &Stage<'_>, patient: &Patient, staff: &Staff, promises: &mut Promises) -> Option<Share> {
    let imported = documents::import(stage, patient).await;
    promises.tell("FHIR documents become encrypted records, again they add nothing", imported)?;
    let mailed = sharing::mail(stage, patient, staff).await;
    let what = "a result comes by mail, and the server's agent, which may only mint, makes a record of it";
    let result = promises.note(what, mailed)?;
    let allowed = emergency::allow(stage, patient, staff).await;
    promises.tell("the patient allows emergencies, and every key is split over custodians", allowed)?;
    let shared = sharing::grant(stage, patient, staff, result).await;
    promises.tell("the patient sees a preview, and signs it with the policy", shared)
}

impl Stage<'_> {
    fn reader(&self) -> &Reader {
        self.operator.sender.reader()
    }

    fn own(&self) -> Pay<'_> {
        Pay::Own(&self.operator.sender)
    }

    async fn sign_in(&self, wallet: &Keypair) -> anyhow::Result<Session> {
        Ok(Session::sign_in(&self.api, wallet, None).await?)
    }

    /// Sends at the operator's cost.
    async fn send(
        &self,
        operation: &'static str,
        instruction: Instruction,
        signers: &[&Keypair],
    ) -> anyhow::Result<Sent> {
        let sent = self.operator.send(operation, instruction, signers).await?;
        self.confirmed(&sent).await?;
        Ok(sent)
    }

    /// Waits until the mirror has it.
    async fn confirmed(&self, sent: &Sent) -> anyhow::Result<()> {
        Ok(self.api.reached(self.slot(sent).await?, false, WITHIN).await?)
    }

    /// Waits until the mirror has it as final.
    async fn finalized(&self, sent: &Sent) -> anyhow::Result<()> {
        Ok(self.api.reached(self.slot(sent).await?, true, WITHIN).await?)
    }

    /// The relay does not always know the slot.
    async fn slot(&self, sent: &Sent) -> anyhow::Result<u64> {
        let slot = if sent.slot > 0 { sent.slot } else { self.reader().rpc().get_slot().await? };
        self.last_slot.set(self.last_slot.get().max(slot));
        Ok(slot)
    }

    async fn vault(&self, vault: &Key) -> anyhow::Result<Vault> {
        Ok(self.reader().account("vault", &vault.0.into()).await?)
    }

    /// A generator of its own, for what goes on at the same time.
    fn fork(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(aegle_client::commitment::random_bytes(&mut *self.rng.borrow_mut()))
    }

    /// Remembers what the server must not know.
    fn plant(&self, name: &str, bytes: &[u8]) {
        self.planted.borrow_mut().secret(name, bytes);
    }
}

fn key_of(key: &Keypair) -> Key {
    Key(key.pubkey().to_bytes())
}

fn quiet(_: u64, _: u64) {}

/// Labels of one category.
fn labels(category: &str, types: &[&str]) -> anyhow::Result<Labels> {
    Ok(Labels {
        kind: LabelsVersion::V1,
        categories: [category.parse()?].into(),
        types: types.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
        from: None,
        until: None,
        study: None,
        sensitivity: [].into(),
        author: None,
    })
}

fn milliseconds(since: Instant, until: Instant) -> f64 {
    until.saturating_duration_since(since).as_secs_f64() * 1e3
}
