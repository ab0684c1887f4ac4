use std::path::PathBuf;

use aegle_api_client::guardian::GuardianFile;
use aegle_client::{
    Pubkey,
    aegle::{AegleError, ApproveRecoveryParams, ProposeRecoveryParams},
    id, instruction, pda,
    state::{Recovery, RecoveryStatus, Vault},
};
use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use solana_signer::Signer;

use crate::{
    Answer, Context, Problem,
    api::{self, ListArgs, Listed},
    confirm::Confirmation,
    context::{address, refused},
    opening,
    signing::Signing,
    time,
    vault::{new_key, public_key},
    words,
};

#[derive(Subcommand)]
pub enum RecoveryCommand {
    /// As the new owner: make the encryption key that your guardians name for you
    #[command(after_help = "\
--keypair is your new key, as `aegle key new` makes it. Give your guardians what this prints, by a way on which they
know it is you.

Examples:
  aegle recovery prepare --vault VAULT --keypair my-new-key.json
  aegle recovery prepare --vault VAULT --keypair my-new-key.json --out new-content-key.json")]
    Prepare(PrepareArgs),
    /// As a guardian: propose a new owner for a vault
    #[command(after_help = "\
--keypair is the guardian's, --opening the file that the owner once gave you. Make sure by voice or in person that
the new key is the one of who you mean.

Examples:
  aegle recovery propose --opening my-guardian-file.json --new-owner KEY --new-encryption-key 9c3f…64 hex digits
  aegle recovery propose --opening my-guardian-file.json --new-owner KEY --payer sponsor.json --yes \\
      --new-encryption-key 9c3f…64 hex digits")]
    Propose(ProposeArgs),
    /// As a guardian: approve a recovery that another guardian proposed
    #[command(after_help = "\
Asks first. All guardians together override the owner's veto: so a thief of the key cannot stop them.

Examples:
  aegle recovery approve RECOVERY --opening my-guardian-file.json
  aegle recovery approve RECOVERY --opening my-guardian-file.json --keypair guardian.json --yes")]
    Approve(ApproveArgs),
    /// As the owner: stop a recovery within its delay
    #[command(after_help = "\
Examples:
  aegle recovery veto RECOVERY")]
    Veto(VetoArgs),
    /// As the new owner: take the vault over once the delay has passed
    #[command(after_help = "\
Asks first: everybody whom the old key allowed or let act is stopped at once, and what it prepared is void.

Examples:
  aegle recovery execute RECOVERY --keypair my-new-key.json
  aegle recovery execute RECOVERY --keypair my-new-key.json --yes")]
    Execute(ExecuteArgs),
    /// Show a recovery as the ledger has it
    #[command(after_help = "\
Examples:
  aegle recovery show RECOVERY
  aegle recovery show RECOVERY --json")]
    Show(ShowArgs),
    /// List a vault's recoveries, from the indexer
    #[command(after_help = "\
Examples:
  aegle recovery list --vault VAULT
  aegle recovery list --vault VAULT --json")]
    List(ListArgs),
}

