//! The ways back to a patient's records: wallet, recovery code, guardians.

use std::path::PathBuf;

use aegle_api_client::{
    Unlocked,
    keyring::{self, Guardians},
    recovery::{self, Prepared},
    wrap,
};
use aegle_client::{
    Pubkey,
    aegle::{CreateVaultParams, RotateKeyParams},
    id, instruction, pda,
    state::Vault,
};
use aegle_decision::Key;
use aegle_envelope::{EncryptionKey, RecoveryCode, RootSecret, keyring::Guardian};
use clap::{Args, Subcommand};
use rand::{RngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    Answer, Context, Problem,
    context::address,
    secret_file::{SecretFile, surely_not_taken},
    server::{Server, UnlockArgs, key, read_key_file},
    signing::require_owner,
    vault::public_key,
};

/// How long the mirror is waited for.
const MIRROR: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Subcommand)]
pub enum KeyringCommand {
    /// Create a vault whose keys come back from your wallet, a recovery code or your guardians
    #[command(after_help = "\
Without --vault it creates the vault too; with --vault it replaces the key of one that has no keyring yet. Print the
recovery code and keep it where you keep papers: who has it can read your records.

Examples:
  aegle keyring create
  aegle keyring create --relay --invitation code.txt --out recovery-code.txt
  aegle keyring create --guardian KEY=9c3f…64 hex digits --guardian KEY=9c3f…64 hex digits --threshold 2
  aegle keyring create --vault VAULT")]
    Create(CreateArgs),
    /// Check that the keyring opens: by your wallet, or by the recovery code
    #[command(after_help = "\
Examples:
  aegle keyring unlock --vault VAULT
  aegle keyring unlock --vault VAULT --code-file recovery-code.txt")]
    Unlock(UnlockKeyringArgs),
    /// Replace your key and the recovery code: when somebody may have seen them
    #[command(after_help = "\
What was encrypted to you is encrypted anew; the old recovery code opens nothing that comes. Name your guardians
again, else they hold shares of the old key alone.

Examples:
  aegle keyring rotate --vault VAULT
  aegle keyring rotate --vault VAULT --code-file recovery-code.txt --out new-code.txt")]
    Rotate(RotateArgs),
    /// As a guardian: list the shares you keep, or hand one over for a recovery
    #[command(after_help = "\
Examples:
  aegle keyring shares
  aegle keyring shares --hand-over RECOVERY --encryption-key-file my-key.json")]
    Shares(SharesArgs),
    /// As the new owner: make the key that your guardians name in a recovery
    #[command(after_help = "\
--keypair is your new key. Give your guardians what this prints, by a way on which they know it is you.

Examples:
  aegle keyring prepare --vault VAULT --keypair my-new-key.json
  aegle keyring prepare --vault VAULT --keypair my-new-key.json --out prepared.json")]
    Prepare(PrepareArgs),
    /// As the new owner: read again what your guardians hand over, after the recovery was executed
    #[command(after_help = "\
Examples:
  aegle keyring take-over --prepared prepared.json --keypair my-new-key.json
  aegle keyring take-over --prepared prepared.json --keypair my-new-key.json --out new-code.txt")]
    TakeOver(TakeOverArgs),
}

#[derive(Args)]
pub struct CreateArgs {
    /// A vault of yours without a keyring [default: a new one]
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Option<Pubkey>,
    #[command(flatten)]
    guardians: GuardianArgs,
    #[command(flatten)]
    code: CodeArgs,
}

#[derive(Args)]
struct GuardianArgs {
    /// A guardian's key and X25519 public key; may be repeated
    #[arg(long = "guardian", value_name = "KEY=HEX", value_parser = guardian)]
    guardians: Vec<Guardian>,
    /// How many of them together open the keyring
    #[arg(long, value_name = "COUNT", requires = "guardians")]
    threshold: Option<u8>,
}

#[derive(Args)]
struct CodeArgs {
    /// Where to write the recovery code [default: ./VAULT.recovery-code.txt]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct UnlockKeyringArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    unlock: UnlockArgs,
}

#[derive(Args)]
pub struct RotateArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    unlock: UnlockArgs,
    #[command(flatten)]
    guardians: GuardianArgs,
    #[command(flatten)]
    code: CodeArgs,
}

