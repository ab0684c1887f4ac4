//! Events that fit together, and the accounts the program would hold after them.

use aegle_client::{
    AccountSerialize, Event, Pubkey, events, pda,
    state::{Config, Consent, Delegate, Record, RecordStatus, VERSION, Vault},
};
use aegle_indexer::decode::LedgerEvent;

use crate::blocks::event_data;

pub const AT: i64 = 1_767_225_600;

pub fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn id(number: u8) -> [u8; 32] {
    [number; 32]
}

/// The creation of vault `number`.
pub fn created(number: u8) -> events::VaultCreated {
    let (vault, bump) = pda::find_vault(&id(number));
    events::VaultCreated {
        vault,
        vault_id: id(number),
        bump,
        owner: key(100),
        rent_payer: key(101),
        encryption_key: [102; 32],
        delegate_mint_cap: 1_000,
        slot: 1,
        at: AT,
    }
}

/// Writes events in the order the program would, and remembers what its accounts hold.
#[derive(Clone)]
pub struct Story {
    pub vault: Pubkey,
    /// Every event with the slot it is in, one transaction each.
    pub ledger: Vec<(i64, LedgerEvent)>,
    pub config: (Pubkey, Config),
    pub root: Vault,
    pub delegates: Vec<(Pubkey, Delegate)>,
    pub records: Vec<(Pubkey, Record)>,
    pub consents: Vec<(Pubkey, Consent)>,
    slot: u64,
}

impl Story {
    /// Configuration and one vault, in the slots 1 and 2.
    pub fn new() -> Self {
        let (address, bump) = pda::find_config();
        let config = Config {
            version: VERSION,
            bump,
            paused: false,
            rent_payer: key(101),
            governance: key(103),
            min_recovery_delay: 1,
            max_recovery_delay: 2,
            payment_mints: Default::default(),
            record_uri: "https://aegle.example/record.json".into(),
            reserved: [0; 64],
        };
        let event = created(1);
        let root = Vault {
            version: VERSION,
            bump: event.bump,
            emergency_policy: 0,
            guardian_count: 0,
            guardian_threshold: 0,
            rent_payer: event.rent_payer,
            vault_id: event.vault_id,
            owner: event.owner,
            encryption_key: event.encryption_key,
            key_epoch: 0,
            consent_epoch: 0,
            delegate_epoch: 0,
            delegate_mints: 0,
            delegate_mint_cap: event.delegate_mint_cap,
            record_count: 0,
            created_slot: 2,
            created_at: AT,
            guardian_commitment: [0; 32],
            pending_recovery: Pubkey::default(),
            reserved: [0; 64],
        };
        let mut story = Self {
            vault: event.vault,
            ledger: Vec::new(),
            config: (address, config),
            root,
            delegates: Vec::new(),
            records: Vec::new(),
            consents: Vec::new(),
            slot: 0,
        };
        let config = &story.config.1;
        let initialized = events::ConfigInitialized {
            config: address,
            bump,
            governance: config.governance,
            rent_payer: config.rent_payer,
            min_recovery_delay: config.min_recovery_delay,
            max_recovery_delay: config.max_recovery_delay,
            record_uri: config.record_uri.clone(),
        };
        story.move_to(1);
        story.push(Event::ConfigInitialized(initialized.clone()), event_data(&initialized));
        story.move_to(2);
        let event = events::VaultCreated { slot: 2, ..event };
        story.push(Event::VaultCreated(event.clone()), event_data(&event));
        story
    }

    /// A story of everything, several events to a slot.
    pub fn of(choices: &[u8]) -> Self {
        let mut story = Self::new();
        for choice in choices {
            story.tell(*choice);
        }
        story
    }

    /// Lets what follows happen in `slot`.
    pub fn move_to(&mut self, slot: u64) {
        self.slot = slot;
    }

    fn push(&mut self, event: Event, data: Vec<u8>) {
        let mut signature = [3; 64];
        signature[..8].copy_from_slice(&(self.ledger.len() as u64).to_be_bytes());
        let slot = self.slot as i64;
        let tx_index = self.ledger.iter().filter(|(other, _)| *other == slot).count() as i32;
        let event = LedgerEvent { signature, tx_index, instruction_index: 0, inner_index: 1, event, data };
        self.ledger.push((slot, event));
    }

