//! Guardians, recoveries and what they leave of the old owner's permissions.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58, day, key, time},
    state::{at, iso},
};

const VAULT: [u8; 32] = [10; 32];
const RECOVERY: [u8; 32] = [70; 32];
const DAY: i64 = 86_400;

/// One recovery after guardians were set, by slot: proposed 112, approved 114, executable 116, executed
/// 120; `lapses` is its last slot but one.
async fn recovered(pool: &PgPool, lapses: i64) -> Ledger {
    let mut ledger = Ledger::new(pool).await;
    ledger.vault(101, VAULT).await;
    ledger.guardians(110, VAULT, 1, 3, 2).await;
    ledger.propose_recovery(112, VAULT, RECOVERY, time(lapses)).await;
    ledger.approve_recovery(114, VAULT, RECOVERY, time(116), time(lapses)).await;
    ledger
}

async fn data(client: &Client, path: &str, slot: i64) -> Value {
    client.get(at(path, slot)).await.ok()["data"].clone()
}

fn vault_path() -> String {
    format!("/v1/chain/vaults/{}", base58(&VAULT))
}

fn recovery_path() -> String {
    format!("/v1/chain/recoveries/{}", base58(&RECOVERY))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_vault_says_how_many_guardians_it_has_and_never_who(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    ledger.guardians(110, VAULT, 1, 3, 2).await;
    ledger.propose_guardians(120, VAULT, 5, 4, time(121)).await;
    ledger.guardians(125, VAULT, 2, 5, 4).await;
    ledger.propose_guardians(130, VAULT, 0, 0, time(131)).await;
    let client = Client::new(&pool);

    let three = json!({"count": 3, "threshold": 2, "recovery_delay": DAY});
    let five = |delay: i64| json!({"count": 5, "threshold": 4, "recovery_delay": delay});
    let due = |slot: i64, guardians: Value| json!({"guardians": guardians, "due_at": iso(day(slot))});
    for (slot, epoch, guardians, pending) in [
        (109, 0, Value::Null, Value::Null),
        (110, 1, three.clone(), Value::Null),
        (120, 1, three, due(121, five(2 * DAY))),
        (125, 2, five(DAY), Value::Null),
        (130, 2, five(DAY), due(131, Value::Null)),
    ] {
        let vault = data(&client, &vault_path(), slot).await;
        assert_eq!(vault["guardian_epoch"], epoch, "as of slot {slot}");
        assert_eq!(vault["guardians"], guardians, "as of slot {slot}");
        assert_eq!(vault["pending_guardians"], pending, "as of slot {slot}");
    }
    for commitment in [key(211), key(212)] {
        let answer = client.get(vault_path()).await;
        assert!(!answer.text.contains(&hex::encode(commitment)), "{}", answer.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pending_recovery_voids_the_change_of_guardians_and_ends_with_its_veto(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.vault(101, VAULT).await;
    ledger.guardians(110, VAULT, 1, 3, 2).await;
    ledger.propose_guardians(111, VAULT, 1, 1, time(1_000)).await;
    ledger.propose_recovery(112, VAULT, RECOVERY, time(142)).await;
    ledger.approve_recovery(114, VAULT, RECOVERY, time(117), time(147)).await;
    ledger.veto_recovery(116, VAULT, RECOVERY).await;
    let client = Client::new(&pool);

    let vault = data(&client, &vault_path(), 113).await;
    assert_eq!(
        (&vault["pending_guardians"]["guardians"]["count"], &vault["pending_recovery"]),
        (&json!(1), &Value::Null)
    );
    let vault = data(&client, &vault_path(), 114).await;
    assert_eq!(vault["pending_guardians"], Value::Null);
    assert_eq!(vault["pending_recovery"], json!({"recovery": base58(&RECOVERY), "lapses_at": iso(day(147))}));
    let vault = data(&client, &vault_path(), 116).await;
    assert_eq!((&vault["pending_guardians"], &vault["pending_recovery"]), (&Value::Null, &Value::Null));
    assert_eq!(vault["owner"], base58(&key(200)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_recovery_says_who_is_to_own_the_vault_and_how_far_it_is(pool: PgPool) {
    let mut ledger = recovered(&pool, 147).await;
    let executed = ledger.execute_recovery(120, VAULT, RECOVERY).await;
    let client = Client::new(&pool);

    let proposed = data(&client, &recovery_path(), 112).await;
    assert_eq!(
        proposed,
        json!({
            "recovery": base58(&RECOVERY),
            "vault": base58(&VAULT),
            "recovery_id": hex::encode(key(213)),
            "new_owner": base58(&key(214)),
            "new_encryption_key": hex::encode(key(215)),
            "guardian_epoch": 1,
            "delegate_epoch": 0,
            "approvals": 1,
            "status": "proposed",
            "executable_at": null,
            "lapses_at": iso(day(147)),
            "open": true,
            "reason": null,
            "rent_payer": base58(&key(202)),
            "proposed": proposed["proposed"],
            "changed": proposed["proposed"],
        })
    );
    assert_eq!(proposed["proposed"]["authority"], base58(&key(216)));

    let pending = data(&client, &recovery_path(), 114).await;
    for (field, value) in [
        ("approvals", json!(2)),
        ("status", json!("pending")),
        ("executable_at", json!(iso(day(116)))),
        ("open", json!(true)),
        ("proposed", proposed["proposed"].clone()),
    ] {
        assert_eq!(pending[field], value, "{field}");
    }
    assert_eq!(pending["changed"]["authority"], base58(&key(217)));

    let done = client.get(recovery_path()).await.ok()["data"].clone();
    assert_eq!((&done["status"], &done["approvals"]), (&json!("executed"), &json!(2)));
    assert_eq!((&done["open"], &done["reason"]), (&json!(false), &json!("executed")));
    assert_eq!(done["changed"]["signature"], base58(&executed.signature));

    let refused = client.get(at(&recovery_path(), 111)).await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    assert_eq!(refused.detail(), "There is no recovery at this address in the state asked for.");
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_2_an_executed_recovery_hands_over_the_vault_and_ends_what_the_old_owner_allowed(pool: PgPool) {
    let mut ledger = recovered(&pool, 147).await;
    ledger.delegate(111, VAULT, key(31), 1, day(1_000)).await;
    ledger.consent(111, VAULT, key(40), day(111), day(1_000)).await;
    ledger.execute_recovery(120, VAULT, RECOVERY).await;
    let client = Client::new(&pool);

    for (slot, owner, encryption_key, epoch, reason) in
        [(119, 200, 203, 0, Value::Null), (120, 214, 215, 1, json!("out_of_epoch"))]
    {
        let vault = data(&client, &vault_path(), slot).await;
        assert_eq!(vault["owner"], base58(&key(owner)), "as of slot {slot}");
        assert_eq!(vault["encryption_key"], hex::encode(key(encryption_key)), "as of slot {slot}");
        for name in ["key_epoch", "consent_epoch", "delegate_epoch"] {
            assert_eq!(vault[name], epoch, "{name} as of slot {slot}");
        }
        let delegates = data(&client, &format!("{}/delegates", vault_path()), slot).await;
        assert_eq!(delegates[0]["reason"], reason, "as of slot {slot}");
        assert_eq!(delegates[0]["in_effect"], reason.is_null(), "as of slot {slot}");
        let consents = data(&client, &format!("{}/consents", vault_path()), slot).await;
        assert_eq!(consents[0]["reason"], reason, "as of slot {slot}");
    }
    assert_eq!(data(&client, &vault_path(), 120).await["pending_recovery"], Value::Null);
}

/// Why the recovery cannot go on, as of a slot.
async fn reason(client: &Client, slot: i64) -> Value {
    let recovery = data(client, &recovery_path(), slot).await;
    assert_eq!(recovery["open"], recovery["reason"].is_null());
    recovery["reason"].clone()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_recovery_lapses_and_is_void_under_other_guardians(pool: PgPool) {
    let mut ledger = recovered(&pool, 130).await;
    let client = Client::new(&pool);
    assert_eq!(reason(&client, 129).await, Value::Null);
    assert_eq!(reason(&client, 130).await, "lapsed");

    // Vetoed, it is open to unanimous guardians, until they are others.
    ledger.veto_recovery(115, VAULT, RECOVERY).await;
    ledger.propose_guardians(117, VAULT, 1, 1, time(119)).await;
    assert_eq!(data(&client, &recovery_path(), 118).await["status"], "vetoed");
    assert_eq!(reason(&client, 118).await, Value::Null);
    assert_eq!(reason(&client, 119).await, "out_of_epoch", "also before anyone wrote it down");
    ledger.guardians(121, VAULT, 2, 1, 1).await;
    assert_eq!(reason(&client, 121).await, "out_of_epoch");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_recovery_whose_vault_the_mirror_lacks_is_not_open(pool: PgPool) {
    let mut ledger = Ledger::new(&pool).await;
    ledger.propose_recovery(112, VAULT, RECOVERY, time(1_000)).await;
    assert_eq!(reason(&Client::new(&pool), 112).await, "unknown");
}
