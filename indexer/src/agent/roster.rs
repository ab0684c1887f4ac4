use std::collections::BTreeMap;

use aegle_api_client::Error;
use aegle_client::{Event, Pubkey, events::DelegateAdded, state::Right};
use serde::Deserialize;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tracing::warn;

use super::{AgentKeys, office::Office};

/// Who let the agent act, from the ledger's final events.
#[derive(Default)]
pub struct Roster {
    /// Where the next reading goes on.
    next: Option<String>,
    /// How many of each vault's keys were added.
    added: BTreeMap<Pubkey, u32>,
    /// Vaults that gave the agent more than it takes.
    pub ignored: usize,
}

#[derive(Deserialize)]
struct EventPage {
    data: Vec<EventRow>,
    next: String,
    more: bool,
}

#[derive(Deserialize)]
struct EventRow {
    /// Hex.
    data: String,
}

impl Roster {
    /// Vaults that joined since, each with the agent's key for it.
    ///
    /// # Errors
    /// The server's; what was read before it is kept, and nothing is lost.
    pub async fn update(&mut self, office: &Office, joined: &mut Vec<(Pubkey, Keypair)>) -> Result<(), Error> {
        loop {
            let mut query = vec![("name", "DelegateAdded".to_owned()), ("limit", "200".to_owned())];
            query.extend(self.next.iter().map(|next| ("after", next.clone())));
            let page: EventPage = match office.api.get("/v1/chain/events", &query).await {
                // Another process signs its cursors with another key. Reading anew finds nobody twice.
                Err(error) if error.is("invalid_cursor") && self.next.take().is_some() => continue,
                page => page?,
            };
            for row in page.data {
                let bytes = hex::decode(row.data).map_err(|_| Error::Answer("an event that is not hex"))?;
                match Event::decode(&bytes) {
                    Ok(Some(Event::DelegateAdded(added))) => joined.extend(self.meet(&office.keys, &added)),
                    _ => return Err(Error::Answer("another event than was asked for")),
                }
            }
            self.next = Some(page.next);
            if !page.more {
                return Ok(());
            }
        }
    }

    /// The vault, where the delegate is the agent and may mint and nothing else.
    fn meet(&mut self, keys: &AgentKeys, added: &DelegateAdded) -> Option<(Pubkey, Keypair)> {
        let number = self.added.get(&added.vault).copied().unwrap_or_default();
        let key = keys.of(&added.vault, number);
        if key.pubkey() != added.key {
            return None;
        }
        self.added.insert(added.vault, number + 1);
        if added.rights == Right::Mint as u8 {
            return Some((added.vault, key));
        }
        self.ignored += 1;
        warn!(
            delegate = %added.delegate,
            "a vault gave the agent more rights than that to add records; it is not served until its owner removes \
             the agent and adds it with that right alone"
        );
        None
    }
}

#[cfg(test)]
mod tests {
    use aegle_client::pda;

    use super::*;

    fn added(vault: Pubkey, key: Pubkey, rights: u8) -> DelegateAdded {
        DelegateAdded {
            delegate: pda::find_delegate(&vault, &key).0,
            vault,
            key,
            bump: 255,
            authority: Pubkey::default(),
            rent_payer: Pubkey::default(),
            rights,
            until_day: 30_000,
            delegate_epoch: 0,
            slot: 1,
            at: 1,
        }
    }

    #[test]
    fn a_vault_joins_with_the_right_to_mint_alone_and_again_after_it_left() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("agent.json");
        solana_keypair::write_keypair_file(&Keypair::new(), &file).expect("file");
        let keys = AgentKeys::read(&file).expect("keys");
        let (mut roster, vault, other) = (Roster::default(), Pubkey::new_unique(), Pubkey::new_unique());
        let (mint, first, second) = (Right::Mint as u8, keys.of(&vault, 0).pubkey(), keys.of(&vault, 1).pubkey());

        assert!(roster.meet(&keys, &added(vault, Pubkey::new_unique(), mint)).is_none(), "somebody else");
        assert!(roster.meet(&keys, &added(other, first, mint)).is_none(), "the key is another vault's");
        let joined = roster.meet(&keys, &added(vault, first, mint));
        assert_eq!(joined.map(|(vault, key)| (vault, key.pubkey())), Some((vault, first)));
        assert!(roster.meet(&keys, &added(vault, first, mint)).is_none(), "read again");
        assert!(roster.meet(&keys, &added(vault, second, mint | Right::Read as u8)).is_none());
        assert_eq!(roster.ignored, 1);
        let third = keys.of(&vault, 2).pubkey();
        assert!(roster.meet(&keys, &added(vault, third, mint)).is_some(), "with less it joins again");
    }
}
