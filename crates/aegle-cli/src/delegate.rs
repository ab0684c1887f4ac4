use aegle_client::{
    Pubkey,
    aegle::{AddDelegateParams, SetDelegateMintCapParams},
    instruction, pda,
    state::{DAY, Delegate, Vault},
};
use clap::{Args, Subcommand};

use crate::{
    Answer, Context, Problem, agent,
    api::{self, ListArgs, Listed},
    context::address,
    time,
    words::{self, RIGHTS},
};

#[derive(Subcommand)]
pub enum DelegateCommand {
    /// Let somebody act for you, with a key used for this vault alone
    #[command(after_help = "\
Examples:
  aegle delegate add --vault VAULT KEY --right mint --until 2030-12-31
  aegle delegate add --vault VAULT KEY --right grant --right revoke --until 2030-12-31
  aegle delegate add --vault VAULT --agent --until 2030-12-31")]
    Add(AddArgs),
    /// Stop somebody from acting for you, at once and for good
    #[command(after_help = "\
Examples:
  aegle delegate remove --vault VAULT KEY
  aegle delegate remove --vault VAULT --agent")]
    Remove(ActingArgs),
    /// Set how many records all your delegates together may ever have added
    #[command(after_help = "\
Each costs whoever pays some rent; the cap bounds what a delegate can spend. A new vault has 1000.

Examples:
  aegle delegate cap --vault VAULT 50
  aegle delegate cap --vault VAULT 0")]
    Cap(CapArgs),
    /// Show a delegate as the ledger has it
    #[command(after_help = "\
Examples:
  aegle delegate show --vault VAULT KEY")]
    Show(DelegateArgs),
    /// List a vault's delegates, from the indexer
    #[command(after_help = "\
Examples:
  aegle delegate list --vault VAULT
  aegle delegate list --vault VAULT --json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct AddArgs {
    #[command(flatten)]
    delegate: ActingArgs,
    /// What the delegate may do; may be repeated. The server's agent may mint and nothing else
    #[arg(
        long = "right", required_unless_present = "agent", conflicts_with = "agent", value_name = "RIGHT", value_parser = words::parser(RIGHTS),
        ignore_case = true, value_delimiter = ','
    )]
    rights: Vec<u16>,
    /// The day that ends it, YYYY-MM-DD: the first one without rights, UTC
    #[arg(long, value_name = "DAY", value_parser = time::day)]
    until: u32,
}

/// Somebody with a key, or the server's agent.
#[derive(Args)]
pub struct ActingArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// The delegate's key
    #[arg(value_parser = address, required_unless_present = "agent")]
    key: Option<Pubkey>,
    /// The server's agent, which makes records of what is sent to you and cannot read it
    #[arg(long, conflicts_with = "key")]
    agent: bool,
}

impl ActingArgs {
    /// None for the server's agent.
    fn delegate(&self) -> Option<DelegateArgs> {
        self.key.map(|key| DelegateArgs { vault: self.vault, key })
    }
}

#[derive(Args)]
pub struct CapArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// How many
    cap: u32,
}

#[derive(Args)]
pub struct DelegateArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// The delegate's key
    #[arg(value_parser = address)]
    key: Pubkey,
}

