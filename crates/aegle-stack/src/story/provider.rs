//! Who may be let in: providers whom a registrar attests, and relatives whom the patient alone vouches for.

use aegle_api_client::{Api, Secrets, Session};
use aegle_client::{
    Pubkey,
    aegle::{AddRegistrarParams, IssueCredentialParams},
    commitment::{commit, random_bytes},
    instruction, pda,
    state::{CredentialKind, CredentialTerms},
};
use aegle_decision::Key;
use aegle_envelope::{EncryptionKey, SecretKey};
use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::keypair;
use crate::operator::Operator;

/// What they are, in the order of [`Role`].
const KINDS: [CredentialKind; 5] = [
    CredentialKind::Practitioner,
    CredentialKind::Organization,
    CredentialKind::Insurer,
    CredentialKind::Researcher,
    CredentialKind::Practitioner,
];
/// Days for which credentials count.
const VALID: u32 = 365;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    FamilyDoctor,
    Hospital,
    Insurer,
    Researcher,
    Psychiatrist,
}

/// Somebody who may be let in.
pub struct Reader {
    pub wallet: Keypair,
    pub secrets: Secrets,
    pub encryption_key: EncryptionKey,
    /// None where nobody attests them.
    pub credential: Option<Key>,
}

impl Reader {
    /// Nobody attests them.
    pub fn new(rng: &mut ChaCha20Rng) -> Self {
        let secret = SecretKey::generate(rng);
        Self { wallet: keypair(rng), encryption_key: secret.encryption_key(), secrets: secret.into(), credential: None }
    }

    pub fn key(&self) -> Key {
        Key(self.wallet.pubkey().to_bytes())
    }
}

pub struct Providers(Vec<Reader>);

impl Providers {
    pub const COUNT: usize = KINDS.len();

    /// Makes them. Where there is `governance`, a registrar attests them from `today` on.
    pub async fn new(
        operator: &Operator,
        governance: Option<&Keypair>,
        today: u32,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<Self> {
        let mut providers: Vec<Reader> = KINDS.iter().map(|_| Reader::new(rng)).collect();
        let Some(governance) = governance else { return Ok(Self(providers)) };
        let board = keypair(rng);
        let params = AddRegistrarParams {
            authority: board.pubkey(),
            kinds: KINDS.iter().fold(0, |kinds, kind| kinds | kind.bit()),
            profile_commitment: commit(&random_bytes(rng), b"{\"name\":\"Health Authority\"}"),
        };
        let add = instruction::add_registrar(governance.pubkey(), operator.payer(), params);
        operator.send("add a registrar", add, &[governance]).await?;
        let issues: Vec<_> = providers
            .iter()
            .zip(KINDS)
            .map(|(provider, kind)| IssueCredentialParams {
                subject: provider.wallet.pubkey(),
                kind,
                terms: CredentialTerms {
                    emergency: false,
                    encryption_key: provider.encryption_key.0,
                    profile_commitment: random_bytes(rng),
                    from_day: today,
                    until_day: today + VALID,
                },
            })
            .collect();
        let board = &board;
        let issue = |params| async move {
            let issue = instruction::issue_credential(board.pubkey(), operator.payer(), params);
            operator.send("issue a credential", issue, &[board]).await
        };
        stream::iter(issues).map(issue).buffered(KINDS.len()).try_collect::<Vec<_>>().await?;
        let registrar = pda::find_registrar(&board.pubkey()).0;
        for provider in &mut providers {
            let credential: Pubkey = pda::find_credential(&registrar, &provider.wallet.pubkey()).0;
            provider.credential = Some(Key(credential.to_bytes()));
        }
        Ok(Self(providers))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Reader> {
        self.0.iter()
    }

    pub fn of(&self, role: Role) -> anyhow::Result<&Reader> {
        self.0.get(role as usize).context("nobody has that role")
    }

    /// Signs in; for the hospital the family doctor acts.
    pub async fn sign_in(&self, api: &Api, role: Role) -> anyhow::Result<Session> {
        let acting = match role {
            Role::Hospital => Some(&self.of(Role::FamilyDoctor)?.wallet as &dyn Signer),
            _ => None,
        };
        Ok(Session::sign_in(api, &self.of(role)?.wallet, acting).await?)
    }
}