#[derive(Args)]
pub struct PrepareArgs {
    #[arg(long, env = "AEGLE_VAULT", hide_env_values = true, value_parser = address)]
    vault: Pubkey,
    /// Where to write the encryption key [default: ./VAULT.key-OWNER.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    guardian: GuardianArgs,
    /// The key that is to own the vault
    #[arg(long, value_name = "KEY", value_parser = address)]
    new_owner: Pubkey,
    /// The X25519 public key that `aegle recovery prepare` printed to the new owner, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    new_encryption_key: [u8; 32],
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct ApproveArgs {
    #[arg(value_parser = address)]
    recovery: Pubkey,
    #[command(flatten)]
    guardian: GuardianArgs,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
struct GuardianArgs {
    /// The guardian's file, as the owner made it last
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
}

#[derive(Args)]
pub struct VetoArgs {
    #[arg(value_parser = address)]
    recovery: Pubkey,
}

#[derive(Args)]
pub struct ExecuteArgs {
    #[arg(value_parser = address)]
    recovery: Pubkey,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct ShowArgs {
    #[arg(value_parser = address)]
    recovery: Pubkey,
}

pub async fn run(command: RecoveryCommand, context: &Context) -> Result<Answer, Problem> {
    match command {
        RecoveryCommand::Prepare(args) => prepare(args, context).await,
        RecoveryCommand::Propose(args) => propose(args, context).await,
        RecoveryCommand::Approve(args) => approve(args, context).await,
        RecoveryCommand::Veto(args) => veto(args, context).await,
        RecoveryCommand::Execute(args) => execute(args, context).await,
        RecoveryCommand::Show(args) => show(args, context).await,
        RecoveryCommand::List(args) => api::list(&LISTED, &args, context).await,
    }
}

const LISTED: Listed = Listed {
    plural: "recoveries",
    singular: "recovery",
    line: |item| {
        let (status, owner, lapses) =
            (api::text(item, "status"), api::text(item, "new_owner"), api::text(item, "lapses_at"));
        let end = match item["open"].as_bool() {
            Some(true) => format!("open until {lapses}"),
            _ => format!("over ({})", api::text(item, "reason")),
        };
        format!("to {owner}, {status} with {} approvals, {end}", item["approvals"])
    },
};

async fn prepare(args: PrepareArgs, context: &Context) -> Result<Answer, Problem> {
    let new_owner = context.keypair()?.pubkey();
    let vault: Vault = context.wait("Reading from the node", context.reader().account("vault", &args.vault)).await?;
    if vault.owner == new_owner {
        return Err(refused(AegleError::NewOwnerIsOwner).into());
    }
    let path = args.out.unwrap_or_else(|| PathBuf::from(format!("{}.key-{new_owner}.json", args.vault)));
    let (encryption_key, file) = new_key(path, Some(&args.vault), None)?;
    Ok(Answer::new("Made your encryption key. Give your guardians the two public keys below; keep the file.")
        .address("vault", &args.vault)
        .address("new_owner", &new_owner)
        .bytes("new_encryption_key", &encryption_key)
        .with("key_file", file.path()))
}

/// The guardian's file, which must be of the key that signs.
fn guardian_file(args: GuardianArgs, signing: &Signing<'_>) -> Result<GuardianFile, Problem> {
    let file: GuardianFile = opening::read(&args.opening)?;
    if Pubkey::from(file.guardian.0) != signing.key() {
        return Err(refused(AegleError::GuardianMismatch).into());
    }
    Ok(file)
}

async fn propose(args: ProposeArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let file = guardian_file(args.guardian, &signing)?;
    let address = Pubkey::from(file.vault.0);
    let read = async {
        let vault: Vault = signing.reader().account("vault", &address).await?;
        Ok::<_, Problem>((vault, signing.reader().now().await?))
    };
    let (vault, now) = context.wait("Reading from the node", read).await?;
    // Guardians to come have a say once they are due; writing that down comes first.
    let due = vault.guardians_due_at != 0 && now >= vault.guardians_due_at && !vault.recovery_is_pending(now);
    let (guardians, guardian_epoch) = if due {
        (vault.pending_guardians, vault.guardian_epoch.saturating_add(1))
    } else {
        (vault.guardians, vault.guardian_epoch)
    };
    args.confirmation.ask(&format!(
        "This proposes to give the vault {address} to {}. With {} of {} guardians it happens after {}, unless the \
         owner vetoes it.",
        args.new_owner,
        guardians.threshold,
        guardians.count,
        time::say_length(guardians.recovery_delay)
    ))?;

    let recovery_id = id::recovery_id(&mut OsRng, &address);
    let recovery = pda::find_recovery(&address, &recovery_id).0;
    let params = ProposeRecoveryParams {
        recovery_id,
        new_owner: args.new_owner,
        new_encryption_key: args.new_encryption_key,
        opening: file.opening(),
        guardian_epoch,
        delegate_epoch: vault.delegate_epoch,
    };
    let mut instructions = Vec::new();
    if due {
        instructions.push(instruction::apply_guardian_change(address, signing.key()));
    }
    instructions.push(instruction::propose_recovery(address, signing.key(), signing.payer(), params));
    let sent = context.send_all(&instructions, &signing).await?;
    let answer = read_answer(&recovery, "Proposed.", &signing, context).await?;
    Ok(answer.sent(&sent, context.commitment()))
}

async fn approve(args: ApproveArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let file = guardian_file(args.guardian, &signing)?;
    let recovery = existing(&args.recovery, &signing, context).await?;
    if recovery.vault != Pubkey::from(file.vault.0) {
        return Err(refused(AegleError::RecoveryMismatch).into());
    }
    args.confirmation.ask(&format!(
        "This approves that the vault {} goes to {}. Approve only what you know to be the key of who you mean.",
        recovery.vault, recovery.new_owner
    ))?;
    let params = ApproveRecoveryParams { opening: file.opening() };
    let approve = instruction::approve_recovery(recovery.vault, signing.key(), args.recovery, params);
    let sent = context.send(approve, &signing).await?;
    let answer = read_answer(&args.recovery, "Approved.", &signing, context).await?;
    Ok(answer.sent(&sent, context.commitment()))
}

async fn veto(args: VetoArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let recovery = existing(&args.recovery, &signing, context).await?;
    let veto = instruction::veto_recovery(recovery.vault, signing.key(), args.recovery);
    let sent = context.send(veto, &signing).await?;
    let answer = read_answer(&args.recovery, "Stopped.", &signing, context).await?;
    Ok(answer.sent(&sent, context.commitment()))
}

async fn execute(args: ExecuteArgs, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let recovery = existing(&args.recovery, &signing, context).await?;
    if recovery.new_owner != signing.key() {
        return Err(refused(AegleError::NotNewOwner).into());
    }
    args.confirmation.ask(&format!(
        "This makes your key the owner of the vault {}. Every consent and every delegate of the old key ends at once, \
         and nothing it prepared holds. It cannot be undone.",
        recovery.vault
    ))?;
    let execute = instruction::execute_recovery(recovery.vault, signing.key(), args.recovery);
    let sent = context.send(execute, &signing).await?;
    let message = "The vault is yours. Nobody else can see into it or act for it now: allow anew whom you want. The \
        tokens of its records come to you with `aegle record reissue`. Its guardians stay; look at them with `aegle \
        guardian show`.";
    Ok(Answer::new(message)
        .address("recovery", &args.recovery)
        .address("vault", &recovery.vault)
        .address("owner", &recovery.new_owner)
        .bytes("encryption_key", &recovery.new_encryption_key)
        .sent(&sent, context.commitment()))
}

async fn existing(address: &Pubkey, signing: &Signing<'_>, context: &Context) -> Result<Recovery, Problem> {
    Ok(context.wait("Reading from the node", signing.reader().account("recovery", address)).await?)
}

/// Where a recovery stands now, after `done`.
async fn read_answer(
    address: &Pubkey,
    done: &str,
    signing: &Signing<'_>,
    context: &Context,
) -> Result<Answer, Problem> {
    let read = read(address, signing.reader());
    let (recovery, vault, now) = context.wait("Reading from the node", read).await?;
    let message = format!("{done} {}", Standing::of(&recovery, &vault, now).says(&recovery, &vault, now));
    Ok(describe(address, &recovery, &vault, now, message))
}

async fn show(args: ShowArgs, context: &Context) -> Result<Answer, Problem> {
    let read = async { read(&args.recovery, context.reader()).await };
    let (recovery, vault, now) = context.wait("Reading from the node", read).await?;
    let proposed = time::say_time(recovery.proposed_at, now);
    let says = Standing::of(&recovery, &vault, now).says(&recovery, &vault, now);
    let message = format!("A recovery, proposed {proposed}, that gives the vault to {}. {says}", recovery.new_owner);
    Ok(describe(&args.recovery, &recovery, &vault, now, message))
}

async fn read(address: &Pubkey, reader: &aegle_client::Reader) -> Result<(Recovery, Vault, i64), Problem> {
    let recovery: Recovery = reader.account("recovery", address).await?;
    let vault: Vault = reader.account("vault", &recovery.vault).await?;
    Ok((recovery, vault, reader.now().await?))
}

fn describe(address: &Pubkey, recovery: &Recovery, vault: &Vault, now: i64, message: String) -> Answer {
    let standing = Standing::of(recovery, vault, now);
    let executable = recovery.executable_at != 0;
    Answer::new(message)
        .with("status", words::recovery_status(recovery.status))
        .with("open", standing.reason().is_none())
        .with("reason", standing.reason())
        .address("recovery", address)
        .address("vault", &recovery.vault)
        .address("new_owner", &recovery.new_owner)
        .bytes("new_encryption_key", &recovery.new_encryption_key)
        .with("approvals", recovery.approvals.count_ones())
        .with("executable_at", executable.then(|| time::iso_time(recovery.executable_at)))
        .with("lapses_at", time::iso_time(recovery.lapses_at))
        .with("guardian_epoch", recovery.guardian_epoch)
        .address("rent_payer", &recovery.rent_payer)
        .with("proposed_at", time::iso_time(recovery.proposed_at))
        .with("proposed_slot", recovery.proposed_slot)
        .with("changed_at", time::iso_time(recovery.changed_at))
        .with("changed_slot", recovery.changed_slot)
}

/// Where a recovery stands at a time of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Executed,
    Lapsed,
    OutOfEpoch,
    Proposed,
    Vetoed,
    Waiting,
    Due,
}

impl Standing {
    fn of(recovery: &Recovery, vault: &Vault, now: i64) -> Self {
        let pending = recovery.status == RecoveryStatus::Pending;
        // A pending one stops every change of guardians and of the owner.
        let replaced = (recovery.guardian_epoch, recovery.delegate_epoch)
            != (vault.guardian_epoch, vault.delegate_epoch)
            || vault.require_no_guardian_change_due(now).is_err();
        match recovery.status {
            RecoveryStatus::Executed => Self::Executed,
            _ if now >= recovery.lapses_at => Self::Lapsed,
            _ if replaced && !pending => Self::OutOfEpoch,
            RecoveryStatus::Proposed => Self::Proposed,
            RecoveryStatus::Vetoed => Self::Vetoed,
            RecoveryStatus::Pending if now < recovery.executable_at => Self::Waiting,
            RecoveryStatus::Pending => Self::Due,
        }
    }

    /// Why it cannot go on, in the words of the indexer's API.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Executed => Some("executed"),
            Self::Lapsed => Some("lapsed"),
            Self::OutOfEpoch => Some("out_of_epoch"),
            Self::Proposed | Self::Vetoed | Self::Waiting | Self::Due => None,
        }
    }

