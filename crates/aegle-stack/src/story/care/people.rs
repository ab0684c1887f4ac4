//! Who takes part, and how each comes in.

use aegle_api_client::{
    Pay, Relay, Secrets, Session, Unlocked,
    accounting::Attested,
    agent,
    keyring::{self, Guardians},
};
use aegle_client::{
    Pubkey, Sent,
    aegle::{AddDelegateParams, AddRegistrarParams, ChangeGuardiansParams, CreateVaultParams, IssueCredentialParams},
    commitment::{GuardianList, commit, random_bytes},
    id, instruction, pda,
    state::{CredentialKind, CredentialTerms, Right},
};
use aegle_decision::Key;
use aegle_envelope::{EncryptionKey, RecoveryCode, RootSecret, SecretKey, keyring::Guardian};
use anyhow::{Context, anyhow, ensure};
use futures::future::try_join_all;
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::{RELAY_FUNDS, Stage, key_of};
use crate::story::{keypair, recovery::RECOVERY_DELAY};

const GUARDIANS: usize = 3;
const THRESHOLD: u8 = 2;
/// The practitioner's name, as the board attests it.
pub const PRACTITIONER: &str = "A. Doctor";
/// Days for which credentials count.
const VALID: u32 = 365;

/// Somebody whom a registrar attests.
pub struct Professional {
    pub wallet: Keypair,
    pub secrets: Secrets,
    pub encryption_key: EncryptionKey,
    pub credential: Key,
    /// What the board wrote about them, which they show to whom they like.
    pub attested: Attested,
}

impl Professional {
    pub fn key(&self) -> Key {
        key_of(&self.wallet)
    }
}

pub struct Staff {
    pub practitioner: Professional,
    pub organization: Professional,
    /// Acts for the organization.
    pub acting: Professional,
    pub custodians: [Professional; 3],
}

/// The patient, and whom she trusts.
pub struct Patient {
    pub wallet: Keypair,
    pub session: Session,
    pub unlocked: Unlocked,
    pub helpers: Vec<(Keypair, SecretKey)>,
    pub list: GuardianList,
    pub code: RecoveryCode,
    /// The server's agent, which may mint for the patient and nothing else, since then.
    pub agent: Pubkey,
    pub delegated: Sent,
    /// Who has the vault after a recovery.
    pub heir: Option<(Keypair, Session)>,
}

impl Patient {
    pub fn vault(&self) -> Key {
        self.unlocked.vault()
    }

    /// The operator pays.
    pub async fn pay<'a>(&'a self, stage: &'a Stage<'_>) -> anyhow::Result<Pay<'a>> {
        relay(&self.session, stage).await
    }

    pub fn guardians(&self) -> Vec<Guardian> {
        let guardian = |(key, secret): &(Keypair, SecretKey)| Guardian {
            guardian: key_of(key),
            encryption_key: secret.encryption_key(),
        };
        self.helpers.iter().map(guardian).collect()
    }
}

pub fn threshold(guardians: &[Guardian]) -> Guardians<'_> {
    Guardians { threshold: THRESHOLD, guardians }
}

pub async fn relay<'a>(session: &'a Session, stage: &'a Stage<'_>) -> anyhow::Result<Pay<'a>> {
    Ok(Pay::Relay(Relay::new(session, stage.reader(), None).await?))
}

