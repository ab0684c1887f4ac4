use aegle_api_client::{record, wrap};
use aegle_client::Pubkey;
use clap::Args;
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    context::address,
    server::{Server, UnlockArgs, key, progress},
};

#[derive(Args)]
#[command(after_help = "\
Somebody whom you allow gets new records by itself once their keys are encrypted to them; this does it. Keys are
encrypted only to whom a consent of yours on the ledger names, and to the key that a registrar attests for them or
that you named when you allowed them. A record whose key somebody got before you stopped allowing
them, and whose content they did not fetch, is encrypted anew.

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
    let mut anew = 0;
    for exposed in wrap::exposed(server.session, key(&args.vault)).await? {
        let secrets = unlocked.secrets();
        let shown = progress("Encrypting anew", context.options().json);
        let encrypting = record::encrypt_anew(server.session, server.reader(), &secrets, exposed, &mut rng, &shown);
        match context.wait("Encrypting a record anew", encrypting).await {
            Ok(()) => anew += 1,
            // Erased meanwhile, or by a key that is lost: there is nothing left to protect here.
            Err(error) if error.is("not_permitted") => {}
            Err(error) => return Err(error.into()),
        }
    }
    let filling = wrap::fill(server.session, server.reader(), &unlocked, &[], &mut rng);
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
        " The server asked to encrypt to keys that neither the ledger nor your consents have for their owners; \
         nothing was encrypted to those. Allow them anew if you know the key."
    };
    let renewed = match anew {
        0 => String::new(),
        count => format!(
            " Encrypted the content of {count} anew: somebody had its key, did not fetch it, and is no longer allowed to."
        ),
    };
    Ok(Answer::new(format!("{message}{renewed}{warning}"))
        .address("vault", &args.vault)
        .with("encrypted", filled.stored)
        .with("encrypted_anew", anew)
        .with("unproven", unproven)
        .with("unreadable", filled.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>()))
}