#[derive(Args)]
pub struct SharesArgs {
    /// The recovery to hand your share over for
    #[arg(long, value_name = "RECOVERY", value_parser = address, requires = "encryption_key_file")]
    hand_over: Option<Pubkey>,
    /// The file of the key that the owner encrypted your share to
    #[arg(long, value_name = "FILE", env = "AEGLE_ENCRYPTION_KEY", hide_env_values = true)]
    encryption_key_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct PrepareArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Where to write the new root secret [default: ./VAULT.prepared.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct TakeOverArgs {
    /// What `aegle keyring prepare` wrote
    #[arg(long, value_name = "FILE")]
    prepared: PathBuf,
    #[command(flatten)]
    guardians: GuardianArgs,
    #[command(flatten)]
    code: CodeArgs,
}

/// A root secret that waits for a recovery, or for a keyring to hold it.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct PreparedFile {
    kind: String,
    vault: String,
    key_epoch: u32,
    root: String,
}

const PREPARED: &str = "aegle:prepared-root:v1";

impl PreparedFile {
    fn new(vault: &Pubkey, key_epoch: u32, root: &[u8; 32]) -> Self {
        Self { kind: PREPARED.into(), vault: vault.to_string(), key_epoch, root: hex::encode(root) }
    }
}

fn guardian(text: &str) -> Result<Guardian, String> {
    let (key, encryption_key) = text.split_once('=').ok_or("expected a key, '=' and an X25519 public key in hex")?;
    let guardian = address(key)?;
    Ok(Guardian { guardian: Key(guardian.to_bytes()), encryption_key: EncryptionKey(public_key(encryption_key)?) })
}

impl GuardianArgs {
    fn guardians(&self) -> Result<Option<Guardians<'_>>, Problem> {
        if self.guardians.is_empty() {
            return Ok(None);
        }
        let threshold = self.threshold.ok_or_else(|| {
            Problem::usage(
                "no_threshold",
                "How many guardians open the keyring is not said",
                "Name it with --threshold.",
            )
        })?;
        Ok(Some(Guardians { threshold, guardians: &self.guardians }))
    }
}

impl CodeArgs {
    fn path(&self, vault: &Pubkey) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{vault}.recovery-code.txt")))
    }

    fn require_free(&self, vault: &Pubkey) -> Result<(), Problem> {
        let path = self.path(vault);
        if path.exists() {
            return Err(crate::secret_file::unwritable(&path, &std::io::ErrorKind::AlreadyExists.into()));
        }
        Ok(())
    }

    fn write(&self, vault: &Pubkey, code: &RecoveryCode) -> Result<SecretFile, Problem> {
        SecretFile::create_text(self.path(vault), &Zeroizing::new(format!("{}\n", *code.text())))
    }
}

pub async fn run(command: KeyringCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        KeyringCommand::Create(args) => create(args, context).await,
        KeyringCommand::Unlock(args) => unlock(args, context).await,
        KeyringCommand::Rotate(args) => rotate(args, context).await,
        KeyringCommand::Shares(args) => shares(args, context).await,
        KeyringCommand::Prepare(args) => prepare(args, context).await,
        KeyringCommand::TakeOver(args) => take_over(args, context).await,
    }
}

/// 32 random bytes, and the root that they are.
fn new_root() -> (Zeroizing<[u8; 32]>, RootSecret) {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *bytes);
    let root = RootSecret::from_bytes(*bytes);
    (bytes, root)
}

