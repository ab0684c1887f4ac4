//! Deploying and upgrading through the loader: code is written to a buffer piece by piece, and one
//! last transaction takes it from there.

use std::{ops::Range, time::Duration};

use anchor_lang::prelude::Pubkey;
use futures::{StreamExt, TryStreamExt, stream};
use solana_commitment_config::CommitmentConfig;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_loader_v3_interface::{instruction as loader, state::UpgradeableLoaderState};
use solana_sha256_hasher::hashv;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::Transaction;
use tokio::time::{Instant, sleep};

use crate::{
    SendError, Sender, Sent,
    deployment::{Buffer, Deployment, Program},
};

/// Bytes of a transaction that a packet takes.
const PACKET: usize = 1232;
/// Requests to the node under way at a time; public nodes take few.
const AT_ONCE: usize = 8;
/// Lamports for each signature.
const FEE: u64 = 5_000;
/// Fees for what is sent besides the pieces, and the rent of the program's own small account.
const SPARE: u64 = 1_000;
/// Signatures that a node tells the status of in one answer.
const STATUSES: usize = 256;
const POLL: Duration = Duration::from_millis(500);
/// Pieces not seen by then are sent again: nodes drop them under load.
const RESEND: Duration = Duration::from_secs(4);

#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("The code is not an ELF file")]
    NotElf,
    #[error("The code is {needed} bytes and the program has room for {room}")]
    NoRoom { needed: usize, room: usize },
    #[error("There is no program at {program}, and its own key is needed to make one")]
    ProgramKeyMissing { program: Pubkey },
    #[error("The upgrade authority of {program} is {authority}")]
    NotUpgradeAuthority { program: Pubkey, authority: Pubkey },
    #[error("The program at {program} can never be upgraded")]
    Immutable { program: Pubkey },
    #[error("The buffer {buffer} belongs to somebody else or has another size")]
    OtherBuffer { buffer: Pubkey },
    #[error("The payer {payer} has {} SOL and this takes {} SOL, mostly rent", sol(*has), sol(*needs))]
    PayerShort { payer: Pubkey, has: u64, needs: u64 },
    #[error("The network took none of the code for as long as a transaction is valid")]
    Stalled,
    #[error("The loader's instruction could not be built")]
    Instruction,
}

/// What a deployment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    pub sent: Sent,
    /// Whether there was a program before.
    pub upgraded: bool,
}

fn sol(lamports: u64) -> f64 {
    lamports as f64 / 1e9
}

/// The key of a buffer for `code`: always the same, so that writing can go on after a break. It signs for the
/// account's creation and has no power afterwards.
pub fn buffer_key(authority: &Keypair, code: &[u8]) -> Keypair {
    let seed = hashv(&[b"aegle:program-buffer:v1", authority.secret_bytes(), code]);
    Keypair::new_from_array(seed.to_bytes())
}

/// Deploys with the key that may: the upgrade authority, which is also the buffer's.
pub struct Deployer<'a> {
    pub sender: &'a Sender,
    pub authority: &'a Keypair,
}

