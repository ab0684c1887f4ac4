//! A registrar that attests whoever is played.

use aegle_client::{
    Pubkey,
    aegle::{AddRegistrarParams, IssueCredentialParams},
    instruction, pda,
    state::{CredentialKind, CredentialTerms, day_of},
};
use aegle_envelope::EncryptionKey;
use anyhow::Context;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::operator::Operator;

/// Days for which its credentials count.
const VALID: u32 = 365;

/// A registrar for one kind of credentials.
pub struct Board {
    pub authority: Keypair,
    kind: CredentialKind,
}

/// Whom it attests, and what.
pub struct Attested {
    pub subject: Pubkey,
    pub emergency: bool,
    pub encryption_key: EncryptionKey,
    pub profile_commitment: [u8; 32],
}

impl Board {
    /// Has `governance` add it.
    ///
    /// # Errors
    /// The program's refusal, or no answer of the node.
    pub async fn open(
        operator: &Operator,
        governance: &Keypair,
        kind: CredentialKind,
        profile_commitment: [u8; 32],
    ) -> anyhow::Result<Self> {
        let authority = Keypair::new();
        let params = AddRegistrarParams { authority: authority.pubkey(), kinds: kind.bit(), profile_commitment };
        let add = instruction::add_registrar(governance.pubkey(), operator.payer(), params);
        operator.send("add a registrar", add, &[governance]).await?;
        Ok(Self { authority, kind })
    }

    /// Its account.
    pub fn registrar(&self) -> Pubkey {
        pda::find_registrar(&self.authority.pubkey()).0
    }

    /// Attests somebody from today on; the credential, and the slot from which it is there.
    ///
    /// # Errors
    /// As those of [`Board::open`].
    pub async fn issue(&self, operator: &Operator, attested: Attested) -> anyhow::Result<(Pubkey, u64)> {
        let Attested { subject, emergency, encryption_key, profile_commitment } = attested;
        let from_day = day_of(operator.sender.reader().now().await?).context("the ledger's clock is before 1970")?;
        let until_day = from_day + VALID;
        let terms =
            CredentialTerms { emergency, encryption_key: encryption_key.0, profile_commitment, from_day, until_day };
        let params = IssueCredentialParams { subject, kind: self.kind, terms };
        let issue = instruction::issue_credential(self.authority.pubkey(), operator.payer(), params);
        let issued = operator.send("issue a credential", issue, &[&self.authority]).await?;
        Ok((pda::find_credential(&self.registrar(), &subject).0, issued.slot))
    }
}
