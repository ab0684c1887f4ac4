use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use aegle_client::{
    PROGRAM_ID, Pubkey,
    deploy::{DeployError, Deployer, buffer_key},
    deployment::{Buffer, Deployment, Program, program_hash, same_code},
};
use clap::{Args, Subcommand};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Answer, Context, Problem,
    answer::Check,
    confirm::Confirmation,
    context::{address, read_keypair_file},
};

#[derive(Subcommand)]
pub enum ProgramCommand {
    /// Deploy the program, or upgrade it; --keypair is its upgrade authority
    #[command(after_help = "\
The first time, --program-key signs for the program's address. Broken off, the same command goes on where it
stopped. The rent of the buffer comes back at the end; the rent of the program stays locked.

Examples:
  aegle program deploy --elf target/deploy/aegle.so --program-key program.json --keypair upgrade.json --payer me.json
  aegle program deploy --elf target/deploy/aegle.so --keypair upgrade.json --rpc-url devnet")]
    Deploy(DeployArgs),
    /// Put code on the ledger for somebody else to deploy, such as a multisig that upgrades
    #[command(after_help = "\
Examples:
  aegle program write-buffer --elf target/deploy/aegle.so --authority KEY")]
    WriteBuffer(WriteBufferArgs),
    /// Compare what is deployed with a build of your own
    #[command(after_help = "\
Reads straight from the node. Exit status 1 when the code or the authority is not the expected one. The hash is
SHA-256 over the code without the zeros at its end, as `solana-verify` computes it.

Examples:
  aegle program verify
  aegle program verify --elf target/deploy/aegle.so --authority KEY
  aegle program verify --elf target/deploy/aegle.so --buffer KEY --json")]
    Verify(VerifyArgs),
    /// Give the right to upgrade to another key; --keypair is the upgrade authority
    #[command(after_help = "\
Examples:
  aegle program hand-over --to KEY --keypair upgrade.json")]
    HandOver(HandOverArgs),
    /// Close a buffer that is not needed; its rent goes to the payer
    #[command(after_help = "\
Examples:
  aegle program close-buffer KEY --keypair upgrade.json")]
    CloseBuffer(CloseBufferArgs),
}

#[derive(Args)]
pub struct DeployArgs {
    /// The program as built
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    /// Keypair file of the program's address, for the first deployment
    #[arg(long, value_name = "FILE")]
    program_key: Option<PathBuf>,
    /// Bytes to make room for, for upgrades that are larger [default: the size of the code]
    #[arg(long, value_name = "BYTES")]
    max_length: Option<usize>,
}

#[derive(Args)]
pub struct WriteBufferArgs {
    /// The program as built
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    /// Who may use the buffer
    #[arg(long, value_name = "KEY", value_parser = address)]
    authority: Pubkey,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// The program as you built it
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// Who should be the only one to upgrade it
    #[arg(long, value_name = "KEY", value_parser = address)]
    authority: Option<Pubkey>,
    /// Look at this buffer instead of the deployed program
    #[arg(long, value_name = "KEY", value_parser = address)]
    buffer: Option<Pubkey>,
}

#[derive(Args)]
pub struct HandOverArgs {
    /// Who may upgrade the program from then on
    #[arg(long, value_name = "KEY", value_parser = address)]
    to: Pubkey,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct CloseBufferArgs {
    #[arg(value_name = "BUFFER", value_parser = address)]
    buffer: Pubkey,
}

pub async fn run(command: ProgramCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        ProgramCommand::Deploy(args) => deploy(args, context).await,
        ProgramCommand::WriteBuffer(args) => write_buffer(args, context).await,
        ProgramCommand::Verify(args) => verify(args, context).await,
        ProgramCommand::HandOver(args) => hand_over(args, context).await,
        ProgramCommand::CloseBuffer(args) => close_buffer(args, context).await,
    }
}

fn read_elf(path: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|error| Problem::unreadable(path, &error))
}

