//! Receipts, checked in the browser against what a node of the reader's choice tells.

use aegle_client::{
    Pubkey,
    history::{BlockFacts, Happened},
    state::Vault,
    transaction::{self, EncodedConfirmedTransactionWithStatusMeta},
};
use aegle_decision::Key;
use aegle_disclosure::{Entry, Log};
use aegle_exchange::{
    Account,
    receipt::{Gathering, open_refused},
};
use aegle_receipt::{Bundle, Check, Ledger, Report};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    base::keyring::SecretKeys,
    failure::Failure,
    value::{key, read, write},
};

/// A receipt with what opens it.
#[wasm_bindgen]
pub struct Receipt(Bundle);

#[wasm_bindgen]
impl Receipt {
    /// Reads a bundle, or the header `aegle-receipt` alone with the key of the log that signed it.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, log: Option<String>) -> Result<Self, Failure> {
        let read = Bundle::read(text, log.as_deref());
        read.map(Self).map_err(|error| Failure::new("bad_receipt", error.to_string()))
    }

    /// The bundle, to be kept or handed on.
    pub fn text(&self) -> Result<String, Failure> {
        serde_json::to_string(&self.0).map_err(|_| Failure::new("internal", "the receipt cannot be written"))
    }

    /// Checks it without the chain. `trusted` is the log's key where it is known from elsewhere.
    #[wasm_bindgen(unchecked_return_type = "ReceiptReport")]
    pub fn verify(&self, trusted: Option<String>) -> Result<JsValue, Failure> {
        self.report(trusted, None)
    }

    /// The same with what was refused, opened with the keys of the vault that it is about.
    #[wasm_bindgen(js_name = openRefused)]
    pub fn open_refused(&self, keys: &SecretKeys) -> Result<Self, Failure> {
        Ok(Self(open_refused(&self.0, &keys.secrets)?.0))
    }

    fn report(&self, trusted: Option<String>, ledger: Option<&Ledger>) -> Result<JsValue, Failure> {
        #[derive(Serialize)]
        struct Written<'a> {
            holds: bool,
            replayed: bool,
            checks: &'a [Check],
            entry: Option<&'a Entry>,
        }
        let trusted: Option<Log> =
            trusted.map(|key| key.parse()).transpose().map_err(|_| Failure::argument("it is not the key of a log"))?;
        let report: Report = aegle_receipt::verify(&self.0, trusted.as_ref(), ledger);
        let Report { checks, entry, replayed } = &report;
        write(&Written { holds: report.holds(), replayed: *replayed, checks, entry: entry.as_ref() })
    }
}

fn addresses(keys: Vec<Pubkey>) -> Vec<String> {
    keys.into_iter().map(|address| Key(address.to_bytes()).to_string()).collect()
}

#[derive(Deserialize)]
struct Listed {
    pubkey: Key,
    account: Account,
}

/// What a receipt is checked against, gathered from a node: registrars, accounts, transactions, block.
#[wasm_bindgen]
pub struct LedgerReading(Option<Gathering>);

#[wasm_bindgen]
impl LedgerReading {
    /// `registrars` is what `getProgramAccounts` gives for the program's registrars; undefined where the node
    /// refuses that, and the report says so.
    #[wasm_bindgen(constructor)]
    pub fn new(
        receipt: &Receipt,
        #[wasm_bindgen(unchecked_param_type = "ListedAccount[] | undefined")] registrars: &JsValue,
    ) -> Result<Self, Failure> {
        let entry = aegle_receipt::verify(&receipt.0, None, None).entry;
        let entry = entry.ok_or_else(|| Failure::new("bad_receipt", "nothing in it opens what was decided"))?;
        let registrars = match registrars.is_undefined() {
            true => None,
            false => {
                let listed: Vec<Listed> = read("the registrars", registrars)?;
                let read = |listed: &Listed| Ok((listed.pubkey.0.into(), listed.account.read()?));
                Some(listed.iter().map(read).collect::<Result<_, Failure>>()?)
            }
        };
        Ok(Self(Some(Gathering::new(entry, registrars))))
    }