    /// What happens next, by choice; odd choices begin a new slot.
    pub fn tell(&mut self, choice: u8) {
        self.slot += u64::from(choice % 2);
        let (slot, at) = (self.slot, AT + self.slot as i64);
        let (vault, authority, rent_payer) = (self.vault, key(100), key(101));
        match choice / 2 % 11 {
            0 | 1 => self.mint(None),
            2 => {
                let active = self.records.iter().position(|(_, record)| record.status == RecordStatus::Active);
                self.mint(active);
            }
            3 => {
                if let Some((record, state)) =
                    self.records.iter_mut().find(|(_, record)| record.status != RecordStatus::Erased)
                {
                    let (record, old_status, new_status) = (*record, state.status, RecordStatus::Erased);
                    (state.status, state.changed_slot, state.changed_at) = (new_status, slot, at);
                    let event = events::RecordErased { record, vault, authority, old_status, new_status, slot, at };
                    self.push(Event::RecordErased(event.clone()), event_data(&event));
                }
            }
            4 => {
                if let Some((record, state)) = self
                    .records
                    .iter_mut()
                    .rev()
                    .find(|(_, record)| matches!(record.status, RecordStatus::Active | RecordStatus::Amended))
                {
                    let (record, old_status, new_status) = (*record, state.status, RecordStatus::EnteredInError);
                    (state.status, state.changed_slot, state.changed_at) = (new_status, slot, at);
                    let event = events::RecordMarkedEnteredInError {
                        record,
                        vault,
                        authority,
                        old_status,
                        new_status,
                        slot,
                        at,
                    };
                    self.push(Event::RecordMarkedEnteredInError(event.clone()), event_data(&event));
                }
            }
            5 => {
                let consent_id = id(self.consents.len() as u8);
                let (address, bump) = pda::find_consent(&vault, &consent_id);
                let event = events::ConsentGranted {
                    vault,
                    consent_id,
                    bump,
                    handle: [50; 32],
                    policy_commitment: [51; 32],
                    authority,
                    rent_payer,
                    purposes: 5,
                    actions: 3,
                    from_day: 20_454,
                    until_day: 20_500,
                    consent_epoch: self.root.consent_epoch,
                    slot,
                    at,
                };
                self.consents.push((
                    address,
                    Consent {
                        version: VERSION,
                        bump,
                        actions: 3,
                        purposes: 5,
                        rent_payer,
                        vault,
                        consent_id,
                        handle: [50; 32],
                        policy_commitment: [51; 32],
                        from_day: 20_454,
                        until_day: 20_500,
                        consent_epoch: self.root.consent_epoch,
                        granted_slot: slot,
                        granted_at: at,
                        revoked_slot: 0,
                        revoked_at: 0,
                    },
                ));
                self.push(Event::ConsentGranted(event.clone()), event_data(&event));
            }
            6 => {
                if let Some((consent, state)) = self.consents.iter_mut().find(|(_, consent)| consent.revoked_slot == 0)
                {
                    (state.revoked_slot, state.revoked_at) = (slot, at);
                    let event = events::ConsentRevoked { consent: *consent, vault, authority, slot, at };
                    self.push(Event::ConsentRevoked(event.clone()), event_data(&event));
                }
            }
            7 => {
                let old_consent_epoch = self.root.consent_epoch;
                self.root.consent_epoch += 1;
                let new_consent_epoch = self.root.consent_epoch;
                let event =
                    events::AllConsentsRevoked { vault, authority, old_consent_epoch, new_consent_epoch, slot, at };
                self.push(Event::AllConsentsRevoked(event.clone()), event_data(&event));
            }
            8 => {
                let (old_encryption_key, old_key_epoch) = (self.root.encryption_key, self.root.key_epoch);
                self.root.key_epoch += 1;
                self.root.encryption_key = [self.root.key_epoch as u8; 32];
                let event = events::KeyRotated {
                    vault,
                    authority,
                    old_encryption_key,
                    new_encryption_key: self.root.encryption_key,
                    old_key_epoch,
                    new_key_epoch: self.root.key_epoch,
                    slot,
                    at,
                };
                self.push(Event::KeyRotated(event.clone()), event_data(&event));
            }
            9 => self.delegate(),
            _ => {
                let (config, state) = (self.config.0, &mut self.config.1);
                let old_paused = state.paused;
                state.paused = !old_paused;
                let (authority, new_paused) = (state.governance, state.paused);
                let event = events::PauseSet { config, authority, old_paused, new_paused, slot, at };
                self.push(Event::PauseSet(event.clone()), event_data(&event));
            }
        }
    }

