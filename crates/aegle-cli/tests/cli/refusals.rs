use crate::{ADDRESS, aegle, problem, status, stderr};

/// A node that is not there: the port is reserved and nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("folder");
    let grant = ["consent", "grant", "--vault", ADDRESS, "--grantee", ADDRESS];
    for wrong in [
        &["vault", "show", "nobody"][..],
        &["vault", "show"],
        &["vault", "show", ADDRESS, "--rpc-url", "ftp://node.example"],
        &["vault", "show", ADDRESS, "--commitment", "perhaps"],
        &["vault", "create", "--encryption-key", "abcd"],
        &["record", "mint", "--vault", ADDRESS],
        &["record", "list", "--vault", ADDRESS, "--limit", "0"],
        &[&grant[..], &["--purpose", "CURIOSITY", "--until", "2030-12-31"]].concat(),
        &[&grant[..], &["--purpose", "TREAT", "--until", "31.12.2030"]].concat(),
        &[&grant[..], &["--purpose", "TREAT", "--until", "2030-02-30"]].concat(),
        &[&grant[..], &["--purpose", "TREAT"]].concat(),
        &[&grant[..], &["--purpose", "TREAT", "--action", "own", "--until", "2030-12-31"]].concat(),
        &["delegate", "add", "--vault", ADDRESS, ADDRESS, "--until", "2030-12-31"],
        &["delegate", "cap", "--vault", ADDRESS, "-1"],
        &["config", "init", "--record-uri", "https://example.org", "--min-recovery-delay", "3"],
        &["guardian", "change", "--vault", ADDRESS],
        &["guardian", "change", "--vault", ADDRESS, "--guardian", ADDRESS],
        &["guardian", "change", "--vault", ADDRESS, "--guardian", ADDRESS, "--threshold", "0"],
        &["guardian", "change", "--vault", ADDRESS, "--guardian", ADDRESS, "--threshold", "1", "--none"],
        &["guardian", "change", "--vault", ADDRESS, "--none", "--cancel"],
        &["recovery", "propose", "--new-owner", ADDRESS, "--new-encryption-key", "00"],
        &["recovery", "approve", ADDRESS],
        &["registrar", "add", ADDRESS, "--kind", "wizard", "--profile", "profile.json"],
        &["registrar", "add", ADDRESS, "--kind", "agent"],
        &["credential", "renew", ADDRESS, "--emergency", "--no-emergency"],
        &["credential", "renew", ADDRESS, "--profile", "profile.json"],
        &["completions", "abacus"],
        &["frobnicate"],
    ] {
        let output = aegle(folder.path(), wrong);
        assert_eq!(status(&output), 2, "{wrong:?}: {}", stderr(&output));

        let output = aegle(folder.path(), &[wrong, &["--json"]].concat());
        assert_eq!(status(&output), 2, "{wrong:?}");
        assert_eq!(problem(&output)["code"], "usage", "{wrong:?}");
    }
}

#[test]
fn a_missing_keypair_names_the_file_and_the_way_out() {
    let folder = tempfile::tempdir().expect("folder");
    let output = aegle(folder.path(), &["vault", "create", "--keypair", "gone.json"]);
    assert_eq!(status(&output), 1);
    let text = stderr(&output);
    assert!(text.contains("gone.json") && text.contains("aegle key new --out gone.json"), "{text}");
}

#[test]
fn a_node_that_is_not_there_is_named_and_leaves_no_file_behind_but_what_may_matter() {
    let folder = tempfile::tempdir().expect("folder");
    aegle(folder.path(), &["key", "new"]);
    let output = aegle(folder.path(), &["vault", "show", ADDRESS, "--rpc-url", NOWHERE, "--json"]);
    assert_eq!(status(&output), 1);
    let shown = problem(&output);
    assert_eq!(shown["code"], "node");
    assert!(shown["message"].as_str().is_some_and(|text| text.contains(NOWHERE)));

    // Whether a transaction was sent cannot be told, so its secret is kept and named.
    let output = aegle(folder.path(), &["vault", "create", "--out", "key.json", "--rpc-url", NOWHERE, "--json"]);
    assert_eq!(status(&output), 1);
    assert!(problem(&output)["advice"].as_str().is_some_and(|text| text.contains("key.json")));
    assert!(folder.path().join("key.json").exists());
}

