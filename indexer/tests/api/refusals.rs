use axum::{
    body::Body,
    http::{Method, Request},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58},
};

const VAULT: [u8; 32] = [10; 32];

async fn client(pool: &PgPool) -> Client {
    Ledger::new(pool).await.vault(101, VAULT).await;
    Client::new(pool)
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_address_is_refused(pool: PgPool) {
    let client = client(&pool).await;
    let (short, long) = (base58(&[1; 31]), base58(&[255; 33]));
    let hex = hex::encode(VAULT);
    for id in ["1", "0OIl", "%00", "%ff%fe", "%F0%9F%A6%80", "..%2f..", "'%20OR%201=1--", &short, &long, &hex] {
        for route in [
            "vaults/ID",
            "vaults/ID/records",
            "vaults/ID/consents",
            "vaults/ID/delegates",
            "vaults/ID/recoveries",
            "vaults/ID/break-glass",
            "operators/ID/audit-roots",
            "audit-roots/ID",
            "break-glass/ID",
            "records/ID",
            "recoveries/ID",
            "registrars/ID",
            "credentials/ID",
        ] {
            let answer = client.get(format!("/v1/chain/{}", route.replace("ID", id))).await;
            assert_eq!(answer.problem(), (400, "invalid_address".into()), "{route} of {id}");
        }
    }
    let answer = client.get("/v1/chain/consents/nothing").await;
    assert_eq!(answer.problem(), (400, "invalid_address".into()));
    assert_eq!(answer.detail(), "not an address: 32 bytes in base58 are expected.");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_parameter_is_refused_by_its_name(pool: PgPool) {
    let client = client(&pool).await;
    let list = format!("/v1/chain/vaults/{}/records", base58(&VAULT));
    for (route, query, name) in [
        (&*list, "limit=0", "limit"),
        (&list, "limit=201", "limit"),
        (&list, "limit=-1", "limit"),
        (&list, "limit=ten", "limit"),
        (&list, "limit=", "limit"),
        (&list, "limit=99999999999999999999", "limit"),
        (&list, "limit=1&limit=2", "limit"),
        (&list, "as_of_slot=-1", "as_of_slot"),
        (&list, "as_of_slot=18446744073709551616", "as_of_slot"),
        (&list, "as_of_slot=%00", "as_of_slot"),
        (&list, "commitment=processed", "commitment"),
        (&list, "commitment=finalized&commitment=finalized", "commitment"),
        (&list, "offset=5", "offset"),
        (&list, "%ff=1", "unknown field"),
        ("/v1/chain/events", "vault=abc", "vault"),
        ("/v1/chain/events", "account=%00", "account"),
        ("/v1/chain/events", "name=VaultDropped", "name"),
        ("/v1/chain/events", "name=%00", "name"),
        ("/v1/chain/events", "cursor=A", "cursor"),
        ("/v1/chain/credentials", "registrar=abc", "registrar"),
        ("/v1/chain/credentials", "subject=", "subject"),
        ("/v1/chain/credentials", "role=pharmacy", "role"),
        ("/v1/chain/credentials", "kind=doctor", "kind"),
        ("/v1/chain/registrars", "limit=0", "limit"),
        ("/v1/chain/status", "verbose=1", "verbose"),
    ] {
        let answer = client.get(format!("{route}?{query}")).await;
        assert_eq!(answer.problem(), (400, "invalid_parameter".into()), "{query}");
        assert!(answer.detail().contains(name), "{query}: {}", answer.detail());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_detail_says_which_parameter_and_what_it_may_be(pool: PgPool) {
    let client = client(&pool).await;
    for (query, detail) in [
        ("limit=0", "limit: must be 1 to 200."),
        ("commitment=processed", "commitment: unknown variant `processed`, expected `finalized` or `confirmed`."),
        ("vault=abc", "vault: not an address: 32 bytes in base58 are expected."),
    ] {
        assert_eq!(client.get(format!("/v1/chain/events?{query}")).await.detail(), detail);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn other_routes_and_methods_are_refused_as_problems(pool: PgPool) {
    let client = client(&pool).await;
    for uri in ["/v1", "/v2/chain/status", "/v1/chain/vaults/", "/v1/chain/status/", "/v1//"] {
        assert_eq!(client.get(uri).await.problem(), (404, "no_such_route".into()), "{uri}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        let request = Request::builder().method(&method).uri("/v1/chain/status").body(Body::empty()).unwrap();
        let answer = client.send(request).await;
        assert_eq!(answer.problem(), (405, "method_not_allowed".into()), "{method}");
        assert_eq!(answer.headers["allow"], "GET,HEAD");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_larger_than_any_honest_one_are_refused(pool: PgPool) {
    let client = client(&pool).await;
    let answer = client.get(format!("/v1/chain/events?after={}", "A".repeat(3_000))).await;
    assert_eq!(answer.problem(), (414, "uri_too_long".into()));

    let request = Request::get("/v1/chain/status").header("x-large", "a".repeat(20_000)).body(Body::empty()).unwrap();
    assert_eq!(client.send(request).await.problem(), (431, "headers_too_large".into()));

    let request =
        Request::get("/v1/chain/status").header("content-length", "70000").body(Body::from("a".repeat(70_000)));
    assert_eq!(client.send(request.unwrap()).await.problem(), (413, "payload_too_large".into()));
}

/// Text as an attacker writes it: anything, percent-encoded or as it stands.
fn hostile() -> impl Strategy<Value = String> {
    let encoded = prop::collection::vec(any::<u8>(), 0..40)
        .prop_map(|bytes| bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<String>());
    prop_oneof![
        encoded,
        "[!-~&&[^#?/]]{0,60}",
        "[1-9A-HJ-NP-Za-km-z]{30,50}",
        any::<i128>().prop_map(|number| number.to_string()),
        Just(base58(&VAULT)),
        Just("%00".to_owned()),
        Just("%".to_owned()),
        Just("%F0%9F%A6%80".to_owned()),
    ]
}

fn request() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        hostile().prop_map(|id| format!("/v1/chain/vaults/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/vaults/{id}/consents")),
        hostile().prop_map(|id| format!("/v1/chain/records/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/consents/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/recoveries/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/registrars/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/credentials/{id}")),
        hostile().prop_map(|id| format!("/v1/chain/vaults/{id}/break-glass")),
        hostile().prop_map(|id| format!("/v1/chain/operators/{id}/audit-roots")),
        Just("/v1/chain/credentials".to_owned()),
        Just("/v1/chain/events".to_owned()),
        Just("/v1/chain/status".to_owned()),
        Just("/token/record.json".to_owned()),
        hostile().prop_map(|id| format!("/docs/{id}")),
        hostile().prop_map(|id| format!("/{id}")),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "limit",
            "cursor",
            "after",
            "as_of_slot",
            "commitment",
            "vault",
            "account",
            "name",
            "registrar",
            "subject"
        ])
        .prop_map(str::to_owned),
        hostile(),
    ];
    (path, prop::collection::vec((name, hostile()), 0..4)).prop_map(|(path, query)| {
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{path}?{}", query.join("&"))
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn no_request_whatsoever_makes_the_server_fail(pool: PgPool) {
    let client = client(&pool).await;
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Default::default(), seed);
    let (requests, mut sent) = (request(), 0);
    for _ in 0..3_000 {
        let uri = requests.new_tree(&mut runner).unwrap().current();
        let Ok(request) = Request::get(&uri).body(Body::empty()) else { continue };
        sent += 1;
        let answer = client.send(request).await;
        assert!(answer.status.as_u16() < 500, "{uri}: {} {}", answer.status, answer.text);
        if answer.status.is_client_error() {
            answer.problem();
        }
    }
    assert!(sent > 1_000, "only {sent} requests could be sent");
}
