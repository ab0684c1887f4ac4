//! Receipts: opened by the patient, and what of the chain they are checked against.

use std::collections::{BTreeMap, BTreeSet};

use aegle_client::{
    Event, Pubkey,
    history::{BlockFacts, Happened},
    pda,
    state::{Registrar, Vault},
};
use aegle_decision::{Caller, Key};
use aegle_disclosure::{Entry, Logged, SignedReceipt};
use aegle_envelope::open_refusal;
use aegle_receipt::{Bundle, Ledger};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{Error, Secrets};

/// Opens what somebody was handed who was refused, with the keys of the vault. The entry is the one that the
/// receipt promises.
///
/// # Errors
/// [`Error::NoKey`] where it is about another vault or none; an entry of another receipt.
pub fn open_refused(bundle: &Bundle, secrets: &Secrets) -> Result<(Bundle, Logged), Error> {
    let sealed = bundle.sealed.as_ref().ok_or(Error::Answer("nothing is encrypted in it"))?;
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| Error::Answer("what is encrypted in it is not base64"))?;
    let opened = secrets.iter().find_map(|secret| open_refusal(&sealed, secret).ok());
    let opened = opened.ok_or(Error::NoKey("it is about another vault, or about nothing that there is"))?;
    let logged = Logged::of_detail(&opened)?;
    let promised = bundle.receipt.as_ref().and_then(|text| SignedReceipt::from_text(text).ok());
    if promised.is_none_or(|signed| signed.receipt.commitment != logged.commitment()) {
        return Err(Error::Answer("what is encrypted in it is not what the receipt promises"));
    }
    Ok((bundle.clone().opened(&logged), logged))
}

/// What the chain says that a decision rests on, as it is gathered from a node: registrars first, then what
/// happened to accounts, then what that leads to.
pub struct Gathering {
    entry: Entry,
    registrars: BTreeMap<Pubkey, Registrar>,
    every_credential: bool,
    happened: Vec<Happened>,
}

impl Gathering {
    /// `registrars` are all that there are; none where the node does not list them.
    pub fn new(entry: Entry, registrars: Option<Vec<(Pubkey, Registrar)>>) -> Self {
        let every_credential = registrars.is_some();
        let registrars = registrars.unwrap_or_default().into_iter().collect();
        Self { entry, registrars, every_credential, happened: Vec::new() }
    }

    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Where credentials of who asked would be.
    pub fn credentials(&self) -> Vec<Pubkey> {
        let Caller { key, practitioner } = self.entry.caller;
        let asked: Vec<Key> = [Some(key), practitioner].into_iter().flatten().collect();
        let of = |registrar| asked.iter().map(move |key| pda::find_credential(registrar, &key.0.into()).0);
        self.registrars.keys().flat_map(of).collect()
    }

    /// Accounts whose transactions are to be read, with those of [`Gathering::credentials`] that `exist`.
    pub fn accounts(&self, exist: Vec<Pubkey>) -> Vec<Pubkey> {
        let mut accounts = Ledger::accounts(&self.entry);
        accounts.extend(exist);
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// Adds what happened to them.
    pub fn add(&mut self, happened: impl IntoIterator<Item = Happened>) {
        let slot = self.entry.confirmed_slot;
        self.happened.extend(happened.into_iter().filter(|happened| happened.slot <= slot));
    }

    /// Registrars of credentials that were issued whose accounts are still to be read.
    pub fn registrars_missing(&self) -> BTreeSet<Pubkey> {
        let missing = |registrar: &Pubkey| !self.registrars.contains_key(registrar);
        self.issuers().filter(missing).collect()
    }

    pub fn add_registrar(&mut self, address: Pubkey, registrar: Registrar) {
        self.registrars.insert(address, registrar);
    }

    fn issuers(&self) -> impl Iterator<Item = Pubkey> {
        self.happened.iter().filter_map(|happened| match &happened.event {
            Event::CredentialIssued(issued) => Some(issued.registrar),
            _ => None,
        })
    }

    /// The vault, where its beginning was not among what happened.
    pub fn vault_missing(&self) -> Option<Pubkey> {
        let vault = Pubkey::from(self.entry.vault.0);
        let created =
            |happened: &Happened| matches!(&happened.event, Event::VaultCreated(event) if event.vault == vault);
        (self.entry.vault != Key::default() && !self.happened.iter().any(created)).then_some(vault)
    }

    /// A node that dropped old transactions would make every vault look as if it had never been: `vault` is the
    /// missing one's account, where it is there.
    ///
    /// # Errors
    /// [`Error::Chain`].
    pub fn check_kept(&self, vault: Option<&Vault>) -> Result<(), Error> {
        match vault {
            Some(state) if state.created_slot <= self.entry.confirmed_slot => Err(Error::Chain(
                "the node does not keep all of the vault's transactions; ask one that keeps the ledger",
            )),
            _ => Ok(()),
        }
    }

    /// All of it, with the block of the confirmed slot.
    pub fn ledger(self, block: Option<BlockFacts>) -> Ledger {
        let removed = self.issuers().filter_map(|address| {
            let slot = self.registrars.get(&address)?.removed_slot;
            (slot > 0).then(|| (Key(address.to_bytes()), slot))
        });
        let registrars_removed = removed.collect();
        let Self { happened, every_credential, .. } = self;
        Ledger { happened, registrars_removed, block, every_credential }
    }
}