    fn mint(&mut self, amended: Option<usize>) {
        let (slot, at) = (self.slot, AT + self.slot as i64);
        let (vault, authority, rent_payer) = (self.vault, key(100), key(101));
        let record_id = id(self.records.len() as u8);
        let (address, bump) = pda::find_record(&vault, &record_id);
        let mint_bump = pda::find_mint(&address).1;
        self.root.record_count += 1;
        let mut record = Record {
            version: VERSION,
            bump,
            mint_bump,
            status: RecordStatus::Active,
            rent_payer,
            vault,
            record_id,
            commitment: [60; 32],
            record_version: 1,
            previous: Pubkey::default(),
            minted_slot: slot,
            minted_at: at,
            changed_slot: slot,
            changed_at: at,
            issues: 1,
            token: pda::find_token(&pda::find_mint(&address).0, &self.root.owner).0,
        };
        let (record_count, delegate_mints) = (self.root.record_count, self.root.delegate_mints);
        match amended {
            None => {
                let event = events::RecordMinted {
                    vault,
                    record_id,
                    bump,
                    mint_bump,
                    commitment: record.commitment,
                    authority,
                    rent_payer,
                    record_count,
                    delegate_mints,
                    slot,
                    at,
                };
                self.push(Event::RecordMinted(event.clone()), event_data(&event));
            }
            Some(index) => {
                let (previous, state) = &mut self.records[index];
                (state.status, state.changed_slot, state.changed_at) = (RecordStatus::Amended, slot, at);
                (record.previous, record.record_version) = (*previous, state.record_version + 1);
                let event = events::RecordAmended {
                    vault,
                    record_id,
                    bump,
                    mint_bump,
                    commitment: record.commitment,
                    authority,
                    rent_payer,
                    previous: record.previous,
                    record_version: record.record_version,
                    record_count,
                    delegate_mints,
                    slot,
                    at,
                };
                self.push(Event::RecordAmended(event.clone()), event_data(&event));
            }
        }
        self.records.push((address, record));
    }

    /// Adds a delegate, or removes the one that was added last.
    fn delegate(&mut self) {
        let (slot, at) = (self.slot, AT + self.slot as i64);
        let (vault, authority) = (self.vault, key(100));
        if let Some((delegate, state)) = self.delegates.last_mut()
            && state.removed_slot == 0
        {
            (state.removed_slot, state.removed_at) = (slot, at);
            let event = events::DelegateRemoved { delegate: *delegate, vault, key: state.key, authority, slot, at };
            self.push(Event::DelegateRemoved(event.clone()), event_data(&event));
            return;
        }
        let key = key(150 + self.delegates.len() as u8);
        let (address, bump) = pda::find_delegate(&vault, &key);
        let state = Delegate {
            version: VERSION,
            bump,
            rent_payer: self.root.rent_payer,
            vault,
            key,
            rights: 9,
            until_day: 20_500,
            delegate_epoch: 0,
            added_slot: slot,
            added_at: at,
            removed_slot: 0,
            removed_at: 0,
        };
        let event = events::DelegateAdded {
            delegate: address,
            vault,
            key,
            bump,
            authority,
            rent_payer: state.rent_payer,
            rights: state.rights,
            until_day: state.until_day,
            delegate_epoch: 0,
            slot,
            at,
        };
        self.delegates.push((address, state));
        self.push(Event::DelegateAdded(event.clone()), event_data(&event));
    }

    /// The last slot with an event.
    pub fn last_slot(&self) -> i64 {
        self.slot as i64
    }

    /// Every account as a node would list it.
    pub fn accounts(&self) -> Vec<(Pubkey, Vec<u8>)> {
        let mut accounts = vec![(self.config.0, serialized(&self.config.1)), (self.vault, serialized(&self.root))];
        accounts.extend(self.delegates.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.records.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.consents.iter().map(|(address, account)| (*address, serialized(account))));
        accounts
    }
}

fn serialized(account: &impl AccountSerialize) -> Vec<u8> {
    let mut data = Vec::new();
    account.try_serialize(&mut data).expect("account");
    data
}
