//! Events that fit together, and the accounts the program would hold after them.

use aegle_client::{
    AccountSerialize, Event, Pubkey, events, pda,
    state::{
        Actor, AuditRoot, BreakGlass, Config, Consent, Credential, Delegate, Guardians, Record, RecordStatus, Recovery,
        Registrar, VERSION, Vault,
    },
};
use aegle_indexer::decode::LedgerEvent;
use anchor_lang::prelude::Clock;

use crate::blocks::event_data;

/// Adds an event to a story.
macro_rules! push {
    ($story:ident, $name:ident { $($fields:tt)* }) => {
        let event = aegle_client::events::$name { $($fields)* };
        $story.push(aegle_client::Event::$name(event.clone()), crate::blocks::event_data(&event));
    };
}

// Named for those who include this file from elsewhere.
#[path = "story/accountability.rs"]
mod accountability;
#[path = "story/attestation.rs"]
mod attestation;
#[path = "story/protection.rs"]
mod protection;

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
    pub recoveries: Vec<(Pubkey, Recovery)>,
    pub registrars: Vec<(Pubkey, Registrar)>,
    pub credentials: Vec<(Pubkey, Credential)>,
    pub break_glasses: Vec<(Pubkey, BreakGlass)>,
    pub audit_roots: Vec<(Pubkey, AuditRoot)>,
    slot: u64,
    /// Seconds that the clock is ahead of one second a slot.
    ahead: i64,
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
            max_recovery_delay: 4,
            payment_mints: Default::default(),
            record_uri: "https://aegle.example/record.json".into(),
            reserved: [0; 64],
        };
        let event = created(1);
        let root = Vault {
            version: VERSION,
            bump: event.bump,
            owner: event.owner,
            key_epoch: 0,
            consent_epoch: 0,
            delegate_epoch: 0,
            vault_id: event.vault_id,
            rent_payer: event.rent_payer,
            encryption_key: event.encryption_key,
            delegate_mints: 0,
            delegate_mint_cap: event.delegate_mint_cap,
            record_count: 0,
            created_slot: 2,
            created_at: AT,
            emergency_policy: 0,
            guardian_epoch: 0,
            guardians: Guardians::default(),
            pending_guardians: Guardians::default(),
            guardians_due_at: 0,
            pending_recovery: Pubkey::default(),
            recovery_lapses_at: 0,
            reserved: [0; 32],
        };
        let mut story = Self {
            vault: event.vault,
            ledger: Vec::new(),
            config: (address, config),
            root,
            delegates: Vec::new(),
            records: Vec::new(),
            consents: Vec::new(),
            recoveries: Vec::new(),
            registrars: Vec::new(),
            credentials: Vec::new(),
            break_glasses: Vec::new(),
            audit_roots: Vec::new(),
            slot: 0,
            ahead: 0,
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
        story.tell_all(choices);
        story
    }

    /// Lets what follows happen in `slot`.
    pub fn move_to(&mut self, slot: u64) {
        self.slot = slot;
    }

    /// A story with every kind of account and change.
    pub fn full() -> Self {
        let mut story = Self::of(&[
            0, 1, 5, 11, 10, 12, 3, 15, 17, 19, 6, 18, 9, 0, 11, 10, 13, 13, 16, 14, 19, 18, 18, 4, 1, 8, 29, 28,
        ]);
        // What a delegate mints, under another cap.
        story.tell_all(&[21, 27]);
        // Guardians, a recovery by all of them, and its execution after the delay; a reissue by the new
        // owner, whose own guardians are pending.
        story.tell_all(&[31, 37, 36, 36, 36, 43, 43, 43, 43, 43, 25, 31]);
        // A credential revoked with its registrar removed, and another's suspended and renewed.
        story.tell_all(&[47, 46, 53, 53, 45, 47, 51, 49]);
        // Emergencies, one of them reviewed, under a policy that is then changed; roots of a log.
        story.tell_all(&[57, 59, 58, 61, 63, 62, 57, 58, 63]);
        story
    }

    fn tell_all(&mut self, choices: &[u8]) {
        choices.iter().for_each(|choice| self.tell(*choice));
    }

    fn push(&mut self, event: Event, data: Vec<u8>) {
        let mut signature = [3; 64];
        signature[..8].copy_from_slice(&(self.ledger.len() as u64).to_be_bytes());
        let slot = self.slot as i64;
        let tx_index = self.ledger.iter().filter(|(other, _)| *other == slot).count() as i32;
        let event = LedgerEvent { signature, tx_index, instruction_index: 0, inner_index: 1, event, data };
        self.ledger.push((slot, event));
    }

    /// Seconds since the Unix epoch.
    fn at(&self) -> i64 {
        AT + self.slot as i64 + self.ahead
    }

    fn clock(&self) -> Clock {
        Clock { slot: self.slot, unix_timestamp: self.at(), ..Clock::default() }
    }

    /// What happens next, by choice; odd choices begin a new slot. What the program would refuse does
    /// not happen.
    pub fn tell(&mut self, choice: u8) {
        self.slot += u64::from(choice % 2);
        let (slot, at) = (self.slot, self.at());
        let (vault, authority, rent_payer) = (self.vault, self.root.owner, key(101));
        match choice / 2 % 32 {
            0 | 1 => self.mint(Actor::Owner, None),
            2 => {
                let active = self.active_record();
                self.mint(Actor::Owner, active);
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
            10 => self.mint(Actor::Delegate, None),
            11 => {
                let active = self.active_record();
                self.mint(Actor::Delegate, active);
            }
            12 => self.reissue(),
            13 => self.set_delegate_mint_cap(),
            14 => self.set_pause(),
            15 => self.change_guardians(protection::guardians(self.ledger.len() as u8)),
            16 => self.cancel_guardian_change(),
            17 => self.apply_guardian_change(),
            18 | 19 => self.advance_recovery(),
            20 => self.veto_recovery(),
            21 => self.execute_recovery(),
            22 => self.add_registrar(),
            23 => self.issue_credential(),
            24 => self.renew_credential(),
            25 => self.change_credential_status(),
            26 => self.end_attestation(),
            28 => self.set_emergency_policy(),
            29 => self.open_break_glass(),
            30 => self.review_break_glass(),
            31 => self.anchor_audit_root(),
            // More than guardians may take to agree.
            _ => self.ahead += 31 * 86_400,
        }
    }

    fn active_record(&self) -> Option<usize> {
        self.records.iter().position(|(_, record)| record.status == RecordStatus::Active)
    }

    /// Mints or amends a record, as the owner or as a delegate with rights.
    fn mint(&mut self, actor: Actor, amended: Option<usize>) {
        let (slot, at) = (self.slot, self.at());
        let (vault, rent_payer) = (self.vault, key(101));
        let mut delegates = self.delegates.iter().map(|(_, delegate)| delegate);
        let authority = match actor {
            Actor::Owner => Some(self.root.owner),
            Actor::Delegate => delegates
                .find(|delegate| delegate.removed_slot == 0 && delegate.delegate_epoch == self.root.delegate_epoch)
                .map(|delegate| delegate.key),
        };
        let Some(authority) = authority else { return };
        let mut root = self.root.clone();
        if root.count_record(actor).is_err() {
            return;
        }
        self.root = root;
        let record_id = id(self.records.len() as u8);
        let (address, bump) = pda::find_record(&vault, &record_id);
        let (mint, mint_bump) = pda::find_mint(&address);
        let holder = actor.token_holder();
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
            token: pda::find_token(&mint, &holder.key(&authority, &address)).0,
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
                    holder,
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
                    holder,
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
        let (slot, at) = (self.slot, self.at());
        let (vault, authority) = (self.vault, self.root.owner);
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
            delegate_epoch: self.root.delegate_epoch,
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
            delegate_epoch: state.delegate_epoch,
            slot,
            at,
        };
        self.delegates.push((address, state));
        self.push(Event::DelegateAdded(event.clone()), event_data(&event));
    }

    /// Issues the token of the first record that has one again.
    fn reissue(&mut self) {
        let (slot, at, vault, authority) = (self.slot, self.at(), self.vault, self.root.owner);
        let Some(index) = self.records.iter().position(|(_, record)| record.status != RecordStatus::Erased) else {
            return;
        };
        let (record, state) = &mut self.records[index];
        let (record, old_token, old_rent_payer, new_rent_payer) = (*record, state.token, state.rent_payer, key(104));
        let token = pda::find_token(&pda::find_mint(&record).0, &authority).0;
        state.reissue(token, new_rent_payer).expect("a record that is not erased");
        let issues = state.issues;
        push!(
            self,
            RecordReissued { record, vault, authority, old_token, old_rent_payer, new_rent_payer, issues, slot, at }
        );
    }

    fn set_delegate_mint_cap(&mut self) {
        let (slot, at, vault, authority) = (self.slot, self.at(), self.vault, self.root.owner);
        let old_delegate_mint_cap = self.root.delegate_mint_cap;
        let new_delegate_mint_cap = self.ledger.len() as u32;
        self.root.delegate_mint_cap = new_delegate_mint_cap;
        push!(self, DelegateMintCapSet { vault, authority, old_delegate_mint_cap, new_delegate_mint_cap, slot, at });
    }

    fn set_pause(&mut self) {
        let (slot, at) = (self.slot, self.at());
        let (config, state) = &mut self.config;
        let (config, authority, old_paused) = (*config, state.governance, state.paused);
        state.paused = !old_paused;
        push!(self, PauseSet { config, authority, old_paused, new_paused: !old_paused, slot, at });
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
        accounts.extend(self.recoveries.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.registrars.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.credentials.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.break_glasses.iter().map(|(address, account)| (*address, serialized(account))));
        accounts.extend(self.audit_roots.iter().map(|(address, account)| (*address, serialized(account))));
        accounts
    }
}

fn serialized(account: &impl AccountSerialize) -> Vec<u8> {
    let mut data = Vec::new();
    account.try_serialize(&mut data).expect("account");
    data
}
