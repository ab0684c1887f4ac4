//! Accounts as a node tells them, for the tests in JavaScript: `accounts.json`, which `AEGLE_UPDATE=1` writes.

use std::{fs, path::Path};

use aegle_client::{
    AccountSerialize, AnchorDeserialize, PROGRAM_ID, Pubkey, Space,
    state::{Recovery, Vault},
};
use aegle_decision::Key;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// What anybody can read of the envelope's examples.
fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aegle-envelope/vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn key(value: &Value) -> Pubkey {
    value.as_str().unwrap().parse::<Key>().unwrap().0.into()
}

fn array(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// An account of zeros.
fn blank<T: AnchorDeserialize + Space>() -> T {
    T::deserialize(&mut &vec![0; T::INIT_SPACE][..]).unwrap()
}

fn told(account: &impl AccountSerialize) -> Value {
    let mut data = Vec::new();
    account.try_serialize(&mut data).unwrap();
    json!({"owner": PROGRAM_ID.to_string(), "data": [BASE64_STANDARD.encode(data), "base64"], "lamports": 1})
}

#[test]
fn the_accounts_of_the_tests_in_javascript_are_those_of_this_program() {
    let keyring = vectors("keyring.json");
    let vault = Vault {
        owner: key(&keyring["wallet"]["owner"]),
        key_epoch: 3,
        encryption_key: array(&keyring["vault_key"]["public"]),
        ..blank()
    };
    let recovery = Recovery {
        vault: key(&keyring["vault"]),
        new_owner: key(&keyring["guardians"][0]["guardian"]),
        new_encryption_key: array(&keyring["recovery"]["new_owner"]),
        ..blank()
    };
    let made = json!({
        "vault": told(&vault),
        "otherKey": told(&Vault { encryption_key: [9; 32], ..vault }),
        "recovery": told(&recovery),
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accounts.json");
    if std::env::var_os("AEGLE_UPDATE").is_some() {
        fs::write(&path, format!("{made:#}\n")).unwrap();
    }
    let committed: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(made == committed, "accounts.json is not what is written now; look at the difference with AEGLE_UPDATE=1");
}