async fn create(args: CreateArgs, context: &Context) -> Result<Answer, Problem> {
    let guardians = args.guardians.guardians()?;
    let server = Server::sign_in(context).await?;
    let (owner, pay) = (&server.keypair, server.pay().await?);
    let (bytes, root) = new_root();
    let vault_id = id::vault_id(&mut OsRng);
    let (vault, existing) = match args.vault {
        None => (pda::find_vault(&vault_id).0, None),
        Some(vault) => {
            let state: Vault = server.reader().account("vault", &vault).await?;
            require_owner(&state, &server.key())?;
            if keyring::list(server.session, key(&vault)).await?.iter().any(|ring| ring.key_epoch() == state.key_epoch)
            {
                return Err(Problem::new(
                    "keyring_exists",
                    "The vault has a keyring already",
                    "Replace it with `aegle keyring rotate`.",
                ));
            }
            (vault, Some(state))
        }
    };
    args.code.require_free(&vault)?;
    let key_epoch = existing.as_ref().map_or(0, |state| state.key_epoch.saturating_add(1));
    let unlocked = Unlocked::new(key(&vault), key_epoch, root);
    let made = keyring::make(server.session.api().origin(), owner, &unlocked, guardians, None, &mut OsRng)?;
    let encryption_key = unlocked.encryption_key()?.0;
    let change = match &existing {
        None => {
            instruction::create_vault(owner_key(&server), pay.payer(), CreateVaultParams { vault_id, encryption_key })
        }
        Some(state) => {
            let expected = instruction::expected(state);
            instruction::rotate_key(vault, RotateKeyParams { encryption_key, expected })
        }
    };
    // On paper before it matters; and the root in a file until the server has its keyring.
    let code_file = args.code.write(&vault, &made.code)?;
    let kept = PathBuf::from(format!("{vault}.root-until-stored.json"));
    let kept = SecretFile::create(kept, &PreparedFile::new(&vault, key_epoch, &bytes))?;
    let sending = context.wait("Waiting for the network to confirm", pay.send(&[change], &[owner])).await;
    let sent = sending.map_err(|error| {
        let not_taken = surely_not_taken(&error);
        (Problem::from(error), not_taken)
    });
    let sent = match sent {
        Ok(sent) => sent,
        Err((problem, not_taken)) => return Err(kept.fail(code_file.fail(problem, not_taken), not_taken)),
    };
    let storing = async {
        server.session.api().reached(sent.slot, false, MIRROR).await?;
        keyring::store(server.session, &made.keyring).await
    };
    context.wait("Waiting for the server to see the vault", storing).await.map_err(|error| {
        let mut problem = Problem::from(error);
        problem.advice = format!(
            "The vault {vault} is there, and its root secret is in {}. Store its keyring with `aegle keyring take-over \
             --prepared {0}`.",
            kept.path()
        );
        problem
    })?;
    // The keyring has it from here on.
    kept.remove();
    let message = "Your vault is ready. Print the recovery code and keep it like a paper of value: it opens your \
        records without your wallet, for you and for whoever finds it.";
    let answer = Answer::new(message)
        .address("vault", &vault)
        .address("owner", &owner_key(&server))
        .bytes("encryption_key", &encryption_key)
        .with("key_epoch", key_epoch)
        .with("recovery_code_file", code_file.path())
        .with("guardians", args.guardians.guardians.len())
        .sent(&sent, context.commitment());
    Ok(answer)
}

fn owner_key(server: &Server) -> Pubkey {
    server.key()
}

async fn unlock(args: UnlockKeyringArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let unlocked = context.wait("Unlocking", server.unlock(&args.vault, &args.unlock)).await?;
    let (key_epoch, _) = unlocked.newest()?;
    Ok(Answer::new("The keyring opens, and its key is the one that the ledger has.")
        .address("vault", &args.vault)
        .with("key_epoch", key_epoch)
        .bytes("encryption_key", &unlocked.encryption_key()?.0))
}

async fn rotate(args: RotateArgs, context: &Context) -> Result<Answer, Problem> {
    let guardians = args.guardians.guardians()?;
    args.code.require_free(&args.vault)?;
    let server = Server::sign_in(context).await?;
    let pay = server.pay().await?;
    let unlocked = server.unlock(&args.vault, &args.unlock).await?;
    let owner = &server.keypair;
    let mut rng = OsRng;
    let rotating = keyring::rotate(server.session, &pay, owner, unlocked, guardians, &mut rng);
    let rotated = context.wait("Replacing the key", rotating).await?;
    let code_file = args.code.write(&args.vault, &rotated.code)?;
    let wrapping = async {
        server.session.api().reached(rotated.sent.slot, false, MIRROR).await?;
        wrap::fill(server.session, server.reader(), &rotated.unlocked, &[], &mut OsRng).await
    };
    let filled = context.wait("Encrypting your records' keys anew", wrapping).await?;
    let answer =
        Answer::new("Replaced your key and the recovery code. Destroy the old code once the new one is on paper.")
            .address("vault", &args.vault)
            .with("key_epoch", rotated.unlocked.newest()?.0)
            .with("recovery_code_file", code_file.path())
            .with("keys_encrypted", filled.stored)
            .sent(&rotated.sent, context.commitment());
    Ok(answer)
}