impl Deployer<'_> {
    /// Lamports that a buffer of `length` bytes locks until it is used or closed.
    pub async fn rent(&self, length: usize) -> Result<u64, SendError> {
        let size = UpgradeableLoaderState::size_of_buffer(length);
        let rent = self.sender.rpc().get_minimum_balance_for_rent_exemption(size).await;
        rent.map_err(|error| self.sender.reader().node_error(error))
    }

    /// Finds out before anything is paid whether code of `length` bytes can be deployed.
    pub async fn ready(
        &self,
        program: &Pubkey,
        program_key: Option<&Keypair>,
        length: usize,
    ) -> Result<(), DeployError> {
        match self.sender.reader().program(program).await? {
            Program::Deployed(deployment) => self.may_upgrade(program, &deployment, length),
            Program::Missing if program_key.is_none_or(|key| key.pubkey() != *program) => {
                Err(DeployError::ProgramKeyMissing { program: *program })
            }
            Program::Missing | Program::Empty => Ok(()),
        }
    }

    fn may_upgrade(&self, program: &Pubkey, deployment: &Deployment, length: usize) -> Result<(), DeployError> {
        let room = deployment.code.len();
        match deployment.upgrade_authority {
            None => Err(DeployError::Immutable { program: *program }),
            Some(authority) if authority != self.authority.pubkey() => {
                Err(DeployError::NotUpgradeAuthority { program: *program, authority })
            }
            Some(_) if length > room => Err(DeployError::NoRoom { needed: length, room }),
            Some(_) => Ok(()),
        }
    }

    /// Writes `code` to the buffer of that key, which is made where it is not there. Begun before,
    /// it goes on where it stopped. `progress` hears how many bytes are there.
    pub async fn write_buffer(
        &self,
        buffer: &Keypair,
        code: &[u8],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), DeployError> {
        if !code.starts_with(b"\x7fELF") {
            return Err(DeployError::NotElf);
        }
        let address = buffer.pubkey();
        if self.sender.reader().buffer(&address).await?.is_none() {
            let (payer, authority) = (self.sender.payer(), self.authority.pubkey());
            let rent = self.rent(code.len()).await?;
            self.can_pay(rent, code.len().div_ceil(self.piece(&address)?)).await?;
            let create = loader::create_buffer(&payer, &address, &authority, rent, code.len());
            self.sender.send(&create.map_err(|_| DeployError::Instruction)?, &[buffer]).await?;
        }
        loop {
            let missing = self.missing(&address, code).await?;
            progress(code.len() - missing.iter().map(Range::len).sum::<usize>());
            if missing.is_empty() {
                return Ok(());
            }
            self.write(&address, code, missing, progress).await?;
        }
    }

    /// Takes the code of a buffer that this authority owns: a first deployment with room for
    /// `max_length` bytes, or an upgrade. `program_key` is needed where no account is at the address.
    pub async fn deploy(
        &self,
        program: &Pubkey,
        program_key: Option<&Keypair>,
        buffer: &Pubkey,
        max_length: usize,
    ) -> Result<Deployed, DeployError> {
        let (payer, authority) = (self.sender.payer(), self.authority.pubkey());
        let mut signers = vec![self.authority];
        let state = self.sender.reader().program(program).await?;
        let upgraded = matches!(state, Program::Deployed(_));
        let instructions = match state {
            Program::Deployed(deployment) => {
                self.may_upgrade(program, &deployment, self.own_buffer(buffer).await?.code.len())?;
                vec![loader::upgrade(program, buffer, &authority, &payer)]
            }
            state => {
                let size = UpgradeableLoaderState::size_of_program();
                let rent = self.sender.rpc().get_minimum_balance_for_rent_exemption(size).await;
                let rent = rent.map_err(|error| self.sender.reader().node_error(error))?;
                let both = loader::deploy_with_max_program_len(&payer, program, buffer, &authority, rent, max_length)
                    .map_err(|_| DeployError::Instruction)?;
                match (state, program_key) {
                    // The account is there already: what makes it is left out.
                    (Program::Empty, _) => both.into_iter().skip(1).collect(),
                    (_, Some(key)) if key.pubkey() == *program => {
                        signers.push(key);
                        both
                    }
                    _ => return Err(DeployError::ProgramKeyMissing { program: *program }),
                }
            }
        };
        let sent = self.sender.send(&instructions, &signers).await?;
        self.usable(sent.slot).await?;
        Ok(Deployed { sent, upgraded })
    }

    /// Gives a buffer to another authority, such as a multisig that will use it.
    pub async fn give_buffer(&self, buffer: &Pubkey, to: &Pubkey) -> Result<Sent, SendError> {
        let give = loader::set_buffer_authority(buffer, &self.authority.pubkey(), to);
        self.sender.send(&[give], &[self.authority]).await
    }

    /// Gives the right to upgrade to another authority. Only that one can give it back.
    pub async fn hand_over(&self, program: &Pubkey, to: &Pubkey) -> Result<Sent, SendError> {
        let give = loader::set_upgrade_authority(program, &self.authority.pubkey(), Some(to));
        self.sender.send(&[give], &[self.authority]).await
    }

    /// Closes a buffer; its rent goes to the payer.
    pub async fn close_buffer(&self, buffer: &Pubkey) -> Result<Sent, SendError> {
        let close = loader::close(buffer, &self.sender.payer(), &self.authority.pubkey());
        self.sender.send(&[close], &[self.authority]).await
    }

    /// Refuses where the payer could not see it through: rent, and a fee for each signature.
    async fn can_pay(&self, rent: u64, pieces: usize) -> Result<(), DeployError> {
        let payer = self.sender.payer();
        let balance = self.sender.rpc().get_balance(&payer).await;
        let has = balance.map_err(|error| self.sender.reader().node_error(error))?;
        let fees = 2 * FEE * (pieces as u64 + SPARE);
        let needs = rent.saturating_add(fees);
        if has < needs { Err(DeployError::PayerShort { payer, has, needs }) } else { Ok(()) }
    }

    /// Code becomes callable in the slot after the one that brought it.
    async fn usable(&self, slot: u64) -> Result<(), SendError> {
        let rpc = self.sender.rpc();
        while rpc.get_slot().await.map_err(|error| self.sender.reader().node_error(error))? <= slot {
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn own_buffer(&self, address: &Pubkey) -> Result<Buffer, DeployError> {
        match self.sender.reader().buffer(address).await? {
            Some(buffer) if buffer.authority == Some(self.authority.pubkey()) => Ok(buffer),
            Some(_) => Err(DeployError::OtherBuffer { buffer: *address }),
            None => Err(SendError::NotFound { what: "buffer", address: *address }.into()),
        }
    }

    /// The pieces of `code` that the buffer does not hold yet: the ledger itself says what is left.
    async fn missing(&self, address: &Pubkey, code: &[u8]) -> Result<Vec<Range<usize>>, DeployError> {
        let written = self.own_buffer(address).await?.code;
        if written.len() != code.len() {
            return Err(DeployError::OtherBuffer { buffer: *address });
        }
        let piece = self.piece(address)?;
        let pieces = (0..code.len()).step_by(piece).map(|start| start..code.len().min(start + piece));
        Ok(pieces.filter(|piece| written[piece.clone()] != code[piece.clone()]).collect())
    }

    /// Bytes of code that one transaction takes.
    fn piece(&self, buffer: &Pubkey) -> Result<usize, SendError> {
        let empty = self.sender.sign(&[self.write_piece(buffer, 0, &[])], &[self.authority], Hash::default())?;
        let size = bincode::serialized_size(&empty).map_or(PACKET, |size| size as usize);
        // With code in it, the length of the instruction's data takes a byte more.
        Ok(PACKET.saturating_sub(size + 1).max(1))
    }

    fn write_piece(&self, buffer: &Pubkey, start: usize, bytes: &[u8]) -> Instruction {
        loader::write(buffer, &self.authority.pubkey(), start as u32, bytes.to_vec())
    }

    /// Sends the pieces and returns when all have landed, or when what has not never will.
    async fn write(
        &self,
        buffer: &Pubkey,
        code: &[u8],
        pieces: Vec<Range<usize>>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), DeployError> {
        let (blockhash, last_valid) = self.sender.blockhash().await?;
        let sign = |piece: Range<usize>| {
            let write = self.write_piece(buffer, piece.start, &code[piece]);
            self.sender.sign(&[write], &[self.authority], blockhash)
        };
        let (all, piece) = (pieces.len(), self.piece(buffer)?);
        let mut waiting = pieces.into_iter().map(sign).collect::<Result<Vec<Transaction>, _>>()?;
        self.submit(&waiting).await?;
        let mut submitted = Instant::now();
        loop {
            sleep(POLL).await;
            let mut left = Vec::new();
            for transactions in waiting.chunks(STATUSES) {
                let signatures: Vec<Signature> = transactions.iter().map(|sent| sent.signatures[0]).collect();
                let landed = self.sender.landed(&signatures).await?;
                left.extend(
                    transactions.iter().zip(landed).filter(|(_, landed)| !landed).map(|(sent, _)| sent.clone()),
                );
            }
            waiting = left;
            progress(code.len().saturating_sub(waiting.len() * piece));
            if waiting.is_empty() {
                return Ok(());
            }
            if submitted.elapsed() > RESEND {
                let height = self.sender.rpc().get_block_height_with_commitment(CommitmentConfig::confirmed()).await;
                if height.map_err(|error| self.sender.reader().node_error(error))? > last_valid {
                    return if waiting.len() < all { Ok(()) } else { Err(DeployError::Stalled) };
                }
                self.submit(&waiting).await?;
                submitted = Instant::now();
            }
        }
    }

    async fn submit(&self, transactions: &[Transaction]) -> Result<(), SendError> {
        stream::iter(transactions)
            .map(|transaction| self.sender.submit(transaction, true))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }
}
