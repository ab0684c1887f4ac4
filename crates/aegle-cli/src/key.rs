use std::path::PathBuf;

use aegle_api_client::{KeyFile, reading_key};
use clap::{Args, Subcommand};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Answer, Context, Problem,
    secret_file::{SecretFile, unwritable, write_new},
    vault::new_key,
};

const LAMPORTS_PER_SOL: u64 = 1_000_000_000;

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a new keypair file, readable by you alone
    #[command(after_help = "\
Examples:
  aegle key new                       at the place of --keypair, ~/.config/solana/id.json unless named
  aegle key new --out carer.json")]
    New(NewArgs),
    /// Make the key that contents are encrypted to, for a provider, a delegate or a guardian
    #[command(after_help = "\
Writes the secret to --out and prints the public key, which a registrar attests or a patient is given.

With --from-wallet the key follows from your wallet and from the site of --site: whoever opens that page with the same
wallet reads without the file. On other sites, and in other programs, the file is what opens.

Examples:
  aegle key encryption --out my-key.json
  aegle key encryption --from-wallet --site https://records.example --out my-key.json
  aegle key encryption --from-wallet --number 2 --site https://records.example --out my-next-key.json")]
    Encryption(EncryptionArgs),
    /// Show the address of the keypair that --keypair names
    #[command(after_help = "\
Examples:
  aegle key show
  aegle key show --keypair carer.json")]
    Show,
    /// Ask a test network for play money, for the key that --keypair names
    #[command(after_help = "\
Works on devnet and on local ledgers, not where SOL has a price.

Examples:
  aegle key fund
  aegle key fund --sol 2 --rpc-url devnet")]
    Fund(FundArgs),
}

#[derive(Args)]
pub struct FundArgs {
    /// How many SOL
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    sol: u64,
}

#[derive(Args)]
pub struct EncryptionArgs {
    /// Where to write it; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Make it from a signature of --keypair that names the page of --site
    #[arg(long)]
    from_wallet: bool,
    /// Which of the wallet's keys: the next one, where somebody may have the one before
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), requires = "from_wallet")]
    number: u32,
}

#[derive(Args)]
pub struct NewArgs {
    /// Where to write it; an existing file is never replaced [default: the one of --keypair]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub async fn run(command: KeyCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        KeyCommand::New(args) => new(args, context),
        KeyCommand::Fund(args) => fund(&args, context).await,
        KeyCommand::Encryption(args) => {
            let (public_key, file) = encryption(args, context)?;
            let message = "Made an encryption key. Keep a copy of the file: nothing encrypted to it opens without it.";
            Ok(Answer::new(message).bytes("encryption_key", &public_key).with("file", file.path()))
        }
        KeyCommand::Show => Ok(Answer::plain("address", context.keypair()?.pubkey().to_string())),
    }
}

fn encryption(args: EncryptionArgs, context: &Context) -> Result<([u8; 32], SecretFile), Problem> {
    if !args.from_wallet {
        return new_key(args.out, None, None);
    }
    let key = reading_key(&context.origin()?, &context.keypair()?, args.number)?;
    Ok((key.encryption_key().0, SecretFile::create(args.out, &KeyFile::new(&key))?))
}

fn new(args: NewArgs, context: &Context) -> Result<Answer, Problem> {
    let path = match args.out {
        Some(path) => path,
        None => context.keypair_path()?,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let keypair = Keypair::new();
    let numbers: Vec<String> = keypair.to_bytes().iter().map(u8::to_string).collect();
    write_new(&path, format!("[{}]\n", numbers.join(",")).as_bytes()).map_err(|error| unwritable(&path, &error))?;
    let message = "Made a new key. Keep a copy of the file in a safe place: who has it acts as you, and nobody can \
        make it again.";
    Ok(Answer::new(message).address("address", &keypair.pubkey()).with("file", path.display().to_string()))
}

async fn fund(args: &FundArgs, context: &Context) -> Result<Answer, Problem> {
    let address = context.keypair()?.pubkey();
    let lamports = args.sol * LAMPORTS_PER_SOL;
    context.wait("Waiting for the play money", context.reader().airdrop(&address, lamports)).await?;
    Ok(Answer::new(format!("Received {} SOL of play money.", args.sol))
        .address("address", &address)
        .with("lamports", lamports))
}