async fn deploy(args: DeployArgs, context: &Context) -> Result<Answer, Problem> {
    let elf = read_elf(&args.elf)?;
    let program_key = args.program_key.as_deref().map(read_keypair_file).transpose()?;
    if let Some(key) = &program_key
        && key.pubkey() != PROGRAM_ID
    {
        return Err(Problem::usage(
            "other_program",
            format!("The program key is that of {}, and this release is built for {PROGRAM_ID}", key.pubkey()),
            "Build the release for the address that you deploy to: docs/deployment.md says how.",
        ));
    }
    let max_length = args.max_length.unwrap_or(elf.len());
    if max_length < elf.len() {
        return Err(Problem::usage(
            "no_room",
            format!("The code is {} bytes, more than --max-length", elf.len()),
            "Give a larger --max-length, or none.",
        ));
    }
    let signing = context.governing()?;
    let deployer = Deployer { sender: context.own()?, authority: &signing.keypair };
    deployer.ready(&PROGRAM_ID, program_key.as_ref(), elf.len()).await?;
    let buffer = buffer_key(&signing.keypair, &elf);
    write(&deployer, &buffer, &elf, context).await?;
    let address = buffer.pubkey();
    let deploying = deployer.deploy(&PROGRAM_ID, program_key.as_ref(), &address, max_length);
    let deployed = context.wait("Waiting for the network to confirm", deploying).await?;
    let what = if deployed.upgraded { "Upgraded" } else { "Deployed" };
    Ok(Answer::new(format!("{what} the program."))
        .address("program", &PROGRAM_ID)
        .address("upgrade_authority", &signing.key())
        .bytes("sha256", &program_hash(&elf))
        .with("upgraded", deployed.upgraded)
        .sent(&deployed.sent, context.commitment()))
}

async fn write_buffer(args: WriteBufferArgs, context: &Context) -> Result<Answer, Problem> {
    let elf = read_elf(&args.elf)?;
    let signing = context.governing()?;
    let buffer = buffer_key(&signing.keypair, &elf);
    let address = buffer.pubkey();
    let answer = |message: &str| {
        Answer::new(message)
            .address("buffer", &address)
            .address("authority", &args.authority)
            .bytes("sha256", &program_hash(&elf))
    };
    let there = context.reader().buffer(&address).await?;
    if there.is_some_and(|there| there.authority == Some(args.authority) && there.code == elf) {
        return Ok(answer("The buffer is there already, and is its authority's."));
    }
    let deployer = Deployer { sender: context.own()?, authority: &signing.keypair };
    write(&deployer, &buffer, &elf, context).await?;
    let giving = deployer.give_buffer(&address, &args.authority);
    let sent = context.wait("Waiting for the network to confirm", giving).await?;
    Ok(answer("The code is on the ledger, for its authority to use.").sent(&sent, context.commitment()))
}

/// Writes the buffer and, where a person looks on, shows how far it is.
async fn write(deployer: &Deployer<'_>, buffer: &Keypair, elf: &[u8], context: &Context) -> Result<(), Problem> {
    let loud = !context.options().json && io::stderr().is_terminal();
    let show = |text: &str| {
        if loud {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
        }
    };
    let total = elf.len() / 1024;
    let progress = |written: usize| show(&format!("Writing the code: {} of {total} KiB", written / 1024));
    let done = deployer.write_buffer(buffer, elf, &progress).await;
    show("");
    Ok(done?)
}

/// What is looked at by `verify`, wherever it is.
struct Found {
    what: &'static str,
    authority: Option<Pubkey>,
    code: Vec<u8>,
    answer: Answer,
}

async fn verify(args: VerifyArgs, context: &Context) -> Result<Answer, Problem> {
    let elf = args.elf.as_deref().map(read_elf).transpose()?;
    let reader = context.reader();
    let Found { what, authority, code, answer } = match &args.buffer {
        Some(address) => {
            let buffer = context.wait("Reading from the node", reader.buffer(address)).await?;
            let buffer = buffer.ok_or_else(|| missing("buffer", address))?;
            buffer_found(address, buffer)
        }
        None => match context.wait("Reading from the node", reader.program(&PROGRAM_ID)).await? {
            Program::Deployed(deployment) => deployed_found(deployment),
            Program::Missing | Program::Empty => return Err(missing("program", &PROGRAM_ID)),
        },
    };
    let mut checks = Vec::new();
    if let Some(elf) = &elf {
        checks.push(Check::of(same_code(&code, elf), format!("The code of the {what} is that of the file")));
    }
    if let Some(expected) = args.authority {
        let passed = authority == Some(expected);
        checks.push(Check::of(passed, format!("Nobody but {expected} has authority over the {what}")));
    }
    let verified = checks.iter().all(|check| check.passed);
    let message = match (checks.is_empty(), verified) {
        (true, _) => format!("There is code in the {what}. To compare it with a build of yours, add --elf FILE."),
        (_, true) => format!("Verified: the {what} is as expected."),
        (_, false) => format!("Not verified: the {what} is not as expected."),
    };
    let answer = answer
        .says(message)
        .with("authority", authority.map(|key| key.to_string()))
        .with("length", code.len())
        .bytes("sha256", &program_hash(&code));
    let answer = match &elf {
        Some(elf) => answer.bytes("file_sha256", &program_hash(elf)),
        None => answer,
    };
    Ok(answer.checks(checks).yes_if(verified))
}

