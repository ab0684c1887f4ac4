//! What the chain said at a slot, from the events that led to it.

use std::collections::BTreeMap;

use aegle_client::{
    Event, Pubkey,
    history::{BlockFacts, Happened},
    state::{EMERGENCIES_ALLOWED, RecordStatus},
};
use aegle_decision::{
    BreakGlassView, Caller, ChainView, ConsentView, CredentialView, DelegateView, Emergency, Key, RecordView,
    RecordViews, VaultView, Views,
};
use aegle_disclosure::Entry;

/// What a node tells about one decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Events of the vault and of the credentials of who asked, in any order, some perhaps twice.
    pub happened: Vec<Happened>,
    /// Registrars of those credentials that are removed, with the slot of that.
    pub registrars_removed: BTreeMap<Key, u64>,
    /// The block of the confirmed slot.
    pub block: Option<BlockFacts>,
    /// Whether `happened` has every credential of who asked, and not only those that the receipt names.
    pub every_credential: bool,
}

fn key(address: &Pubkey) -> Key {
    Key(address.to_bytes())
}

impl Ledger {
    /// Accounts whose transactions are to be read for a decision, beside the credentials of who asked.
    pub fn accounts(entry: &Entry) -> Vec<Pubkey> {
        let named = match &entry.outcome {
            aegle_disclosure::Outcome::Permit { credentials, .. } => &credentials[..],
            aegle_disclosure::Outcome::Deny { .. } => &[],
        };
        // Every transaction on a vault's delegates, consents and records names the vault.
        let vault = Some(entry.vault).filter(|vault| *vault != Key::default());
        let record = entry.record.filter(|_| vault.is_none());
        vault.iter().chain(&record).chain(named).map(|key| Pubkey::from(key.0)).collect()
    }

    /// What the engine looks at, at the two slots of the entry. `statements` are those by which who asked opened
    /// records in an emergency.
    pub fn views(&self, entry: &Entry, statements: Vec<Emergency>) -> Views {
        let at = |slot| self.view(slot, entry.vault, &entry.caller);
        let opened = |statement: Emergency| Emergency {
            opened: self.opened(entry.confirmed_slot, statement.break_glass),
            ..statement
        };
        let emergencies = statements.into_iter().map(opened).collect();
        Views {
            finalized: at(entry.finalized_slot),
            confirmed: at(entry.confirmed_slot),
            withdrawals_pending: false,
            emergencies,
        }
    }

    pub fn record(&self, entry: &Entry, record: Key) -> RecordViews {
        let at = |slot| self.record_at(slot, entry.vault, record);
        RecordViews { finalized: at(entry.finalized_slot), confirmed: at(entry.confirmed_slot) }
    }

    /// Whether a record was there at `slot`, in whatever vault.
    pub(crate) fn is_minted(&self, record: Key, slot: u64) -> bool {
        self.until(slot).any(|event| match event {
            Event::RecordMinted(event) => key(&event.address()) == record,
            Event::RecordAmended(event) => key(&event.address()) == record,
            _ => false,
        })
    }

    fn until(&self, slot: u64) -> impl Iterator<Item = &Event> {
        self.happened.iter().filter(move |happened| happened.slot <= slot).map(|happened| &happened.event)
    }

    fn view(&self, slot: u64, vault: Key, caller: &Caller) -> ChainView {
        ChainView {
            slot,
            vault: self.vault(slot, vault),
            delegate: self.delegate(slot, vault, caller.key),
            consents: self.consents(slot, vault),
            credentials: self.credentials(slot, caller),
        }
    }

    /// Epochs only grow, so the highest is the newest, in whatever order events come.
    fn vault(&self, slot: u64, vault: Key) -> Option<VaultView> {
        let created = self.until(slot).find_map(|event| match event {
            Event::VaultCreated(event) if key(&event.vault) == vault => Some(event),
            _ => None,
        })?;
        let owner = key(&created.owner);
        let mut view =
            VaultView { vault, owner, key_epoch: 0, consent_epoch: 0, delegate_epoch: 0, emergencies_allowed: false };
        let mut policy_slot = 0;
        for event in self.until(slot).filter(|event| event.vault().is_some_and(|of| key(&of) == vault)) {
            match event {
                Event::KeyRotated(event) => view.key_epoch = view.key_epoch.max(event.new_key_epoch),
                Event::AllConsentsRevoked(event) => {
                    view.consent_epoch = view.consent_epoch.max(event.new_consent_epoch);
                }
                Event::EmergencyPolicySet(set) if set.slot >= policy_slot => {
                    // Of two in one slot that differ, the one that forbids counts.
                    let allows = set.new_emergency_policy == EMERGENCIES_ALLOWED;
                    view.emergencies_allowed = allows && (set.slot > policy_slot || view.emergencies_allowed);
                    policy_slot = set.slot;
                }
                Event::RecoveryExecuted(event) => {
                    view.key_epoch = view.key_epoch.max(event.key_epoch);
                    view.consent_epoch = view.consent_epoch.max(event.consent_epoch);
                    if event.delegate_epoch > view.delegate_epoch {
                        (view.delegate_epoch, view.owner) = (event.delegate_epoch, key(&event.new_owner));
                    }
                }
                _ => {}
            }
        }
        Some(view)
    }

