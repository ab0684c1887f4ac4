//! What is deployed: the accounts of the upgradeable loader, read from a node.

use anchor_lang::prelude::Pubkey;
use solana_account::Account;
use solana_loader_v3_interface::state::UpgradeableLoaderState as State;
use solana_sdk_ids::{bpf_loader_upgradeable, system_program};
use solana_sha256_hasher::hash;

use crate::{Reader, SendError};

pub use solana_loader_v3_interface::get_program_data_address;

/// A deployed program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The account that holds the code.
    pub program_data: Pubkey,
    /// Slot of the deployment or of the last upgrade.
    pub slot: u64,
    /// Who may upgrade it; none when nobody ever can again.
    pub upgrade_authority: Option<Pubkey>,
    /// The ELF with the zeros that fill the account behind it.
    pub code: Vec<u8>,
}

/// Code on its way to a deployment or an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Who may write and use it.
    pub authority: Option<Pubkey>,
    pub code: Vec<u8>,
    /// Rent that comes back when the buffer is used or closed.
    pub lamports: u64,
}

/// What is at a program's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Missing,
    /// The account is there, without code.
    Empty,
    Deployed(Deployment),
}

/// SHA-256 over code without the zeros at its end, which cannot be told from the filling of the
/// account. `solana-verify` computes the same.
pub fn program_hash(code: &[u8]) -> [u8; 32] {
    hash(without_filling(code)).to_bytes()
}

/// Whether two pieces of code are the same but for the zeros at their ends.
pub fn same_code(one: &[u8], other: &[u8]) -> bool {
    without_filling(one) == without_filling(other)
}

pub(crate) fn without_filling(code: &[u8]) -> &[u8] {
    let end = code.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &code[..end]
}

impl Reader {
    /// What is deployed at `program`.
    pub async fn program(&self, program: &Pubkey) -> Result<Program, SendError> {
        let program_data = get_program_data_address(program);
        // Both at once, so that they are of one slot.
        let mut found = self.accounts(&[*program, program_data]).await?.into_iter();
        let (account, data) = (found.next().flatten(), found.next().flatten());
        let not_readable = |address: &Pubkey| SendError::NotReadable { what: "program", address: *address };
        let Some(account) = account else {
            return Ok(Program::Missing);
        };
        match state(&account) {
            Some(State::Uninitialized) => return Ok(Program::Empty),
            Some(State::Program { programdata_address }) if programdata_address == program_data => {}
            _ => return Err(not_readable(program)),
        }
        let data = data.ok_or(SendError::NotFound { what: "program's code", address: program_data })?;
        let Some(State::ProgramData { slot, upgrade_authority_address }) = state(&data) else {
            return Err(not_readable(&program_data));
        };
        let code = data.data.get(State::size_of_programdata_metadata()..).unwrap_or_default().to_vec();
        Ok(Program::Deployed(Deployment { program_data, slot, upgrade_authority: upgrade_authority_address, code }))
    }

    /// The program whose account is at `address`, if it is not an ordinary one. A multisig's own account is such;
    /// what signs for it has another address.
    pub async fn program_account(&self, address: &Pubkey) -> Result<Option<Pubkey>, SendError> {
        let account = self.accounts(&[*address]).await?.pop().flatten();
        Ok(account.map(|account| account.owner).filter(|owner| *owner != system_program::ID))
    }

    /// The buffer at `address`; none where nothing is.
    pub async fn buffer(&self, address: &Pubkey) -> Result<Option<Buffer>, SendError> {
        let Some(account) = self.accounts(&[*address]).await?.pop().flatten() else {
            return Ok(None);
        };
        let Some(State::Buffer { authority_address }) = state(&account) else {
            return Err(SendError::NotReadable { what: "buffer", address: *address });
        };
        let code = account.data.get(State::size_of_buffer_metadata()..).unwrap_or_default().to_vec();
        Ok(Some(Buffer { authority: authority_address, code, lamports: account.lamports }))
    }
}

/// What the loader wrote at the start of its account.
fn state(account: &Account) -> Option<State> {
    if account.owner != bpf_loader_upgradeable::ID {
        return None;
    }
    bincode::deserialize_from(&account.data[..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filling_of_the_account_is_no_part_of_the_hash_and_everything_else_is() {
        let code = [0x7f, b'E', 0, 0, 1, 0];
        assert_eq!(program_hash(&code), program_hash(&[&code[..], &[0; 9]].concat()));
        assert!(same_code(&code, &[&code[..], &[0; 9]].concat()));
        assert!(!same_code(&code, &[&code[..], &[0, 1]].concat()));
        assert_ne!(program_hash(&code), program_hash(&[0x7f, b'E', 0, 1]));
        assert_eq!(program_hash(&[0; 4]), program_hash(&[]));
    }
}