pub async fn run(command: DelegateCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        DelegateCommand::Add(args) => add(args, context).await,
        DelegateCommand::Remove(args) => remove(args, context).await,
        DelegateCommand::Cap(args) => cap(args, context).await,
        DelegateCommand::Show(args) => show(args, context).await,
        DelegateCommand::List(args) => api::list(&LISTED, &args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "delegates",
    singular: "delegate",
    line: |item| {
        let (rights, until) = (api::codes(item, "rights"), api::text(item, "until"));
        format!("key {}, {rights} until {until}, {}", api::text(item, "key"), api::effect(item))
    },
};

async fn add(args: AddArgs, context: &Context) -> Result<Answer, Problem> {
    let Some(DelegateArgs { vault: address, key }) = args.delegate.delegate() else {
        return agent::allow(&args.delegate.vault, args.until, context).await;
    };
    let signing = context.signing().await?;
    let vault: Vault = signing.reader().account("vault", &address).await?;
    signing.require_owner(&vault)?;
    let rights = words::union(&args.rights);
    let params = AddDelegateParams {
        key,
        rights: words::small_union(&args.rights),
        until_day: args.until,
        expected: instruction::expected(&vault),
    };
    let sent = context.send(instruction::add_delegate(address, signing.payer(), params), &signing).await?;
    let message = format!(
        "They may now {} for you until {} begins (UTC).",
        words::says(RIGHTS, rights),
        time::say_day(args.until, time::local_now())
    );
    Ok(Answer::new(message)
        .address("delegate", &pda::find_delegate(&address, &key).0)
        .address("vault", &address)
        .address("key", &key)
        .with("rights", words::codes(RIGHTS, rights))
        .with("until", time::iso_day(args.until))
        .sent(&sent, context.commitment()))
}

async fn remove(args: ActingArgs, context: &Context) -> Result<Answer, Problem> {
    let Some(DelegateArgs { vault, key }) = args.delegate() else {
        return agent::stop_allowing(&args.vault, context).await;
    };
    let signing = context.signing().await?;
    let sent = context.send(instruction::remove_delegate(vault, signing.key(), &key), &signing).await?;
    Ok(Answer::new("They can no longer act for you. What they did before stays.")
        .address("delegate", &pda::find_delegate(&vault, &key).0)
        .address("vault", &vault)
        .address("key", &key)
        .sent(&sent, context.commitment()))
}

async fn cap(args: CapArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let vault: Vault = context.wait("Reading from the node", signing.reader().account("vault", &args.vault)).await?;
    signing.require_owner(&vault)?;
    let params = SetDelegateMintCapParams { delegate_mint_cap: args.cap, expected: instruction::expected(&vault) };
    let sent = context.send(instruction::set_delegate_mint_cap(args.vault, params), &signing).await?;
    let message = match args.cap.saturating_sub(vault.delegate_mints) {
        0 => "Your delegates can add no more records.".into(),
        1 => "Your delegates can add 1 more record.".into(),
        left => format!("Your delegates can add {left} more records."),
    };
    Ok(Answer::new(message)
        .address("vault", &args.vault)
        .with("delegate_mint_cap", args.cap)
        .with("delegate_mints", vault.delegate_mints)
        .sent(&sent, context.commitment()))
}

async fn show(args: DelegateArgs, context: &Context) -> Result<Answer, Problem> {
    let address = pda::find_delegate(&args.vault, &args.key).0;
    let reader = context.reader();
    let read = async {
        let delegate: Delegate = reader.account("delegate", &address).await?;
        let vault: Vault = reader.account("vault", &args.vault).await?;
        Ok::<_, Problem>((delegate, vault, reader.now().await?))
    };
    let (delegate, vault, now) = context.wait("Reading from the node", read).await?;
    let rights = words::says(RIGHTS, delegate.rights.into());
    let until = time::say_day(delegate.until_day, now);
    let (reason, message) = if delegate.removed_slot != 0 {
        let at = time::say_time(delegate.removed_at, now);
        (Some("removed"), format!("Removed {at}: they can no longer act for this vault."))
    } else if delegate.delegate_epoch != vault.delegate_epoch {
        (Some("out_of_epoch"), "The vault's delegates were reset: they can no longer act for it.".into())
    } else if now >= i64::from(delegate.until_day) * DAY {
        (Some("expired"), format!("Ended as {until} began (UTC): they can no longer act for this vault."))
    } else {
        (None, format!("They may {rights} for this vault until {until} begins (UTC)."))
    };
    Ok(Answer::new(message)
        .with("in_effect", reason.is_none())
        .with("reason", reason)
        .address("delegate", &address)
        .address("vault", &delegate.vault)
        .address("key", &delegate.key)
        .with("rights", words::codes(RIGHTS, delegate.rights.into()))
        .with("until", time::iso_day(delegate.until_day))
        .with("delegate_epoch", delegate.delegate_epoch)
        .address("rent_payer", &delegate.rent_payer)
        .with("added_at", time::iso_time(delegate.added_at))
        .with("added_slot", delegate.added_slot)
        .with("removed_at", (delegate.removed_slot != 0).then(|| time::iso_time(delegate.removed_at)))
        .with("removed_slot", (delegate.removed_slot != 0).then_some(delegate.removed_slot)))
}