    /// The confirmed slot of the decision: transactions up to it count, and its block.
    #[wasm_bindgen(getter)]
    pub fn slot(&self) -> Result<f64, Failure> {
        Ok(self.gathering()?.entry().confirmed_slot as f64)
    }

    /// Addresses at which credentials may be: ask which are there.
    pub fn credentials(&self) -> Result<Vec<String>, Failure> {
        Ok(addresses(self.gathering()?.credentials()))
    }

    /// Accounts whose transactions are to be read: those that succeeded, up to the slot.
    pub fn accounts(&self, existing: Vec<String>) -> Result<Vec<String>, Failure> {
        let existing: Result<Vec<Pubkey>, Failure> =
            existing.iter().map(|address| Ok(key("an address", address)?.0.into())).collect();
        Ok(addresses(self.gathering()?.accounts(existing?)))
    }

    /// A result of `getTransaction` with `encoding: "base64"` and `maxSupportedTransactionVersion: 1`.
    #[wasm_bindgen(js_name = addTransaction)]
    pub fn add_transaction(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "object")] told: &JsValue,
    ) -> Result<(), Failure> {
        let EncodedConfirmedTransactionWithStatusMeta { slot, transaction, .. } = read("the transaction", told)?;
        let events = transaction::events(&transaction).map_err(|error| Failure::new("node", error.to_string()))?;
        self.gathering_mut()?.add(events.into_iter().map(|found| Happened { slot, event: found.event }));
        Ok(())
    }

    /// Registrars whose accounts are still to be given, after all transactions were.
    #[wasm_bindgen(js_name = registrarsMissing)]
    pub fn registrars_missing(&self) -> Result<Vec<String>, Failure> {
        Ok(addresses(self.gathering()?.registrars_missing().into_iter().collect()))
    }

    #[wasm_bindgen(js_name = addRegistrar)]
    pub fn add_registrar(
        &mut self,
        address: &str,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<(), Failure> {
        let registrar = read::<Account>("the registrar's account", account)?.read()?;
        self.gathering_mut()?.add_registrar(key("the registrar", address)?.0.into(), registrar);
        Ok(())
    }

    /// The vault whose account is still to be given; undefined where its beginning was among the transactions.
    #[wasm_bindgen(js_name = vaultMissing)]
    pub fn vault_missing(&self) -> Result<Option<String>, Failure> {
        Ok(self.gathering()?.vault_missing().map(|vault| Key(vault.to_bytes()).to_string()))
    }

    /// Refuses a node that does not keep all that happened to the vault.
    #[wasm_bindgen(js_name = checkVault)]
    pub fn check_vault(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount | null")] account: &JsValue,
    ) -> Result<(), Failure> {
        let account: Option<Account> = read("the vault's account", account)?;
        let state: Option<Vault> = account.map(|account| account.read()).transpose()?;
        Ok(self.gathering()?.check_kept(state.as_ref())?)
    }

    /// Decides again. `block` is the slot's of `getBlock` without transactions, null where the node has none.
    #[wasm_bindgen(unchecked_return_type = "ReceiptReport")]
    pub fn verify(
        &mut self,
        receipt: &Receipt,
        #[wasm_bindgen(unchecked_param_type = "{ blockhash: string; blockTime: number | null } | null")]
        block: &JsValue,
        trusted: Option<String>,
    ) -> Result<JsValue, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Block {
            blockhash: Key,
            block_time: Option<i64>,
        }
        let block: Option<Block> = read("the block", block)?;
        let block = block.map(|Block { blockhash, block_time }| BlockFacts { hash: blockhash.0, time: block_time });
        let ledger = self.0.take().ok_or_else(over)?.ledger(block);
        receipt.report(trusted, Some(&ledger))
    }

    fn gathering(&self) -> Result<&Gathering, Failure> {
        self.0.as_ref().ok_or_else(over)
    }

    fn gathering_mut(&mut self) -> Result<&mut Gathering, Failure> {
        self.0.as_mut().ok_or_else(over)
    }
}

fn over() -> Failure {
    Failure::argument("the reading is over")
}
