use std::path::PathBuf;

use aegle_client::{
    Pubkey,
    aegle::{CreateVaultParams, RotateKeyParams},
    commitment::random_bytes,
    id, instruction, pda,
    state::Vault,
};
use clap::{Args, Subcommand};
use curve25519_dalek::MontgomeryPoint;
use rand::rngs::OsRng;
use serde::Serialize;

use crate::{Answer, Context, Problem, context::address, secret_file::SecretFile, time};

#[derive(Subcommand)]
pub enum VaultCommand {
    /// Create your vault
    #[command(after_help = "\
Makes the X25519 key that content is encrypted to and writes it to --out, unless --encryption-key names
the public half of one you keep elsewhere.

Examples:
  aegle vault create
  aegle vault create --payer sponsor.json
  aegle vault create --encryption-key 9c3f…64 hex digits")]
    Create(CreateArgs),
    /// Show a vault as the ledger has it
    #[command(after_help = "\
Examples:
  aegle vault show VAULT
  aegle vault show VAULT --json")]
    Show(ShowArgs),
    /// Replace the vault's encryption key
    #[command(after_help = "\
Examples:
  aegle vault rotate-key VAULT
  aegle vault rotate-key VAULT --out new-key.json")]
    RotateKey(RotateArgs),
}

#[derive(Args)]
pub struct CreateArgs {
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Args)]
pub struct ShowArgs {
    #[arg(env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

#[derive(Args)]
pub struct RotateArgs {
    #[arg(env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Args)]
struct KeyArgs {
    /// X25519 public key that you keep elsewhere, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = public_key, conflicts_with = "out")]
    encryption_key: Option<[u8; 32]>,
    /// Where to write the new encryption key [default: ./VAULT.key-EPOCH.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The file that holds a vault's secret key.
#[derive(Serialize)]
struct EncryptionKey {
    kind: &'static str,
    /// None for the key of somebody who has no vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    vault: Option<String>,
    /// Unknown for a key that waits for a recovery: the owner may change the key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_epoch: Option<u32>,
    #[serde(with = "hex::serde")]
    public_key: [u8; 32],
    #[serde(with = "hex::serde")]
    secret_key: [u8; 32],
}

/// Reads an X25519 public key for the command line.
pub fn public_key(text: &str) -> Result<[u8; 32], String> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| "expected 32 bytes in hex")?;
    Ok(key)
}

impl KeyArgs {
    /// The public key for the vault, and the file of its secret where this made one.
    fn key(self, vault: &Pubkey, key_epoch: u32) -> Result<([u8; 32], Option<SecretFile>), Problem> {
        if let Some(public_key) = self.encryption_key {
            return Ok((public_key, None));
        }
        let path = self.out.unwrap_or_else(|| PathBuf::from(format!("{vault}.key-{key_epoch}.json")));
        let (public_key, file) = new_key(path, Some(vault), Some(key_epoch))?;
        Ok((public_key, Some(file)))
    }
}

/// Makes a key for content, of `vault` where one is named, and writes it to `path`. Returns its public half.
pub fn new_key(
    path: PathBuf,
    vault: Option<&Pubkey>,
    key_epoch: Option<u32>,
) -> Result<([u8; 32], SecretFile), Problem> {
    let secret_key = random_bytes(&mut OsRng);
    let public_key = MontgomeryPoint::mul_base_clamped(secret_key).to_bytes();
    let content = EncryptionKey {
        kind: "aegle:encryption-key:v1",
        vault: vault.map(ToString::to_string),
        key_epoch,
        public_key,
        secret_key,
    };
    Ok((public_key, SecretFile::create(path, &content)?))
}

pub async fn run(command: VaultCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        VaultCommand::Create(args) => create(args, context).await,
        VaultCommand::Show(args) => show(args, context).await,
        VaultCommand::RotateKey(args) => rotate_key(args, context).await,
    }
}

async fn create(args: CreateArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let vault_id = id::vault_id(&mut OsRng);
    let vault = pda::find_vault(&vault_id).0;
    let (encryption_key, file) = args.key.key(&vault, 0)?;
    let params = CreateVaultParams { vault_id, encryption_key };
    let result = context.send(instruction::create_vault(signing.key(), signing.payer(), params), &signing).await;
    let (sent, key_file) = match file {
        Some(file) => file.settle(result).map(|(sent, path)| (sent, Some(path)))?,
        None => (result?, None),
    };
    Ok(Answer::new("Created your vault. Only you can see into it until you allow somebody.")
        .address("vault", &vault)
        .address("owner", &signing.key())
        .bytes("encryption_key", &encryption_key)
        .with("key_file", key_file)
        .sent(&sent, context.commitment()))
}

async fn show(args: ShowArgs, context: &Context) -> Result<Answer, Problem> {
    let reader = context.reader();
    let read = async {
        let vault: Vault = reader.account("vault", &args.vault).await?;
        Ok::<_, Problem>((vault, reader.now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    let recovery = vault.recovery_is_pending(now).then_some(vault.pending_recovery);
    let pending = recovery.map_or(String::new(), |recovery| {
        format!(" Its guardians are about to give it to another owner: `aegle recovery show {recovery}`.")
    });
    let records = match vault.record_count {
        1 => "1 record was".to_owned(),
        count => format!("{count} records were"),
    };
    let created = time::say_time(vault.created_at, time::local_now());
    let message = format!("A vault, created {created}. {records} ever added to it, new versions included.{pending}");
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .address("owner", &vault.owner)
        .bytes("encryption_key", &vault.encryption_key)
        .with("key_epoch", vault.key_epoch)
        .with("consent_epoch", vault.consent_epoch)
        .with("delegate_epoch", vault.delegate_epoch)
        .with("record_count", vault.record_count)
        .with("delegate_mints", vault.delegate_mints)
        .with("delegate_mint_cap", vault.delegate_mint_cap)
        .with("guardians", vault.guardians.count)
        .with("pending_recovery", recovery.map(|recovery| recovery.to_string()))
        .address("rent_payer", &vault.rent_payer)
        .with("created_at", time::iso_time(vault.created_at))
        .with("created_slot", vault.created_slot))
}

async fn rotate_key(args: RotateArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let vault: Vault = signing.reader().account("vault", &args.vault).await?;
    signing.require_owner(&vault)?;
    let expected = instruction::expected(&vault);
    let key_epoch = vault.key_epoch.saturating_add(1);
    let (encryption_key, file) = args.key.key(&args.vault, key_epoch)?;
    let rotate = instruction::rotate_key(args.vault, RotateKeyParams { encryption_key, expected });
    let result = context.send(rotate, &signing).await;
    let (sent, key_file) = match file {
        Some(file) => file.settle(result).map(|(sent, path)| (sent, Some(path)))?,
        None => (result?, None),
    };
    Ok(Answer::new(
        "Replaced the vault's encryption key. What comes is encrypted to the new one; keep the old for what was.",
    )
    .address("vault", &args.vault)
    .bytes("encryption_key", &encryption_key)
    .with("key_epoch", key_epoch)
    .with("key_file", key_file)
    .sent(&sent, context.commitment()))
}
