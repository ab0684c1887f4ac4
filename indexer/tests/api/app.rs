//! The web app as the server serves it, from a folder laid out as a build is.

use std::fs;

use aegle_client::PROGRAM_ID;
use aegle_indexer::api::{ApiConfig, Stores, router};
use axum::{
    body::Body,
    http::{HeaderName, Method, Request},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;

use crate::{
    client::{Answer, Client, config, keys, open_blobs},
    facts::Ledger,
};

const SCRIPT: &str = "/assets/index-Bx3.js";

/// A server of an app that names its files in them, beside a file that is not the app's.
fn app(pool: &PgPool, change: impl FnOnce(&mut ApiConfig)) -> (Client, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("dist");
    fs::create_dir_all(root.join("assets")).unwrap();
    for file in ["index.html", "index.html.br", "icon.svg", "assets/index-Bx3.js", "assets/index-Bx3.js.br"] {
        fs::write(root.join(file), format!("this is {file}")).unwrap();
    }
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    fs::write(root.join(".env"), "secret").unwrap();
    let mut config = config();
    config.app.folder = Some(root);
    config.app.rpc_url = Some("https://node.example:8899/rpc".into());
    change(&mut config);
    (Client::with(pool, &config), folder)
}

async fn ask(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    client.send(request.body(Body::empty()).unwrap()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_are_the_apps_and_what_is_the_apis_stays_the_apis(pool: PgPool) {
    Ledger::new(&pool).await;
    let (client, _folder) = app(&pool, |_| {});
    for path in ["/", "/records", "/p/1a2b/who", "/records/", "/?tab=1", "/v1x", "/index.html", "//records"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, "this is index.html"), "{path}");
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers["cache-control"], "no-cache", "{path}");
    }
    for path in
        ["/v1", "/v1/nothing", "/v1/app/x", "/docs/nothing.js", "/healthz/x", "/token/x", "/metrics/", "/v1/x.js"]
    {
        assert_eq!(client.get(path).await.problem(), (404, "no_such_route".into()), "{path}");
    }
    for path in ["/nothing.js", "/assets/gone-A1.css", "/records/a.png", "/assets/index-Bx3.js.br"] {
        assert_eq!(client.get(path).await.problem(), (404, "no_such_route".into()), "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = ask(&client, method.clone(), "/records", &[]).await;
        assert!(!answer.text.contains("index.html"), "{method}");
    }
    assert_eq!(ask(&client, Method::POST, "/", &[]).await.problem(), (404, "no_such_route".into()));
    assert_eq!(client.get("/healthz").await.ok(), json!({ "status": "alive" }));
    assert!(client.get("/docs/").await.text.contains("swagger-ui"));
}

#[sqlx::test(migrations = "../migrations")]
async fn files_go_out_compressed_are_kept_by_their_names_and_asked_for_anew_by_their_tags(pool: PgPool) {
    let (client, _folder) = app(&pool, |_| {});
    let plain = client.get(SCRIPT).await;
    assert_eq!(plain.text, "this is assets/index-Bx3.js");
    assert_eq!(plain.headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(!plain.headers.contains_key("content-encoding"));

    let small = ask(&client, Method::GET, SCRIPT, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(small.text, "this is assets/index-Bx3.js.br");
    assert_eq!(small.headers["content-encoding"], "br");
    for answer in [&plain, &small] {
        assert_eq!(answer.headers["content-type"], "text/javascript; charset=utf-8");
        let vary = answer.headers.get_all("vary").iter().filter(|vary| vary.as_bytes() == b"accept-encoding");
        assert_eq!(vary.count(), 1);
    }
    // There is none of the icon, and nobody is given what it refused.
    for (path, encodings) in [("/icon.svg", "br"), (SCRIPT, "gzip, br;q=0")] {
        let answer = ask(&client, Method::GET, path, &[("accept-encoding", encodings)]).await;
        assert_eq!(
            (&*answer.text, answer.headers.get("content-encoding")),
            (&*format!("this is {}", &path[1..]), None)
        );
    }

    let (plain_tag, small_tag) = (plain.headers["etag"].to_str().unwrap(), small.headers["etag"].to_str().unwrap());
    assert_ne!(plain_tag, small_tag);
    for (known, status) in [
        (plain_tag.to_owned(), 304),
        (plain_tag.trim_start_matches("W/").to_owned(), 304),
        (format!("\"x\", {plain_tag}"), 304),
        ("*".to_owned(), 304),
        (small_tag.to_owned(), 200),
        ("\"x\"".to_owned(), 200),
    ] {
        let answer = ask(&client, Method::GET, SCRIPT, &[("if-none-match", &known)]).await;
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.text.is_empty(), status == 304);
        for name in ["etag", "cache-control", "vary", "content-security-policy"] {
            assert_eq!(answer.headers.get(name), plain.headers.get(name), "{name}");
        }
    }
    let page = client.get("/records").await;
    let again =
        ask(&client, Method::GET, "/consents", &[("if-none-match", page.headers["etag"].to_str().unwrap())]).await;
    assert_eq!(again.status, 304, "every page is the one document");

    let head = ask(&client, Method::HEAD, SCRIPT, &[]).await;
    assert_eq!((head.status.as_u16(), &*head.text), (200, ""));
    assert_eq!(head.headers["content-length"], plain.text.len().to_string());
    for name in ["etag", "content-type", "cache-control"] {
        assert_eq!(head.headers[name], plain.headers[name], "{name}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_may_load_its_own_files_and_ask_this_server_and_the_node_alone(pool: PgPool) {
    let (client, _folder) = app(&pool, |_| {});
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
                  font-src 'self'; connect-src 'self' https://node.example:8899 wss://node.example:8899; \
                  worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    // What is not exactly the page of proofs is closed, its own scripts and workers too.
    for path in ["/", "/records", "/verify/", "/verify/x", "//verify", "/Verify", "/%76erify", "/x?/verify", SCRIPT] {
        let answer = client.get(path).await;
        for (name, value) in [
            ("content-security-policy", policy),
            ("cross-origin-opener-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            let name = HeaderName::from_static(name);
            assert_eq!(answer.headers.get_all(&name).iter().collect::<Vec<_>>(), [value], "{path}");
        }
        let permissions = answer.headers["permissions-policy"].to_str().unwrap();
        let on: Vec<_> = permissions.split(", ").filter(|feature| !feature.ends_with("=()")).collect();
        assert_eq!(on, ["camera=(self)", "clipboard-write=(self)"]);
    }
    // The API's answers are no pages, and the documentation has its own policy.
    for (path, start) in [("/v1/nothing", "default-src 'none'; base-uri"), ("/docs/", "default-src 'self'; img-src")] {
        let answer = client.get(path).await;
        let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
        assert!(policies.len() == 1 && policies[0].to_str().unwrap().starts_with(start), "{path} {policies:?}");
        assert!(!answer.headers.contains_key("permissions-policy"));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_of_proofs_alone_may_ask_any_node_and_no_page_has_a_handle_on_it(pool: PgPool) {
    let (client, _folder) = app(&pool, |_| {});
    let connects = |answer: &Answer| {
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        policy.split("; ").find_map(|part| part.strip_prefix("connect-src ")).unwrap().to_owned()
    };
    let node = "'self' https://node.example:8899 wss://node.example:8899";
    let closed = client.get("/records").await;
    for path in ["/verify", "/verify?what=x"] {
        let answer = client.get(path).await;
        assert_eq!(connects(&answer), format!("{node} https: http://127.0.0.1:* http://localhost:*"), "{path}");
        let policy = |answer: &Answer| answer.headers["content-security-policy"].to_str().unwrap().to_owned();
        assert_eq!(policy(&answer).replace(" https: http://127.0.0.1:* http://localhost:*", ""), policy(&closed));
        // Pages of another value open in a group of their own.
        assert_eq!(answer.headers["cross-origin-opener-policy"], "same-origin-allow-popups");
        let tag = answer.headers["etag"].to_str().unwrap();
        let again = ask(&client, Method::GET, path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status.as_u16(), connects(&again)), (304, connects(&answer)));
    }
    assert_eq!(connects(&closed), node);
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_reach_wallet_apps_on_phones_that_have_a_way_to_them(pool: PgPool) {
    const PHONE: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 \
                         Mobile Safari/537.36";
    const WAY: &str = " ws://localhost:*; frame-src solana-wallet:";
    let (client, _folder) = app(&pool, |_| {});
    let policy = |answer: &Answer| answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    let on = async |agent: &str, path: &str| ask(&client, Method::GET, path, &[("user-agent", agent)]).await;
    let closed = policy(&client.get("/records").await);
    let phone = on(PHONE, "/records").await;
    assert!(!closed.contains(WAY) && policy(&phone).contains(WAY));
    assert_eq!(policy(&phone).replace(WAY, ""), closed);
    assert_eq!(phone.headers["vary"], "accept-encoding, user-agent");
    // Its scripts and workers need none, and the page of proofs signs nobody in.
    assert_eq!(policy(&on(PHONE, SCRIPT).await), closed);
    assert!(!policy(&on(PHONE, "/verify").await).contains("ws://localhost"));
    for agent in ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)", "Mozilla/5.0 (X11; Linux x86_64)", ""] {
        assert_eq!(policy(&on(agent, "/records").await), closed, "{agent}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn no_path_leaves_the_app(pool: PgPool) {
    let (client, _folder) = app(&pool, |_| {});
    for path in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "//../secret.txt",
        "/.env",
        "/assets/..%00/secret.txt",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.problem(), (404, "no_such_route".into()), "{path}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_load_needs_no_database_and_counts_against_no_limit(pool: PgPool) {
    let (client, _folder) = app(&pool, |config| (config.rate_per_second, config.burst) = (1, 1));
    pool.close().await;
    for _ in 0..50 {
        assert_eq!(client.get(SCRIPT).await.status, 200);
        assert_eq!(client.get("/records").await.status, 200);
    }
    assert_eq!(client.get("/v1/nothing").await.problem().0, 404);
    assert_eq!(client.get("/v1/nothing").await.problem(), (429, "rate_limited".into()));
    assert_eq!(client.get("/").await.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_is_told_what_it_needs_before_anybody_signs_in(pool: PgPool) {
    let ask = async |client: &Client| client.get("/v1/app").await;
    let (client, _folder) = app(&pool, |_| {});
    assert_eq!(ask(&client).await.problem(), (503, "not_ready".into()), "the chain is not known yet");

    Ledger::new(&pool).await;
    let told = ask(&client).await.ok();
    assert_eq!(
        told,
        json!({
            "network": "solana:localnet",
            "rpc_url": "https://node.example:8899/rpc",
            "program": PROGRAM_ID.to_string(),
            "origin": "http://localhost:8080",
            "relay": false,
            "invitations": false,
            "development": false,
            "practice": null,
        })
    );
    let practice = Some(serde_json::from_value(json!(PROGRAM_ID.to_string())).unwrap());
    let (client, _folder) = app(&pool, |config| {
        config.app.development = true;
        config.app.practice = practice;
        config.app.rpc_url = None;
        config.sign_in.chain = Some("solana:devnet".into());
        config.sign_in.uri = "https://aegle.example".into();
    });
    let told = ask(&client).await.ok();
    assert_eq!((&told["network"], &told["origin"]), (&json!("solana:devnet"), &json!("https://aegle.example")));
    assert_eq!((&told["rpc_url"], &told["development"]), (&Value::Null, &json!(true)));
    assert_eq!(told["practice"], PROGRAM_ID.to_string());
    let policy = client.get("/").await.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("connect-src 'self'; "), "{policy}");
    let (client, _folder) = app(&pool, |config| config.app.practice = practice);
    assert_eq!(ask(&client).await.ok()["practice"], Value::Null, "nobody is played with real data");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_folder_without_an_app_does_not_start(pool: PgPool) {
    let mut config = config();
    config.app.folder = Some("/nonexistent".into());
    let (_folder, blobs) = open_blobs(Default::default());
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let refused = router(pool.clone(), &config, Stores { blobs, keys: keys(&pool) }, metrics).unwrap_err();
    assert!(refused.starts_with("app.folder is /nonexistent"), "{refused}");
}
