use aegle_client::{
    Pubkey, Reader, SendError, pda,
    state::{Config, DAY, Delegate, Right, Vault},
};

use super::trouble::Trouble;

/// How the agent stands with a vault, as the ledger has it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may make this many records.
    May(u32),
    /// Not now.
    Waits(Trouble),
    /// It was removed, its time is over, or the vault has another owner: this key never acts again.
    Over,
}

impl Standing {
    /// Asks the node, so that a mint which the program would refuse is not sent and a delegation that has ended
    /// ends here, whatever the server says.
    ///
    /// # Errors
    /// The node's.
    pub async fn ask(reader: &Reader, vault: &Pubkey, key: &Pubkey) -> Result<Self, SendError> {
        let (delegate, config) = (pda::find_delegate(vault, key).0, pda::find_config().0);
        let delegate: Delegate = reader.account("delegate", &delegate).await?;
        let vault: Vault = reader.account("vault", vault).await?;
        let config: Config = reader.account("configuration", &config).await?;
        Ok(Self::judge(&delegate, &vault, config.paused, reader.now().await?))
    }

    /// `now` is the ledger's clock, in seconds since the Unix epoch.
    fn judge(delegate: &Delegate, vault: &Vault, paused: bool, now: i64) -> Self {
        let is_over = delegate.removed_slot != 0
            || delegate.delegate_epoch != vault.delegate_epoch
            || now >= i64::from(delegate.until_day) * DAY
            || delegate.rights != Right::Mint as u8;
        if is_over {
            return Self::Over;
        }
        if paused {
            return Self::Waits(Trouble::Paused);
        }
        match vault.delegate_mint_cap.saturating_sub(vault.delegate_mints) {
            0 => Self::Waits(Trouble::Cap),
            left => Self::May(left),
        }
    }

    /// The same after one more record.
    pub fn after_one(self) -> Self {
        match self {
            Self::May(left) if left > 1 => Self::May(left - 1),
            Self::May(_) => Self::Waits(Trouble::Cap),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use aegle_client::{AccountDeserialize, Space, state::VERSION};

    use super::*;

    const NOW: i64 = 100 * DAY;

    fn delegate() -> Delegate {
        Delegate {
            version: VERSION,
            bump: 255,
            rent_payer: Pubkey::new_unique(),
            vault: Pubkey::new_unique(),
            key: Pubkey::new_unique(),
            rights: Right::Mint as u8,
            until_day: 101,
            delegate_epoch: 3,
            added_slot: 5,
            added_at: NOW,
            removed_slot: 0,
            removed_at: 0,
        }
    }

    fn vault() -> Vault {
        let zeros = [0; 8 + Vault::INIT_SPACE];
        let vault = Vault::try_deserialize_unchecked(&mut &zeros[..]).expect("vault");
        Vault { delegate_epoch: 3, delegate_mints: 7, delegate_mint_cap: 9, ..vault }
    }

    #[test]
    fn inv_3_a_delegation_that_is_removed_ended_reset_or_wider_than_minting_is_over() {
        assert_eq!(Standing::judge(&delegate(), &vault(), false, NOW), Standing::May(2));
        type Change = fn(&mut Delegate);
        let changes: [Change; 5] = [
            |delegate| delegate.removed_slot = 9,
            |delegate| delegate.until_day = 100,
            |delegate| delegate.delegate_epoch = 2,
            |delegate| delegate.rights = Right::Mint as u8 | Right::Read as u8,
            |delegate| delegate.rights = Right::Grant as u8,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = delegate();
            change(&mut changed);
            assert_eq!(Standing::judge(&changed, &vault(), false, NOW), Standing::Over, "change {number}");
        }
    }

    #[test]
    fn pause_and_cap_are_waited_for() {
        assert_eq!(Standing::judge(&delegate(), &vault(), true, NOW), Standing::Waits(Trouble::Paused));
        let full = Vault { delegate_mints: 9, ..vault() };
        assert_eq!(Standing::judge(&delegate(), &full, false, NOW), Standing::Waits(Trouble::Cap));
        assert_eq!(Standing::May(2).after_one().after_one(), Standing::Waits(Trouble::Cap));
    }
}
