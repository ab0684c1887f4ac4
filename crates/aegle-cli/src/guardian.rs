use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use aegle_api_client::guardian::{GuardianFile, GuardianListFile};
use aegle_client::{
    Pubkey,
    aegle::{AegleError, ChangeGuardiansParams},
    commitment::GuardianList,
    instruction,
    state::{Guardians, MAX_GUARDIANS, Vault},
};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use crate::{
    Answer, Context, Problem,
    confirm::Confirmation,
    context::{address, refused},
    secret_file::SecretFile,
    time,
};

#[derive(Subcommand)]
pub enum GuardianCommand {
    /// Name the people who together can give your vault to a new key of yours
    #[command(after_help = "\
For the day your key is lost or stolen. The ledger gets salted hashes and never learns who they are. Writes a folder
of files, readable by you alone: all.json, which you keep, and one for each guardian, KEY.json, which you hand over.
Your first guardians are in effect at once, later ones after the delay of those before, so that a thief of your key
cannot replace them.

Examples:
  aegle guardian change --vault VAULT --guardian KEY,KEY,KEY --threshold 2 --delay 7d
  aegle guardian change --vault VAULT --guardian KEY --guardian KEY --threshold 2 --out my-guardians
  aegle guardian change --vault VAULT --cancel
  aegle guardian change --vault VAULT --none")]
    Change(ChangeArgs),
    /// Put a change of guardians in effect once its delay has passed; anybody may
    #[command(after_help = "\
Examples:
  aegle guardian apply --vault VAULT")]
    Apply(VaultArgs),
    /// Show how many guardians a vault has, and what is to change
    #[command(after_help = "\
Examples:
  aegle guardian show --vault VAULT
  aegle guardian show --vault VAULT --json")]
    Show(VaultArgs),
}

#[derive(Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// A guardian's key; may be repeated, ten at most
    #[arg(
        long = "guardian", value_name = "KEY", value_parser = address, value_delimiter = ',', requires = "threshold",
        required_unless_present_any = ["none", "cancel"]
    )]
    guardians: Vec<Pubkey>,
    /// How many of them together propose a recovery
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_GUARDIANS)))]
    threshold: Option<u8>,
    /// How long you can veto a recovery before it happens, and how long later changes of guardians wait
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = time::length)]
    delay: i64,
    /// The folder to write their files to [default: ./VAULT.guardians-HASH]
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["none", "cancel"])]
    out: Option<PathBuf>,
    /// Have no guardians
    #[arg(long, conflicts_with_all = ["guardians", "threshold", "cancel"])]
    none: bool,
    /// Keep the guardians in effect: drops a change that waits
    #[arg(long, conflicts_with_all = ["guardians", "threshold"])]
    cancel: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct VaultArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
}

pub async fn run(command: GuardianCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        GuardianCommand::Change(args) => change(args, context).await,
        GuardianCommand::Apply(args) => apply(args, context).await,
        GuardianCommand::Show(args) => show(args, context).await,
    }
}

/// What `guardians` can do, as a sentence.
fn says(guardians: &Guardians) -> String {
    let Guardians { count, threshold, recovery_delay, .. } = guardians;
    let delay = time::say_length(*recovery_delay);
    match (count, threshold) {
        (0, _) => "No guardians: nobody can recover this vault when its key is lost.".into(),
        (1, _) => format!("1 guardian, who can propose a recovery; the owner has {delay} to veto it."),
        (_, 1) => {
            format!("{count} guardians; any of them can propose a recovery, which the owner has {delay} to veto.")
        }
        (all, needed) if all == needed => {
            format!("{count} guardians; all together can recover it after {delay}, whatever the owner says.")
        }
        _ => {
            format!("{count} guardians; {threshold} of them can propose a recovery, the owner has {delay} to veto it.")
        }
    }
}

