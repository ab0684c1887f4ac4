use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{CONFIRMED, FINALIZED, FIRST, Ledger, base58, day, key},
};

const VAULT: [u8; 32] = [10; 32];

pub fn at(path: &str, slot: i64) -> String {
    format!("{path}?as_of_slot={slot}")
}

pub fn date(day: i64) -> Value {
    json!(iso(day).split_once('T').unwrap().0)
}

/// Through Postgres' idea of dates would be circular; through the days of the year it is not.
pub fn iso(day: i64) -> String {
    let (mut year, mut left) = (1970, day);
    let length = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let mut month = 0;
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while left >= months[month] {
        left -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}T01:00:00Z", month + 1, left + 1)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_vault_is_answered_as_of_any_slot(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let created = ledger.vault(110, VAULT).await;
    ledger.rotate_key(120, VAULT, key(21), 1).await;
    ledger.revoke_all(130, VAULT, 1).await;
    ledger.rotate_key(152, VAULT, key(22), 2).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/vaults/{}", base58(&VAULT));

    let answer = client.get(&path).await;
    let body = answer.ok();
    assert_eq!(
        body["data"],
        json!({
            "vault": base58(&VAULT),
            "vault_id": hex::encode(key(201)),
            "owner": base58(&key(200)),
            "rent_payer": base58(&key(202)),
            "encryption_key": hex::encode(key(21)),
            "key_epoch": 1,
            "consent_epoch": 1,
            "delegate_epoch": 0,
            "delegate_mints": 0,
            "delegate_mint_cap": 1000,
            "record_count": 0,
            "emergency_policy": "forbidden",
            "guardian_epoch": 0,
            "guardians": null,
            "pending_guardians": null,
            "pending_recovery": null,
            "created": {"signature": base58(&created.signature), "slot": 110, "at": iso(day(110))},
        })
    );
    assert_eq!(body["meta"]["slot"], FINALIZED);
    assert_eq!(body["meta"]["commitment"], "finalized");
    assert_eq!(body["meta"]["finalized_slot"], FINALIZED);
    assert_eq!(body["meta"]["confirmed_slot"], CONFIRMED);
    assert_eq!(body["meta"]["lag_slots"], 0);
    for (header, value) in [("aegle-slot", "150"), ("aegle-finalized-slot", "150"), ("aegle-lag-slots", "0")] {
        assert_eq!(answer.headers[header], value, "{header}");
    }
    assert!(answer.headers.contains_key("aegle-lag-seconds"));

    let confirmed = client.get(format!("{path}?commitment=confirmed")).await.ok();
    assert_eq!(confirmed["data"]["key_epoch"], 2);
    assert_eq!(confirmed["meta"]["slot"], CONFIRMED);
    assert_eq!(confirmed["meta"]["commitment"], "confirmed");

    assert_eq!(client.get(at(&path, 109)).await.problem(), (404, "not_found".into()));
    for (slot, epoch, key_number, commitment) in
        [(110, 0, 203, "finalized"), (120, 1, 21, "finalized"), (151, 1, 21, "confirmed"), (152, 2, 22, "confirmed")]
    {
        let body = client.get(at(&path, slot)).await.ok();
        assert_eq!(body["data"]["key_epoch"], epoch, "as of slot {slot}");
        assert_eq!(body["data"]["encryption_key"], hex::encode(key(key_number)), "as of slot {slot}");
        assert_eq!(body["meta"]["slot"], slot);
        assert_eq!(body["meta"]["commitment"], commitment, "as of slot {slot}");
        assert_eq!(body["meta"]["evaluated_at"], iso(day(slot)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_slot_outside_the_mirror_is_refused_with_its_range(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(110, VAULT).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/vaults/{}", base58(&VAULT));
    for slot in ["99", "156", "0", "9223372036854775808", "18446744073709551615"] {
        let answer = client.get(format!("{path}?as_of_slot={slot}")).await;
        assert_eq!(answer.problem(), (400, "slot_out_of_range".into()), "slot {slot}");
        assert_eq!(answer.detail(), "as_of_slot must be between 100 and 155.");
    }
    let answer = client.get(format!("{path}?as_of_slot=151&commitment=finalized")).await;
    assert_eq!(answer.problem(), (400, "slot_out_of_range".into()));
    assert_eq!(answer.detail(), "as_of_slot must be between 100 and 150.");
    client.get(at(&path, CONFIRMED)).await.ok();
    assert_eq!(client.get(at(&path, FIRST)).await.problem(), (404, "not_found".into()));
}

/// Whether a consent is in effect, and why not, as of slots.
async fn effects(client: &Client, consent: [u8; 32], slots: &[i64]) -> Vec<(i64, Value)> {
    let path = format!("/v1/chain/consents/{}", base58(&consent));
    let mut effects = Vec::new();
    for slot in slots {
        let body = client.get(at(&path, *slot)).await.ok();
        assert_eq!(body["data"]["in_effect"], json!(body["data"]["reason"].is_null()));
        effects.push((*slot, body["data"]["reason"].clone()));
    }
    effects
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_2_a_consent_is_in_effect_only_in_its_days_its_epoch_and_until_revoked(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let (period, revoked, epoch) = (key(11), key(12), key(13));
    ledger.vault(101, VAULT).await;
    ledger.consent(110, VAULT, period, day(112), day(125)).await;
    ledger.consent(110, VAULT, revoked, day(110), day(1_000)).await;
    ledger.consent(110, VAULT, epoch, day(110), day(1_000)).await;
    ledger.revoke(120, VAULT, revoked).await;
    ledger.revoke_all(130, VAULT, 1).await;
    let client = Client::new(&pool);

    let is = |slot: i64, reason: &str| (slot, json!(reason));
    let holds = |slot: i64| (slot, Value::Null);
    assert_eq!(
        effects(&client, period, &[110, 111, 112, 124, 125, 130]).await,
        [is(110, "not_yet"), is(111, "not_yet"), holds(112), holds(124), is(125, "expired"), is(130, "out_of_epoch")]
    );
    assert_eq!(
        effects(&client, revoked, &[110, 119, 120, 150]).await,
        [holds(110), holds(119), is(120, "revoked"), is(150, "revoked")]
    );
    assert_eq!(effects(&client, epoch, &[129, 130]).await, [holds(129), is(130, "out_of_epoch")]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_consent_says_what_it_allows_and_who_granted_and_revoked_it(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let consent = key(11);
    ledger.vault(101, VAULT).await;
    let granted = ledger.consent(110, VAULT, consent, day(110), day(1_000)).await;
    let revoked = ledger.revoke(152, VAULT, consent).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/consents/{}", base58(&consent));

    let body = client.get(&path).await.ok();
    assert_eq!(
        body["data"],
        json!({
            "consent": base58(&consent),
            "vault": base58(&VAULT),
            "consent_id": hex::encode(key(207)),
            "handle": hex::encode(key(208)),
            "policy_commitment": hex::encode(key(209)),
            "purposes": ["TREAT", "HRESCH"],
            "actions": ["read"],
            "from": date(day(110)),
            "until": date(day(1_000)),
            "consent_epoch": 0,
            "in_effect": true,
            "reason": null,
            "rent_payer": base58(&key(202)),
            "granted": {
                "signature": base58(&granted.signature),
                "slot": 110,
                "at": iso(day(110)),
                "authority": base58(&key(200)),
            },
            "revoked": null,
        })
    );

    let body = client.get(format!("{path}?commitment=confirmed")).await.ok();
    assert_eq!(body["data"]["reason"], "revoked", "a revocation shows as soon as it is confirmed");
    assert_eq!(body["data"]["revoked"]["signature"], base58(&revoked.signature));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_consent_whose_vault_the_mirror_lacks_is_not_in_effect(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.consent(110, VAULT, key(11), day(110), day(1_000)).await;
    let client = Client::new(&pool);
    assert_eq!(effects(&client, key(11), &[120]).await, [(120, json!("unknown"))]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_period_beyond_any_calendar_is_still_answered(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    ledger.consent(110, VAULT, key(11), i64::from(u32::MAX) - 1, i64::from(u32::MAX)).await;
    let client = Client::new(&pool);
    let body = client.get(format!("/v1/chain/consents/{}", base58(&key(11)))).await.ok();
    assert_eq!(body["data"]["until"], "+11761191-01-20");
    assert_eq!(body["data"]["reason"], "not_yet");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_delegate_has_rights_until_its_day_or_its_removal(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let (parent, carer) = (key(31), key(32));
    ledger.vault(101, VAULT).await;
    ledger.delegate(110, VAULT, parent, 0b1111, day(1_000)).await;
    ledger.delegate(110, VAULT, carer, 0b1000, day(125)).await;
    let removed = ledger.remove_delegate(130, VAULT, parent).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/vaults/{}/delegates", base58(&VAULT));

    let reasons = async |slot| {
        let body = client.get(at(&path, slot)).await.ok();
        let data = body["data"].as_array().unwrap().clone();
        data.iter().map(|delegate| delegate["reason"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(reasons(109).await, [] as [Value; 0]);
    assert_eq!(reasons(124).await, [Value::Null, Value::Null]);
    assert_eq!(reasons(125).await, [Value::Null, json!("expired")]);
    assert_eq!(reasons(130).await, [json!("removed"), json!("expired")]);

    let body = client.get(&path).await.ok();
    assert_eq!(body["data"][0]["delegate"], base58(&parent));
    assert_eq!(body["data"][0]["rights"], json!(["mint", "grant", "revoke", "read"]));
    assert_eq!(body["data"][0]["removed"]["signature"], base58(&removed.signature));
    assert_eq!(body["data"][1]["rights"], json!(["read"]));
    assert_eq!(body["data"][1]["until"], date(day(125)));
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_5_a_record_shows_every_version_and_the_transaction_of_every_change(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    // The addresses' order is not the versions' order.
    let (first, second, third, other) = (key(43), key(41), key(42), key(44));
    ledger.vault(101, VAULT).await;
    let minted = ledger.record(110, VAULT, first, 1, None).await;
    let amended = ledger.record(120, VAULT, second, 2, Some(first)).await;
    let again = ledger.record(130, VAULT, third, 3, Some(second)).await;
    ledger.record(130, VAULT, other, 1, None).await;
    let erased = ledger.erase(140, VAULT, third).await;
    let client = Client::new(&pool);

    for record in [first, second, third] {
        let body = client.get(format!("/v1/chain/records/{}", base58(&record))).await.ok();
        assert_eq!(body["data"]["record"]["record"], base58(&record));
        let versions = body["data"]["versions"].as_array().unwrap();
        let told: Vec<_> = versions
            .iter()
            .map(|version| {
                let changes = version["changes"].as_array().unwrap();
                let changes = changes.iter().map(|change| {
                    assert_eq!(change["authority"], base58(&key(200)));
                    (change["status"].as_str().unwrap(), change["signature"].as_str().unwrap())
                });
                (version["record"].as_str().unwrap(), version["version"].as_i64().unwrap(), changes.collect::<Vec<_>>())
            })
            .collect();
        let signature = |fact: crate::facts::Fact| base58(&fact.signature);
        let (minted, amended, again, erased) =
            (signature(minted), signature(amended), signature(again), signature(erased));
        assert_eq!(
            told,
            [
                (&*base58(&first), 1, vec![("active", &*minted), ("amended", &*amended)]),
                (&*base58(&second), 2, vec![("active", &*amended), ("amended", &*again)]),
                (&*base58(&third), 3, vec![("active", &*again), ("erased", &*erased)]),
            ]
        );
        assert_eq!(body["data"]["next"], Value::Null);
    }

    let path = format!("/v1/chain/records/{}", base58(&second));
    assert_eq!(client.get(at(&path, 119)).await.problem(), (404, "not_found".into()));
    let body = client.get(at(&path, 129)).await.ok();
    assert_eq!(body["data"]["record"]["status"], "active");
    assert_eq!(body["data"]["versions"].as_array().unwrap().len(), 2, "a later version is not there yet");
    let mint = aegle_client::pda::find_mint(&second.into()).0.to_string();
    assert_eq!(body["data"]["record"]["mint"], mint);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_record_says_where_its_token_is_and_how_often_it_was_issued(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    let record = key(43);
    ledger.vault(101, VAULT).await;
    ledger.record(110, VAULT, record, 1, None).await;
    ledger.reissue(120, VAULT, record, 2, key(214)).await;
    ledger.reissue(130, VAULT, record, 3, key(218)).await;
    let client = Client::new(&pool);
    let path = format!("/v1/chain/records/{}", base58(&record));
    let mint = aegle_client::pda::find_mint(&record.into()).0;
    for (slot, issues, holder, rent_payer) in
        [(110, 1, 200, 202), (119, 1, 200, 202), (120, 2, 214, 210), (130, 3, 218, 210)]
    {
        let body = client.get(at(&path, slot)).await.ok();
        let told = &body["data"]["record"];
        let token = aegle_client::pda::find_token(&mint, &key(holder).into()).0;
        assert_eq!(told["issues"], issues, "as of slot {slot}");
        assert_eq!(told["holder"], base58(&key(holder)), "as of slot {slot}");
        assert_eq!(told["token"], token.to_string(), "as of slot {slot}");
        assert_eq!(told["rent_payer"], base58(&key(rent_payer)), "as of slot {slot}");
        assert_eq!(told["mint"], mint.to_string());
        assert_eq!(told["changed"]["slot"], 110, "a reissue changes no status");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_long_chain_of_versions_comes_in_pages(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    let records: Vec<_> = (1..=7).map(|version| key(50 + version)).collect();
    for (index, record) in records.iter().enumerate() {
        let previous = index.checked_sub(1).map(|previous| records[previous]);
        ledger.record(110 + index as i64, VAULT, *record, index as i64 + 1, previous).await;
    }
    let client = Client::new(&pool);
    let path = format!("/v1/chain/records/{}?limit=3", base58(&records[3]));
    let (mut uri, mut versions) = (path.clone(), Vec::new());
    loop {
        let body = client.get(&uri).await.ok();
        let page = body["data"]["versions"].as_array().unwrap().clone();
        versions.extend(page.iter().map(|version| version["version"].as_i64().unwrap()));
        let Some(next) = body["data"]["next"].as_str() else { break };
        uri = format!("{path}&cursor={next}");
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
}
