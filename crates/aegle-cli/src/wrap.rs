use aegle_api_client::wrap;
use aegle_client::Pubkey;
use clap::Args;
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    context::address,
    server::{Server, UnlockArgs},
};

#[derive(Args)]
#[command(after_help = "\
Somebody whom you allow gets new records by itself once their keys are encrypted to them; this does it. Keys are
encrypted only to whom the ledger names as their owner.

Examples:
  aegle wrap --vault VAULT
  aegle wrap --vault VAULT --code-file recovery-code.txt")]
pub struct WrapArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    #[command(flatten)]
    unlock: UnlockArgs,
}

pub async fn run(args: WrapArgs, context: &Context) -> Result<Answer, Problem> {
    let server = Server::sign_in(context).await?;
    let unlocked = server.unlock(&args.vault, &args.unlock).await?;
    let mut rng = OsRng;
    let filling = wrap::fill(&server.session, server.reader(), &unlocked, &[], &mut rng);
    let filled = context.wait("Encrypting keys", filling).await?;
    let message = match filled.stored {
        0 => "Nothing waits to be encrypted.".to_owned(),
        1 => "Encrypted 1 record's key to who may read it.".to_owned(),
        count => format!("Encrypted {count} records' keys to who may read them."),
    };
    let unproven = filled.unproven.iter().map(|(holder, key)| format!("{holder} {key}")).collect::<Vec<_>>();
    let warning = if unproven.is_empty() {
        ""
    } else {
        " The server asked to encrypt to keys that the ledger does not have for their owners; nothing was encrypted to \
         those."
    };
    Ok(Answer::new(format!("{message}{warning}"))
        .address("vault", &args.vault)
        .with("encrypted", filled.stored)
        .with("unproven", unproven)
        .with("unreadable", filled.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>()))
}
