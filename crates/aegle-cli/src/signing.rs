//! How a transaction is signed, paid for and sent: by a key of one's own through the node, or by the operator.

use aegle_api_client::{Error, Pay, Relay};
use aegle_client::{Pubkey, Reader, SendError, Sent, aegle::AegleError, instruction::Authority, state::Vault};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    Context, Problem,
    context::{Acting, refused},
    server::read_line_of,
};

/// The key that acts, with who pays for it.
pub struct Signing<'a> {
    pub keypair: Keypair,
    pub pay: Pay<'a>,
}

impl Signing<'_> {
    pub fn key(&self) -> Pubkey {
        self.keypair.pubkey()
    }

    pub fn payer(&self) -> Pubkey {
        self.pay.payer()
    }

    pub fn reader(&self) -> &Reader {
        self.pay.reader()
    }

    pub fn require_owner(&self, vault: &Vault) -> Result<(), SendError> {
        require_owner(vault, &self.key())
    }

    pub fn authority(&self, acting: Acting) -> Authority {
        if acting.as_delegate { Authority::Delegate(self.key()) } else { Authority::Owner(self.key()) }
    }
}

/// Refuses as the program would, for instructions that name the owner as their signer.
pub fn require_owner(vault: &Vault, key: &Pubkey) -> Result<(), SendError> {
    if vault.owner == *key { Ok(()) } else { Err(refused(AegleError::Unauthorized)) }
}

impl Context {
    /// The key that acts, for what the operator pays for where that is asked for.
    pub async fn signing(&self) -> Result<Signing<'_>, Problem> {
        // A key that is missing is told before a server is asked.
        let keypair = self.keypair()?;
        Ok(Signing { keypair, pay: self.pay().await? })
    }

    /// The same for what no operator pays for: governance, and the program itself.
    pub fn governing(&self) -> Result<Signing<'_>, Problem> {
        if self.options().relay {
            return Err(Problem::usage(
                "relay_not_here",
                "The operator does not pay for this command",
                "Leave --relay (AEGLE_RELAY) away and pay with a key of your own.",
            ));
        }
        Ok(Signing { keypair: self.keypair()?, pay: Pay::Own(self.own()?) })
    }

    /// Who pays and sends: a key of one's own, or the operator.
    pub async fn pay(&self) -> Result<Pay<'_>, Problem> {
        if !self.options().relay {
            return Ok(Pay::Own(self.own()?));
        }
        let invitation = self.options().invitation.as_deref().map(read_line_of).transpose()?;
        let session = self.session().await?;
        let relay = self.wait("Asking who pays", Relay::new(session, self.reader(), invitation)).await?;
        Ok(Pay::Relay(relay))
    }

    /// Sends one instruction and says so when it takes long. The error is the client's own, for who
    /// must know whether the network may still take it.
    pub async fn send(&self, instruction: Instruction, signing: &Signing<'_>) -> Result<Sent, Error> {
        self.send_all(&[instruction], signing).await
    }

    /// Sends instructions of one transaction: all of them happen or none.
    pub async fn send_all(&self, instructions: &[Instruction], signing: &Signing<'_>) -> Result<Sent, Error> {
        let signers = [&signing.keypair];
        self.wait("Waiting for the network to confirm", signing.pay.send(instructions, &signers)).await
    }
}