/// Gives the relay's key something to pay with; returns an invitation.
pub async fn open_relay(stage: &Stage<'_>, relay: Pubkey) -> anyhow::Result<String> {
    stage.reader().airdrop(&relay, RELAY_FUNDS).await?;
    let output = stage.settings.output(&["invite"]).await?;
    ensure!(output.status.success(), "aegle-indexer invite: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub async fn attest(stage: &Stage<'_>) -> anyhow::Result<Staff> {
    let board = keypair(&mut stage.rng.borrow_mut());
    let params = AddRegistrarParams {
        authority: board.pubkey(),
        kinds: [CredentialKind::Practitioner, CredentialKind::Organization, CredentialKind::Custodian]
            .map(CredentialKind::bit)
            .into_iter()
            .sum(),
        profile_commitment: commit(
            &random_bytes(&mut *stage.rng.borrow_mut()),
            b"{\"name\":\"Chamber of Physicians\"}",
        ),
    };
    let (governance, payer) = (stage.governance, stage.operator.payer());
    let add = instruction::add_registrar(governance.pubkey(), payer, params);
    stage.send("add a registrar", add, &[governance]).await?;
    let secrets: [SecretKey; 6] = std::array::from_fn(|_| SecretKey::generate(&mut *stage.rng.borrow_mut()));
    for secret in &secrets {
        stage.plant("a professional's key", &*secret.to_bytes());
    }
    use CredentialKind::{Custodian, Organization, Practitioner};
    let people = [
        (Practitioner, PRACTITIONER),
        (Organization, "A Hospital"),
        (Practitioner, "An Assistant"),
        (Custodian, "A Foundation"),
        (Custodian, "A Notary"),
        (Custodian, "A University"),
    ];
    let attested = people.into_iter().zip(secrets).map(|(person, secret)| {
        let rng = stage.fork();
        professional(stage, &board, person, secret, rng)
    });
    let attested = try_join_all(attested).await?.try_into().map_err(|_| anyhow!("somebody is missing"))?;
    let [practitioner, organization, acting, first, second, third]: [Professional; 6] = attested;
    Ok(Staff { practitioner, organization, acting, custodians: [first, second, third] })
}

async fn professional(
    stage: &Stage<'_>,
    board: &Keypair,
    (kind, name): (CredentialKind, &str),
    secret: SecretKey,
    mut rng: ChaCha20Rng,
) -> anyhow::Result<Professional> {
    let wallet = keypair(&mut rng);
    let encryption_key = secret.encryption_key();
    let (salt, profile) = (random_bytes(&mut rng), format!("{{\"name\":\"{name}\"}}").into_bytes());
    let terms = CredentialTerms {
        emergency: kind == CredentialKind::Practitioner,
        encryption_key: encryption_key.0,
        profile_commitment: commit(&salt, &profile),
        from_day: stage.today,
        until_day: stage.today + VALID,
    };
    let params = IssueCredentialParams { subject: wallet.pubkey(), kind, terms };
    let issue = instruction::issue_credential(board.pubkey(), stage.operator.payer(), params);
    stage.send("issue a credential", issue, &[board]).await?;
    let credential = pda::find_credential(&pda::find_registrar(&board.pubkey()).0, &wallet.pubkey()).0;
    let credential = Key(credential.to_bytes());
    let attested = Attested { credential, salt, profile };
    Ok(Professional { wallet, secrets: secret.into(), encryption_key, credential, attested })
}

/// The patient signs in with an invitation and has everything that others pay for made by the relay.
pub async fn arrive(stage: &Stage<'_>, invitation: &str) -> anyhow::Result<Patient> {
    let wallet = keypair(&mut stage.rng.borrow_mut());
    let owner = wallet.pubkey();
    let session = stage.sign_in(&wallet).await?;
    let vault_id = id::vault_id(&mut *stage.rng.borrow_mut());
    let address = pda::find_vault(&vault_id).0;
    let unlocked = Unlocked::new(Key(address.to_bytes()), 0, RootSecret::generate(&mut *stage.rng.borrow_mut()));
    let pay = Pay::Relay(Relay::new(&session, stage.reader(), Some(invitation.to_owned())).await?);
    let params = CreateVaultParams { vault_id, encryption_key: unlocked.encryption_key()?.0 };
    let sent = pay.send(&[instruction::create_vault(owner, pay.payer(), params)], &[&wallet]).await?;
    stage.confirmed(&sent).await?;

    let mut rng = stage.fork();
    let helpers: Vec<(Keypair, SecretKey)> =
        (0..GUARDIANS).map(|_| (keypair(&mut rng), SecretKey::generate(&mut rng))).collect();
    let keys: Vec<Pubkey> = helpers.iter().map(|(key, _)| key.pubkey()).collect();
    let list = GuardianList::new(address, &keys, &mut rng);
    let params = ChangeGuardiansParams {
        guardians: list.guardians(THRESHOLD, RECOVERY_DELAY),
        expected: instruction::expected(&stage.vault(&unlocked.vault()).await?),
    };
    let pay = relay(&session, stage).await?;
    let named = agent::key(&session, unlocked.vault()).await?;
    ensure!(!named.in_effect, "the agent acts for a vault that it was not added to");
    let agent = Pubkey::from(named.key.0);
    let delegate = AddDelegateParams {
        key: agent,
        rights: Right::Mint as u8,
        until_day: stage.today + 30,
        expected: params.expected,
    };
    let instructions =
        [instruction::change_guardians(address, params), instruction::add_delegate(address, pay.payer(), delegate)];
    let delegated = pay.send(&instructions, &[&wallet]).await?;
    stage.confirmed(&delegated).await?;
    drop(pay);

    let guardians: Vec<Guardian> = helpers
        .iter()
        .map(|(key, secret)| Guardian { guardian: key_of(key), encryption_key: secret.encryption_key() })
        .collect();
    let made = keyring::make(stage.api.origin(), &wallet, &unlocked, Some(threshold(&guardians)), None, &mut rng)?;
    keyring::store(&session, &made.keyring).await?;
    stage.plant("the root secret", &*made.root.to_bytes());
    stage.plant("the recovery code", made.code.text().as_bytes());
    stage.plant("the vault's key", &*made.root.vault_key(&unlocked.vault(), 0).to_bytes());
    Ok(Patient { wallet, session, unlocked, helpers, list, code: made.code, agent, delegated, heir: None })
}

/// Nobody of the patient's had to have anything.
pub async fn empty(stage: &Stage<'_>, patient: &Patient) -> anyhow::Result<()> {
    let heir = patient.heir.as_ref().map(|(key, _)| key).context("nobody recovered the vault")?;
    let helpers = patient.helpers.iter().map(|(key, _)| key);
    let wallets = helpers.chain([&patient.wallet, heir]).map(Signer::pubkey);
    for key in wallets.chain([patient.agent]) {
        let balance = stage.reader().rpc().get_balance(&key).await?;
        ensure!(balance == 0, "{key} has {balance} lamports");
    }
    Ok(())
}
