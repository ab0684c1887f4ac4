//! A patient who leaves for another operator, and those who read on there.

use std::{path::Path, time::Duration};

use aegle_api_client::{
    Api, Origin, consent, disclosure, export,
    keyring::{self, Way},
    record,
};
use aegle_client::state::{Action, Purpose};
use aegle_decision::{Base, Policy};
use aegle_stack::indexer::Settings;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use solana_keypair::Keypair;

use crate::care::{Care, RESULT, key_of};

async fn adopt(settings: &Settings, folder: &Path) -> Result<Value, String> {
    let output = settings.output(&["adopt", folder.to_str().expect("path")]).await.expect("aegle-indexer");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("JSON")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Changes what the folder says of itself, and gives what it said.
fn change(folder: &Path, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let path = folder.join("export.json");
    let before = std::fs::read(&path).expect("export");
    let mut export = serde_json::from_slice(&before).expect("JSON");
    change(&mut export);
    std::fs::write(&path, export.to_string()).expect("export");
    before
}

/// INV-1, INV-5: what was exported is read on at another operator's by those who read it before, as long as the
/// chain lets them, and nothing is taken in that the chain does not commit to.
#[tokio::test(flavor = "multi_thread")]
async fn a_patient_leaves_for_another_operator_and_the_same_grantees_read_on() {
    let mut care = Care::start_with(|_| {}).await;
    let (owner, quiet) = (Keypair::new(), &|_, _| {});
    let provider = care.provider().await;
    let unlocked = care.create_vault(&owner).await;
    let vault = unlocked.vault();
    let session = care.sign_in(&owner).await;
    let made = keyring::make(care.api.origin(), &owner, &unlocked, None, None, &mut OsRng).expect("keyring");
    keyring::store(&session, &made.keyring).await.expect("stored");
    let mut records = Vec::new();
    for _ in 0..2 {
        let sealed = care.sealed(vault, RESULT, &provider);
        let added = record::add(&session, &care.pay(), &owner, vault, sealed, &mut OsRng, quiet).await.expect("added");
        care.finalized(added.sent.slot).await;
        records.push(added.record);
    }
    let policy: Policy =
        serde_json::from_value(json!({ "kind": "aegle:policy:v1", "base": "all-normal" })).expect("policy");
    assert_eq!(policy.base, Base::AllNormal);
    let purposes = Purpose::Treatment as u16;
    let shown = consent::draft(&session, vault, purposes, &policy).await.expect("preview");
    let grantee = key_of(&provider.key);
    let grant = consent::Grant {
        grantee,
        encryption_key: consent::key_of(&session, &care.pay(), &grantee).await.expect("key").expect("attested"),
        purposes,
        actions: Action::Read as u8,
        from_day: care.today,
        until_day: care.today + 30,
        policy,
    };
    let granted =
        consent::grant(&session, &care.pay(), &owner, &unlocked, grant, &shown, &mut OsRng).await.expect("granted");
    care.finalized(granted.sent.slot).await;
    let at_work = care.sign_in(&provider.key).await;
    assert_eq!(care.open(&at_work, &provider.secrets, Purpose::Treatment, records[0]).await, RESULT);

    // Everything is taken along, and checks without the server.
    let mut next = care.stack.elsewhere("next").await;
    next.erasure_keys = care.stack.folder.join("next-erasure-keys");
    let site = Origin::of(&format!("http://{}", next.listen)).expect("site");
    let folder = care.stack.folder.join("export");
    let reader = care.stack.operator.sender.reader();
    let export =
        async || export::export(&session, reader, &unlocked, Some((&site, &owner)), &folder, &mut OsRng, quiet).await;
    let exported = export().await.expect("exported");
    assert_eq!((exported.records, exported.consents, exported.keyrings), (2, 1, 1));
    assert!(exported.unreadable.is_empty() && exported.disclosures > 3, "{exported:?}");
    let whole = export::Export::open(&folder).expect("export");
    assert_eq!(whole.check(&folder).expect("whole"), exported.bytes);
    let kept = export::disclosures(&folder).expect("log");
    kept.check(vault).expect("log").expect("nothing is missing");
    let page = std::fs::read_to_string(folder.join("index.html")).expect("page");
    assert!(page.contains("2 records") && page.contains("laboratory") && page.contains(&grantee.to_string()));
    assert_eq!(export().await.expect("exported").bytes, exported.bytes, "again");

    // The next operator's server, which never heard of this one.
    next.migrate().await.expect("migrations");
    let refused = adopt(&next, &folder).await.expect_err("an empty mirror");
    assert!(refused.contains("the mirror is at 0"), "{refused}");
    let mut server = next.start().expect("indexer");
    server.ready(Duration::from_secs(60)).await.expect("ready");
    let api = Api::new(&server.api.url, site.clone()).expect("API");
    api.reached(granted.sent.slot, true, Duration::from_secs(60)).await.expect("the same ledger");
    let mirrored = async |slot| api.reached(slot, false, Duration::from_secs(60)).await.expect("mirrored");
    mirrored(export::Export::open(&folder).expect("export").confirmed_slot).await;

    // What the chain does not commit to is left out; what was changed is refused.
    let whole = change(&folder, |export| {
        export["records"][0]["opening"]["salt"] = "00".repeat(32).into();
        export["consents"][0]["policy_salt"] = "00".repeat(32).into();
    });
    let partly = adopt(&next, &folder).await.expect("adopted");
    assert_eq!((&partly["records"], &partly["consents"]), (&json!(1), &json!(0)), "{partly}");
    let left = partly["left_out"].as_array().expect("list");
    assert_eq!(left.len(), 2, "{partly}");
    assert!(left.iter().all(|left| left["reason"] == "the ledger commits to something else"), "{partly}");
    std::fs::write(folder.join("export.json"), &whole).expect("export");
    let first = export::Export::open(&folder).expect("export").records[0].record;
    let path = export::Export::content(&folder, &first);
    let ciphertext = std::fs::read(&path).expect("ciphertext");
    let mut other = ciphertext.clone();
    other[40] ^= 1;
    std::fs::write(&path, &other).expect("ciphertext");
    let refused = adopt(&next, &folder).await.expect_err("a changed ciphertext");
    assert!(refused.contains("was changed or is cut off"), "{refused}");
    std::fs::write(&path, &ciphertext).expect("ciphertext");
    let adopted = adopt(&next, &folder).await.expect("adopted");
    assert_eq!((&adopted["records"], &adopted["left_out"]), (&json!(1), &json!([])), "{adopted}");
    let again = adopt(&next, &folder).await.expect("adopted");
    assert_eq!((&again["records"], &again["consents"], &again["known"]), (&json!(0), &json!(0), &json!(4)), "{again}");

    // The patient's wallet opens the keyring there, and the provider reads on.
    let moved = aegle_api_client::Session::sign_in(&api, &owner, None).await.expect("session");
    let by_wallet = keyring::unlock(&moved, reader, vault, Way::Wallet(&owner)).await.expect("unlocked");
    let reading = aegle_api_client::Session::sign_in(&api, &provider.key, None).await.expect("session");
    for record in &records {
        assert_eq!(care.open(&moved, &by_wallet.secrets(), Purpose::PatientRequest, *record).await, RESULT);
        assert_eq!(care.open(&reading, &provider.secrets, Purpose::Treatment, *record).await, RESULT);
    }
    let own = disclosure::own(&moved, vault).await.expect("log").expect("whole");
    assert!(own.entries.iter().any(|logged| logged.entry.value().caller.key == grantee), "the next log goes on");

    // One revocation ends it at both.
    let revoked = consent::revoke(&care.pay(), &owner, vault, granted.consent).await.expect("revoked");
    care.confirmed(revoked.slot).await;
    mirrored(revoked.slot).await;
    for session in [&at_work, &reading] {
        let refused = record::get(session, Purpose::Treatment, records[0]).await.err();
        assert!(refused.is_some_and(|error| error.is("not_permitted")));
    }
    assert!(server.stop().await.expect("stop").success());
    care.stack.stop().await;
}