async fn shares(args: SharesArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    if let (Some(recovery), Some(path)) = (&args.hand_over, &args.encryption_key_file) {
        let secret = read_key_file(path)?;
        let mut rng = OsRng;
        let handing = recovery::hand_over(server.session, server.reader(), &secret, key(recovery), &mut rng);
        context.wait("Handing your share over", handing).await?;
        return Ok(Answer::new("Handed your share over, encrypted to the new owner that the recovery names.")
            .address("recovery", recovery));
    }
    let kept = context.wait("Waiting for the server", recovery::shares(server.session)).await?;
    let own = server.session.wallet();
    let items = kept
        .iter()
        .map(|share| {
            json!({"vault": share.vault, "key_epoch": share.key_epoch, "guardian": share.guardian, "holder": share.holder})
        })
        .collect();
    let row = |share: &aegle_api_client::wire::KeptShare| {
        let says = match (share.guardian == own, share.holder == own) {
            (true, true) => "you keep a share as its guardian".to_owned(),
            (true, false) => format!("you handed your share over to {}", share.holder),
            _ => format!("the guardian {} handed a share over to you", share.guardian),
        };
        (share.vault.to_string(), says)
    };
    let message = match kept.len() {
        0 => "You keep no shares.".to_owned(),
        1 => "1 share.".to_owned(),
        count => format!("{count} shares."),
    };
    Ok(Answer::new(message).items(items, kept.iter().map(row).collect()))
}

async fn prepare(args: PrepareArgs, context: &Context) -> Result<Answer, Problem> {
    let owner = solana_signer::Signer::pubkey(&context.keypair()?);
    let reader = context.reader();
    let state: Vault = context.wait("Reading from the node", reader.account("vault", &args.vault)).await?;
    let key_epoch = state.key_epoch.saturating_add(1);
    let (bytes, root) = new_root();
    let prepared = Prepared { vault: key(&args.vault), key_epoch, root };
    let path = args.out.unwrap_or_else(|| PathBuf::from(format!("{}.prepared.json", args.vault)));
    let file = SecretFile::create(path, &PreparedFile::new(&args.vault, key_epoch, &bytes))?;
    let message = "Made your new key. Give your guardians both keys below; when the recovery was executed and they \
        handed their shares over, go on with `aegle keyring take-over`.";
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .address("new_owner", &owner)
        .bytes("new_encryption_key", &prepared.encryption_key().0)
        .with("prepared_file", file.path()))
}

async fn take_over(args: TakeOverArgs, context: &Context) -> Result<Answer, Problem> {
    let guardians = args.guardians.guardians()?;
    let prepared = read_prepared(&args.prepared)?;
    let vault = Pubkey::from(prepared.vault.0);
    args.code.require_free(&vault)?;
    let server = Server::sign_in(context).await?;
    let owner = &server.keypair;
    let stored = keyring::list(server.session, prepared.vault).await?;
    let taking = async {
        if prepared.key_epoch == 0 || stored.iter().all(|ring| ring.guardians().is_none()) {
            // A new vault, or one that had no keyring: there is nothing to take over but the root itself.
            let unlocked = Unlocked::new(prepared.vault, prepared.key_epoch, prepared.root.clone());
            let made = keyring::make(server.session.api().origin(), owner, &unlocked, guardians, None, &mut OsRng)?;
            keyring::store(server.session, &made.keyring).await?;
            return Ok((unlocked, made));
        }
        recovery::take_over(server.session, server.reader(), owner, &prepared, guardians, &mut OsRng).await
    };
    let (unlocked, made) = context.wait("Joining the shares", taking).await?;
    let code_file = args.code.write(&vault, &made.code)?;
    let mut rng = OsRng;
    let wrapping = wrap::fill(server.session, server.reader(), &unlocked, &[], &mut rng);
    let filled = context.wait("Encrypting your records' keys anew", wrapping).await?;
    Ok(Answer::new("You can read what was. Print the recovery code, then delete the prepared file.")
        .address("vault", &vault)
        .with("key_epoch", prepared.key_epoch)
        .with("keys_encrypted", filled.stored)
        .with("unreadable", filled.unreadable.len())
        .with("recovery_code_file", code_file.path()))
}

fn read_prepared(path: &std::path::Path) -> Result<Prepared, Problem> {
    let wrong = || {
        Problem::new(
            "bad_prepared",
            format!("{} is not what `aegle keyring prepare` writes", path.display()),
            "Name that file with --prepared.",
        )
    };
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| Problem::unreadable(path, &error))?);
    let file: PreparedFile = serde_json::from_slice(&text).map_err(|_| wrong())?;
    let mut root = Zeroizing::new([0; 32]);
    hex::decode_to_slice(&file.root, &mut *root).map_err(|_| wrong())?;
    let vault: Pubkey = file.vault.parse().map_err(|_| wrong())?;
    if file.kind != PREPARED {
        return Err(wrong());
    }
    Ok(Prepared { vault: key(&vault), key_epoch: file.key_epoch, root: RootSecret::from_bytes(*root) })
}