async fn change(args: ChangeArgs, context: &Context) -> Result<Answer, Problem> {
    let address = args.vault.vault;
    let keys = args.guardians;
    if keys.iter().collect::<HashSet<_>>().len() < keys.len() {
        return Err(Problem::usage("guardian_twice", "A guardian is named twice", "Name each guardian once."));
    }
    if args.none {
        args.confirmation
            .ask("Without guardians nobody can give your vault back to you when its key is lost or stolen.")?;
    }
    let signing = context.signing().await?;
    let vault: Vault = context.wait("Reading from the node", signing.reader().account("vault", &address)).await?;
    signing.require_owner(&vault)?;
    if keys.contains(&vault.owner) {
        return Err(refused(AegleError::GuardianIsOwner).into());
    }
    let list = GuardianList::new(address, &keys, &mut OsRng);
    let guardians = match args.threshold {
        None if args.cancel => vault.guardians,
        threshold => list.guardians(threshold.unwrap_or(0), args.delay),
    };
    let params = ChangeGuardiansParams { guardians, expected: instruction::expected(&vault) };
    let change = instruction::change_guardians(address, params);
    let (sent, folder) = if keys.is_empty() {
        (context.send(change, &signing).await?, None)
    } else {
        let path = args.out.unwrap_or_else(|| default_folder(&address, &guardians));
        let folder = SecretFile::create_folder(path, |path| write(&list, path))?;
        let (sent, path) = folder.settle(context.send(change, &signing).await)?;
        (sent, Some(path))
    };
    let hand_over = match &folder {
        Some(path) => format!(" Keep {path}/all.json and hand each guardian the file with their key."),
        None => String::new(),
    };
    let read = async {
        let vault: Vault = signing.reader().account("vault", &address).await?;
        Ok::<_, Problem>((vault, signing.reader().now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    Ok(describe(&address, &vault, now, &format!("{}{hand_over}", standing(&vault, now)))
        .with("files", folder)
        .sent(&sent, context.commitment()))
}

/// Where the guardians' files are unless named otherwise: apart for every list ever made.
fn default_folder(vault: &Pubkey, guardians: &Guardians) -> PathBuf {
    PathBuf::from(format!("{vault}.guardians-{}", hex::encode(&guardians.commitment[..4])))
}

/// Writes the owner's file and one for each guardian.
fn write(list: &GuardianList, folder: &Path) -> Result<(), Problem> {
    SecretFile::create(folder.join("all.json"), &GuardianListFile::from(list))?;
    for file in GuardianFile::all(list) {
        SecretFile::create(folder.join(format!("{}.json", file.guardian)), &file)?;
    }
    Ok(())
}

async fn apply(args: VaultArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let sent = context.send(instruction::apply_guardian_change(args.vault, signing.key()), &signing).await?;
    let read = async {
        let vault: Vault = signing.reader().account("vault", &args.vault).await?;
        Ok::<_, Problem>((vault, signing.reader().now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    let message = format!("The change is in effect. {}", standing(&vault, now));
    Ok(describe(&args.vault, &vault, now, &message).sent(&sent, context.commitment()))
}

async fn show(args: VaultArgs, context: &Context) -> Result<Answer, Problem> {
    let reader = context.reader();
    let read = async {
        let vault: Vault = reader.account("vault", &args.vault).await?;
        Ok::<_, Problem>((vault, reader.now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    Ok(describe(&args.vault, &vault, now, &standing(&vault, now)))
}

/// The guardians in effect and those to come, as sentences.
fn standing(vault: &Vault, now: i64) -> String {
    let in_effect = says(&vault.guardians);
    let (pending, due) = (&vault.pending_guardians, vault.guardians_due_at);
    if due == 0 {
        return in_effect;
    }
    let when = time::say_time(due, now);
    let then = says(pending);
    if now < due {
        format!("{in_effect} To change {when}, unless a recovery becomes pending before: {then}")
    } else {
        format!("Replaced since {when} by: {then} Anybody may write that down with `aegle guardian apply`.")
    }
}

fn describe(address: &Pubkey, vault: &Vault, now: i64, message: &str) -> Answer {
    let pending = vault.guardians_due_at != 0;
    let recovery = vault.recovery_is_pending(now).then(|| vault.pending_recovery.to_string());
    Answer::new(message)
        .address("vault", address)
        .with("guardians", vault.guardians.count)
        .with("threshold", vault.guardians.threshold)
        .with("delay_seconds", vault.guardians.recovery_delay)
        .with("guardian_epoch", vault.guardian_epoch)
        .with("pending_guardians", pending.then_some(vault.pending_guardians.count))
        .with("pending_threshold", pending.then_some(vault.pending_guardians.threshold))
        .with("pending_delay_seconds", pending.then_some(vault.pending_guardians.recovery_delay))
        .with("due_at", pending.then(|| time::iso_time(vault.guardians_due_at)))
        .with("pending_recovery", recovery)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guardians(count: u8, threshold: u8) -> Guardians {
        Guardians { count, threshold, commitment: [1; 32], recovery_delay: 604_800 }
    }

    #[test]
    fn guardians_read_as_a_sentence() {
        assert!(says(&Guardians::default()).starts_with("No guardians"));
        assert!(says(&guardians(1, 1)).contains("1 guardian, who can"));
        assert!(says(&guardians(3, 2)).contains("3 guardians; 2 of them") && says(&guardians(3, 2)).contains("7 days"));
        assert!(!says(&guardians(3, 3)).contains("to veto"), "what all propose the owner cannot veto");
    }

    #[test]
    fn every_guardian_gets_the_own_salt_and_nobody_elses() {
        let folder = tempfile::tempdir().expect("folder");
        let keys = [Pubkey::new_unique(), Pubkey::new_unique(), Pubkey::new_unique()];
        let list = GuardianList::new(Pubkey::new_unique(), &keys, &mut OsRng);
        write(&list, folder.path()).expect("files");
        let guardians = list.guardians(2, 60);
        for (key, salt) in &list.guardians {
            let path = folder.path().join(format!("{key}.json"));
            let text = std::fs::read_to_string(&path).expect("file");
            let others = list.guardians.iter().filter(|(other, _)| other != key);
            for (other, salt) in others {
                assert!(!text.contains(&other.to_string()) && !text.contains(&hex::encode(salt)), "{text}");
            }
            let file: GuardianFile = crate::opening::read(&path).expect("guardian's file");
            assert_eq!(file.salt, *salt);
            guardians.approval(&list.vault, key, &file.opening()).expect("the program takes it");
        }
    }
}