fn missing(what: &'static str, address: &Pubkey) -> Problem {
    aegle_client::SendError::NotFound { what, address: *address }.into()
}

fn deployed_found(deployment: Deployment) -> Found {
    let answer = Answer::new("")
        .address("program", &PROGRAM_ID)
        .address("program_data", &deployment.program_data)
        .with("slot", deployment.slot);
    Found { what: "program", authority: deployment.upgrade_authority, code: deployment.code, answer }
}

fn buffer_found(address: &Pubkey, buffer: Buffer) -> Found {
    let answer = Answer::new("").address("buffer", address);
    Found { what: "buffer", authority: buffer.authority, code: buffer.code, answer }
}

async fn hand_over(args: HandOverArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.governing()?;
    let mut consequence = format!(
        "From then on {} alone can upgrade the program at {PROGRAM_ID}, and nobody but it can give that back.",
        args.to
    );
    if let Some(owner) = context.reader().program_account(&args.to).await? {
        consequence.push_str(&format!(
            " Look twice: that is an account of the program {owner}. A multisig signs with its vault, not with its account."
        ));
    }
    args.confirmation.ask(&consequence)?;
    let deployer = Deployer { sender: context.own()?, authority: &signing.keypair };
    let giving = deployer.hand_over(&PROGRAM_ID, &args.to);
    let sent = context.wait("Waiting for the network to confirm", giving).await?;
    Ok(Answer::new("Handed the program over.")
        .address("program", &PROGRAM_ID)
        .address("upgrade_authority", &args.to)
        .sent(&sent, context.commitment()))
}

async fn close_buffer(args: CloseBufferArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.governing()?;
    let buffer = context.reader().buffer(&args.buffer).await?.ok_or_else(|| missing("buffer", &args.buffer))?;
    let deployer = Deployer { sender: context.own()?, authority: &signing.keypair };
    let closing = deployer.close_buffer(&args.buffer);
    let sent = context.wait("Waiting for the network to confirm", closing).await?;
    Ok(Answer::new("Closed the buffer; its rent went to the payer.")
        .address("buffer", &args.buffer)
        .address("payer", &signing.payer())
        .with("lamports", buffer.lamports)
        .sent(&sent, context.commitment()))
}

impl From<DeployError> for Problem {
    fn from(error: DeployError) -> Self {
        let (code, advice) = match error {
            DeployError::Send(error) => return error.into(),
            DeployError::NotElf => ("not_elf", "Name the file that the build left, target/deploy/aegle.so."),
            DeployError::NoRoom { .. } => (
                "no_room",
                "Extend the program first (`solana program extend`), or deploy with a larger --max-length next time.",
            ),
            DeployError::ProgramKeyMissing { .. } => {
                ("program_key_missing", "Name its keypair file with --program-key.")
            }
            DeployError::NotUpgradeAuthority { .. } => (
                "not_upgrade_authority",
                "Sign with that key; for a multisig, write a buffer with `aegle program write-buffer`.",
            ),
            DeployError::Immutable { .. } => ("immutable", "Deploy to a new address."),
            DeployError::OtherBuffer { .. } => ("other_buffer", "Sign with the key that began to write it."),
            DeployError::PayerShort { .. } => {
                ("payer_empty", "Send it some SOL and try again, or let somebody else pay, with --payer.")
            }
            DeployError::Stalled => (
                "not_taken",
                "Run the same command again; it goes on where it stopped. Or try another node with --rpc-url.",
            ),
            DeployError::Instruction => ("not_built", "Check that this aegle is up to date."),
        };
        Self::new(code, error.to_string(), advice)
    }
}