#[test]
fn an_indexer_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    for list in [
        &["record", "list", "--vault", ADDRESS][..],
        &["consent", "list", "--vault", ADDRESS],
        &["delegate", "list", "--vault", ADDRESS],
        &["recovery", "list", "--vault", ADDRESS],
        &["credential", "list"],
        &["registrar", "list"],
    ] {
        let output = aegle(folder.path(), &[list, &["--api-url", NOWHERE, "--json"]].concat());
        assert_eq!(status(&output), 1, "{list:?}");
        let problem = problem(&output);
        assert_eq!(problem["code"], "indexer");
        assert!(problem["advice"].as_str().is_some_and(|text| text.contains("--api-url")));
    }
}

#[test]
fn nothing_final_is_done_without_a_terminal_or_yes() {
    let folder = tempfile::tempdir().expect("folder");
    aegle(folder.path(), &["key", "new"]);
    for command in [
        &["consent", "revoke-all", "--vault", ADDRESS][..],
        &["guardian", "change", "--vault", ADDRESS, "--none"],
        &["credential", "revoke", ADDRESS],
        &["registrar", "remove", ADDRESS],
    ] {
        let output = aegle(folder.path(), &[command, &["--rpc-url", NOWHERE, "--json"]].concat());
        assert_eq!(status(&output), 2, "{command:?}");
        let problem = problem(&output);
        assert_eq!(problem["code"], "confirmation_needed");
        assert!(problem["advice"].as_str().is_some_and(|text| text.contains("--yes")));
    }
}

#[test]
fn a_guardian_is_named_once() {
    let folder = tempfile::tempdir().expect("folder");
    let twice = format!("{ADDRESS},{ADDRESS}");
    let change = ["guardian", "change", "--vault", ADDRESS, "--guardian", &twice, "--threshold", "1", "--json"];
    let output = aegle(folder.path(), &change);
    assert_eq!((status(&output), problem(&output)["code"].as_str()), (2, Some("guardian_twice")));
}

#[test]
fn a_file_that_is_no_guardians_is_refused_without_repeating_it() {
    let folder = tempfile::tempdir().expect("folder");
    aegle(folder.path(), &["key", "new"]);
    std::fs::write(folder.path().join("torn.json"), "{\"salt\": \"secret").expect("file");
    let arguments = ["recovery", "approve", ADDRESS, "--opening", "torn.json", "--rpc-url", NOWHERE, "--json"];
    let output = aegle(folder.path(), &arguments);
    assert_eq!(status(&output), 1);
    let problem = problem(&output);
    assert_eq!(problem["code"], "bad_opening");
    assert!(!problem.to_string().contains("secret"));
}

#[test]
fn a_guardians_file_of_somebody_else_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("folder");
    aegle(folder.path(), &["key", "new"]);
    let file = serde_json::json!({
        "kind": "aegle:guardian-opening:v1", "vault": ADDRESS, "guardian": ADDRESS, "index": 0,
        "salt": "07".repeat(32), "commitments": ["09".repeat(32)],
    });
    std::fs::write(folder.path().join("theirs.json"), file.to_string()).expect("file");
    let arguments = ["recovery", "approve", ADDRESS, "--opening", "theirs.json", "--rpc-url", NOWHERE, "--json"];
    let output = aegle(folder.path(), &arguments);
    assert_eq!((status(&output), problem(&output)["code"].as_str()), (1, Some("GuardianMismatch")));
}

#[test]
fn a_file_that_is_no_opening_is_refused_without_repeating_it() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("report.txt"), "a blood count").expect("file");
    std::fs::write(folder.path().join("torn.json"), "{\"salt\": \"secret").expect("file");
    let arguments = ["verify", "record", ADDRESS, "--document", "report.txt", "--opening", "torn.json", "--json"];
    let output = aegle(folder.path(), &arguments);
    assert_eq!(status(&output), 1);
    let problem = problem(&output);
    assert_eq!(problem["code"], "bad_opening");
    assert!(!problem.to_string().contains("secret"));
}

#[test]
fn an_empty_document_is_taken_for_a_mistake() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("empty.pdf"), "").expect("file");
    let arguments = ["record", "mint", "--vault", ADDRESS, "--document", "empty.pdf", "--json"];
    let output = aegle(folder.path(), &arguments);
    assert_eq!((status(&output), problem(&output)["code"].as_str()), (1, Some("empty_document")));
}
