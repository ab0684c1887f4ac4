use aegle::state::Actor;
use anchor_lang::prelude::Pubkey;

/// Who signs for a vault: its owner, or a delegate by the own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    Owner(Pubkey),
    Delegate(Pubkey),
}

impl Authority {
    pub fn key(&self) -> Pubkey {
        match self {
            Self::Owner(key) | Self::Delegate(key) => *key,
        }
    }

    /// In whose name the token of a record that this authority mints is.
    pub fn token_holder(&self, owner: &Pubkey, record: &Pubkey) -> Pubkey {
        Actor::of(owner, &self.key()).token_holder().key(owner, record)
    }

    /// The delegate's account, where it is one.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn delegate(&self, vault: &Pubkey) -> Option<Pubkey> {
        match self {
            Self::Owner(_) => None,
            Self::Delegate(key) => Some(aegle::pda::find_delegate(vault, key).0),
        }
    }
}
