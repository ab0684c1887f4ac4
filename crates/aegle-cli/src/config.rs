use aegle_client::{Pubkey, aegle::InitConfigParams, instruction, pda, state::Config};
use clap::{Args, Subcommand};

use crate::{Answer, Context, Problem, context::address, time};

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Configure a new deployment; --keypair is the program's upgrade authority
    #[command(after_help = "\
Examples:
  aegle config init --record-uri https://example.org/record.json
  aegle config init --record-uri https://example.org/record.json --governance KEY --keypair upgrade.json")]
    Init(InitArgs),
    /// Show the deployment's settings
    #[command(after_help = "\
Examples:
  aegle config show
  aegle config show --rpc-url devnet --json")]
    Show,
    /// Stop what creates vaults, delegates, records, consents and credentials; --keypair is the governance authority
    #[command(after_help = "\
Revoking, erasing, vetoing and removing delegates keep working while paused.

Examples:
  aegle config pause --keypair governance.json")]
    Pause,
    /// Resume after a pause
    #[command(after_help = "\
Examples:
  aegle config resume --keypair governance.json")]
    Resume,
}

#[derive(Args)]
pub struct InitArgs {
    /// Who may pause and resume [default: the key of --keypair]
    #[arg(long, value_name = "KEY", value_parser = address)]
    governance: Option<Pubkey>,
    /// Address of the public JSON that record tokens point to; it must say nothing about a patient
    #[arg(long, value_name = "URL")]
    record_uri: String,
    /// Shortest delay of a recovery; seconds are for trying it out
    #[arg(long, default_value = "3d", value_name = "TIME", value_parser = time::length)]
    min_recovery_delay: i64,
    /// Longest delay of a recovery
    #[arg(long, default_value = "30d", value_name = "TIME", value_parser = time::length)]
    max_recovery_delay: i64,
}

pub async fn run(command: ConfigCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        ConfigCommand::Init(args) => init(args, context).await,
        ConfigCommand::Show => show(context).await,
        ConfigCommand::Pause => set_pause(true, context).await,
        ConfigCommand::Resume => set_pause(false, context).await,
    }
}

async fn init(args: InitArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.governing()?;
    let governance = args.governance.unwrap_or(signing.key());
    let params = InitConfigParams {
        governance,
        min_recovery_delay: args.min_recovery_delay,
        max_recovery_delay: args.max_recovery_delay,
        record_uri: args.record_uri,
    };
    let init = instruction::init_config(signing.key(), signing.payer(), params);
    let sent = context.send(init, &signing).await?;
    Ok(Answer::new("Configured the deployment.")
        .address("config", &pda::find_config().0)
        .address("governance", &governance)
        .sent(&sent, context.commitment()))
}

async fn show(context: &Context) -> Result<Answer, Problem> {
    let address = pda::find_config().0;
    let reader = context.reader();
    let config: Config = context.wait("Reading from the node", reader.account("configuration", &address)).await?;
    let message = if config.paused {
        "The deployment is paused. Revoking, erasing and removing delegates work."
    } else {
        "The deployment is running."
    };
    Ok(Answer::new(message)
        .address("config", &address)
        .address("program", &aegle_client::PROGRAM_ID)
        .with("paused", config.paused)
        .address("governance", &config.governance)
        .with("min_recovery_delay_seconds", config.min_recovery_delay)
        .with("max_recovery_delay_seconds", config.max_recovery_delay)
        .with("record_uri", config.record_uri))
}

async fn set_pause(paused: bool, context: &Context) -> Result<Answer, Problem> {
    let signing = context.governing()?;
    let sent = context.send(instruction::set_pause(signing.key(), paused), &signing).await?;
    let message = if paused {
        "Paused: nobody can create vaults, records, consents or delegates. Revoking, erasing and removing \
         delegates keep working."
    } else {
        "Resumed: everything works again."
    };
    Ok(Answer::new(message).with("paused", paused).sent(&sent, context.commitment()))
}