    /// An opening in an emergency, as the chain committed to it.
    pub(crate) fn opened(&self, slot: u64, break_glass: Key) -> Option<BreakGlassView> {
        self.until(slot).find_map(|event| match event {
            Event::BreakGlassOpened(event) if key(&event.address()) == break_glass => Some(BreakGlassView {
                vault: key(&event.vault),
                break_glass_id: event.break_glass_id,
                commitment: event.commitment,
                expires_at: event.expires_at,
            }),
            _ => None,
        })
    }

    /// A removed delegate stays removed.
    fn delegate(&self, slot: u64, vault: Key, caller: Key) -> Option<DelegateView> {
        let is_it = |of: &Pubkey, delegate: &Pubkey| key(of) == vault && key(delegate) == caller;
        let removed = self.until(slot).any(|event| match event {
            Event::DelegateRemoved(event) => is_it(&event.vault, &event.key),
            _ => false,
        });
        self.until(slot).find_map(|event| match event {
            Event::DelegateAdded(event) if is_it(&event.vault, &event.key) => Some(DelegateView {
                key: caller,
                rights: event.rights,
                until_day: event.until_day,
                delegate_epoch: event.delegate_epoch,
                removed,
            }),
            _ => None,
        })
    }

    /// Every consent of the vault, whoever it names: the openings tell.
    fn consents(&self, slot: u64, vault: Key) -> Vec<ConsentView> {
        let mut consents = BTreeMap::new();
        for event in self.until(slot) {
            let Event::ConsentGranted(event) = event else { continue };
            if key(&event.vault) != vault {
                continue;
            }
            let consent = key(&event.address());
            let view = ConsentView {
                consent,
                consent_id: event.consent_id,
                handle: event.handle,
                policy_commitment: event.policy_commitment,
                purposes: event.purposes,
                actions: event.actions,
                from_day: event.from_day,
                until_day: event.until_day,
                consent_epoch: event.consent_epoch,
                revoked: false,
            };
            consents.insert(consent, view);
        }
        for event in self.until(slot) {
            if let Event::ConsentRevoked(event) = event
                && let Some(consent) = consents.get_mut(&key(&event.consent))
            {
                consent.revoked = true;
            }
        }
        consents.into_values().collect()
    }

    /// Each change of a credential raises its revision.
    fn credentials(&self, slot: u64, caller: &Caller) -> Vec<CredentialView> {
        let subjects = [Some(caller.key), caller.practitioner];
        let mut credentials = BTreeMap::new();
        for event in self.until(slot) {
            let Event::CredentialIssued(event) = event else { continue };
            let (credential, subject, registrar) = (key(&event.address()), key(&event.subject), key(&event.registrar));
            if !subjects.contains(&Some(subject)) {
                continue;
            }
            let view = CredentialView {
                credential,
                registrar,
                subject,
                kind: event.kind,
                emergency: event.terms.emergency,
                status: aegle_client::state::CredentialStatus::Active,
                from_day: event.terms.from_day,
                until_day: event.terms.until_day,
                registrar_removed: self.registrars_removed.get(&registrar).is_some_and(|removed| *removed <= slot),
            };
            credentials.insert(credential, view);
        }
        let mut changes: Vec<_> = self
            .until(slot)
            .filter_map(|event| match event {
                Event::CredentialRenewed(change) => Some((change.revision, key(&change.credential), event)),
                Event::CredentialStatusChanged(change) => Some((change.revision, key(&change.credential), event)),
                _ => None,
            })
            .collect();
        changes.sort_unstable_by_key(|(revision, ..)| *revision);
        for (_, credential, event) in changes {
            let Some(view) = credentials.get_mut(&credential) else { continue };
            match event {
                Event::CredentialRenewed(event) => {
                    let terms = event.new_terms;
                    (view.from_day, view.until_day, view.emergency) =
                        (terms.from_day, terms.until_day, terms.emergency);
                }
                Event::CredentialStatusChanged(event) => view.status = event.new_status,
                _ => {}
            }
        }
        credentials.into_values().collect()
    }

    fn record_at(&self, slot: u64, vault: Key, record: Key) -> Option<RecordView> {
        let view = |of: &Pubkey, address: &Pubkey, commitment: [u8; 32]| {
            let same = key(of) == vault && key(address) == record;
            same.then_some(RecordView { record, vault, status: RecordStatus::Active, commitment })
        };
        let mut view = self.until(slot).find_map(|event| match event {
            Event::RecordMinted(event) => view(&event.vault, &event.address(), event.commitment),
            Event::RecordAmended(event) => view(&event.vault, &event.address(), event.commitment),
            _ => None,
        })?;
        let changed = self.until(slot).filter_map(|event| match event {
            Event::RecordAmended(event) if key(&event.previous) == record => Some(RecordStatus::Amended),
            Event::RecordMarkedEnteredInError(event) if key(&event.record) == record => Some(event.new_status),
            Event::RecordErased(event) if key(&event.record) == record => Some(event.new_status),
            _ => None,
        });
        // A record's status only moves on, in this order.
        let order = |status: &RecordStatus| match status {
            RecordStatus::Active => 0,
            RecordStatus::Amended => 1,
            RecordStatus::EnteredInError => 2,
            RecordStatus::Erased => 3,
        };
        view.status = changed.chain([view.status]).max_by_key(order).unwrap_or(view.status);
        Some(view)
    }
}