    fn says(self, recovery: &Recovery, vault: &Vault, now: i64) -> String {
        let (changed, lapses) = (time::say_time(recovery.changed_at, now), time::say_time(recovery.lapses_at, now));
        let executable = time::say_time(recovery.executable_at, now);
        let approvals = recovery.approvals.count_ones();
        let Vault { guardians, .. } = vault;
        match self {
            Self::Executed => format!("It was executed {changed}."),
            Self::Lapsed => format!("It lapsed {lapses} and can no longer happen."),
            Self::OutOfEpoch => {
                "It can no longer happen: the vault has other guardians, or another owner, since.".into()
            }
            Self::Proposed => format!(
                "{approvals} of the {} guardians it takes approved; the others can until {lapses}.",
                guardians.threshold
            ),
            Self::Vetoed => format!(
                "The owner vetoed it. It can still happen if all {} guardians approve it until {lapses}; {approvals} did.",
                guardians.count
            ),
            Self::Waiting if guardians.unanimous(recovery.approvals) => format!(
                "All guardians approved, so no veto stops it. The new owner can execute it from {executable} until {lapses}."
            ),
            Self::Waiting => format!(
                "Enough guardians approved. The owner can veto it until {executable}; from then on until {lapses} the new \
                 owner can execute it."
            ),
            Self::Due => format!("It can happen now: the new owner can execute it until {lapses}."),
        }
    }
}
