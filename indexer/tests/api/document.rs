use std::{collections::BTreeMap, env, fs, path::Path};

use aegle_indexer::api::openapi;
use axum::{body::Body, http::Request};
use serde_json::Value;
use sqlx::PgPool;

use crate::{
    client::Client,
    facts::{Ledger, base58},
};

#[test]
fn the_committed_document_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = openapi() + "\n";
    if env::var_os("AEGLE_UPDATE").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "openapi.json is stale: run this test with AEGLE_UPDATE=1 and commit it");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_document_is_served_and_names_every_route(pool: PgPool) {
    Ledger::new(&pool).await.vault(101, [10; 32]).await;
    let client = Client::new(&pool);
    let document = client.get("/openapi.json").await.ok();
    assert_eq!(document, serde_json::from_str::<Value>(&openapi()).unwrap());
    assert_eq!(document["openapi"], "3.1.0");

    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().filter(|path| !path.starts_with("/v1/") || path.starts_with("/v1/chain/")).count(), 24);
    let open = paths.iter().filter(|(_, item)| item["get"].is_object() && item["get"]["security"].is_null());
    for path in open.map(|(path, _)| path).filter(|path| *path != "/v1/chain/stream") {
        let uri = path.split('/').map(|part| match part {
            "{digest}" => hex::encode([10; 32]),
            part if part.starts_with('{') => base58(&[10; 32]),
            part => part.to_owned(),
        });
        let answer = client.get(uri.collect::<Vec<_>>().join("/")).await;
        if !answer.status.is_success() {
            let (status, code) = answer.problem();
            // Proofs are of places that the request names, vaults of the owner, profiles of whom it looks for.
            let names = path.starts_with("/v1/log/") || ["/v1/chain/vaults", "/v1/profiles"].contains(&&**path);
            let asks = names && (status, &*code) == (400, "invalid_parameter");
            assert!(asks || status == 404 && ["not_found", "relay_off"].contains(&&*code), "{path}: {code}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_operation_tells_its_refusals_and_what_needs_a_session_refuses_without_one(pool: PgPool) {
    let client = Client::new(&pool);
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            if operation["security"].is_null() {
                continue;
            }
            let method = method.to_uppercase();
            let request = Request::builder().method(method.as_str()).uri(path.replace(['{', '}'], ""));
            let request = request.header("content-type", "application/json").body(Body::from("{}")).unwrap();
            let answer = client.send(request).await;
            if method == "HEAD" {
                assert_eq!((answer.status.as_u16(), &*answer.text), (401, ""), "{path}");
            } else {
                assert_eq!(answer.problem(), (401, "not_signed_in".into()), "{method} {path}");
            }
        }
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match value.as_str() {
                Some(reference) if name == "$ref" => {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                _ => check(value, document),
            }),
            Value::Array(values) => values.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = serde_json::from_str(&openapi()).unwrap();
    check(&document, &document);
}

#[test]
fn operations_have_names_of_their_own_and_every_link_gives_one_what_it_takes() {
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut named = BTreeMap::new();
    for operation in operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(named.insert(id, operation).is_none(), "{id} names two operations");
    }
    let responses = named.values().flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let links: Vec<_> = responses.filter_map(|response| response["links"].as_object()).flatten().collect();
    assert_eq!(links.len(), 33);
    for (name, link) in links {
        let target = named[link["operationId"].as_str().unwrap()];
        for parameter in link["parameters"].as_object().unwrap().keys() {
            let takes = target["parameters"].as_array().unwrap().iter().any(|taken| taken["name"] == **parameter);
            assert!(takes, "{name} does not take {parameter}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_documentation_can_be_browsed(pool: PgPool) {
    let client = Client::new(&pool);
    let page = client.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"));
    let start = client.get("/docs/swagger-initializer.js").await;
    assert!(start.text.contains("/openapi.json"), "{}", start.text);
    assert_eq!(client.get("/docs/nothing.js").await.problem(), (404, "no_such_route".into()));
}
