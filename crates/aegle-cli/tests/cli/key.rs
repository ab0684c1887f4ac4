use std::os::unix::fs::PermissionsExt;

use solana_keypair::read_keypair_file;
use solana_signer::Signer;

use crate::{aegle, problem, status, stdout};

#[test]
fn a_new_key_is_a_standard_keypair_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let output = aegle(folder.path(), &["key", "new", "--out", "keys/me.json", "--json"]);
    assert_eq!(status(&output), 0);
    let path = folder.path().join("keys/me.json");
    let mode = std::fs::metadata(&path).expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let keypair = read_keypair_file(&path).expect("keypair");
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(answer["address"], keypair.pubkey().to_string());

    let output = aegle(folder.path(), &["key", "show", "--keypair", "keys/me.json"]);
    assert_eq!(stdout(&output).trim(), keypair.pubkey().to_string());
}

#[test]
fn a_new_key_goes_where_the_command_line_looks_for_it() {
    let folder = tempfile::tempdir().expect("folder");
    assert_eq!(status(&aegle(folder.path(), &["key", "new"])), 0);
    assert!(folder.path().join(".config/solana/id.json").exists());
    assert_eq!(status(&aegle(folder.path(), &["key", "show"])), 0);
}

#[test]
fn a_new_key_never_replaces_a_file() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("me.json");
    std::fs::write(&path, "dear").expect("file");
    let output = aegle(folder.path(), &["key", "new", "--out", "me.json", "--json"]);
    assert_eq!(status(&output), 1);
    assert_eq!(problem(&output)["code"], "file_exists");
    assert_eq!(std::fs::read_to_string(&path).expect("file"), "dear");
}

#[test]
fn no_output_holds_the_secret() {
    let folder = tempfile::tempdir().expect("folder");
    let output = aegle(folder.path(), &["key", "new", "--out", "me.json"]);
    let secret = std::fs::read_to_string(folder.path().join("me.json")).expect("file");
    let secret = secret.trim().trim_matches(['[', ']']);
    assert!(!stdout(&output).contains(&secret[..20]));

    std::fs::write(folder.path().join("torn.json"), format!("[{}]", &secret[..60])).expect("file");
    let output = aegle(folder.path(), &["key", "show", "--keypair", "torn.json", "--json"]);
    let problem = problem(&output);
    assert_eq!(problem["code"], "bad_keypair");
    assert!(!problem.to_string().contains(&secret[..10]));
}
