use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
        header::Header,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{
    error::Problem,
    links::add_links,
    routes::reply::{FINALIZED_SLOT, LAG_SECONDS, LAG_SLOTS, SLOT},
};

const DESCRIPTION: &str = "Under `/v1/chain`, what the chain says about vaults, records, consents, delegates, recoveries, registrars, \
    credentials, emergency openings and operators' anchored logs, mirrored into a database. It is public and holds nothing readable: addresses and keys are \
    base58; ids, handles, commitments and encryption keys hex; times and days ISO 8601, UTC.\n\n\
    Elsewhere, what callers do who signed in with their wallet (Sign-In With Solana): a session's token goes with \
    each request as `Authorization: Bearer`.\n\n\
    Each answer about the chain says which slot it reflects and how far the mirror is behind its node; too far behind, it answers \
    503 and no data. Refusals are problem details (RFC 9457) with stable codes.";

const SIGNATURE: &str = "HTTP Message Signature (RFC 9421) by the key that the sign-in named, Ed25519, with \
    `Signature-Input`. It covers `\"@method\" \"@path\" \"@query\" \"aegle-purpose\"`, in this order, and has the \
    parameters `created`, `nonce` and `keyid`, the key in base58.";

/// Adds to the routes' document what holds for all of them.
pub fn describe(mut document: OpenApi) -> OpenApi {
    document.info =
        InfoBuilder::new().title("Aegle API").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION)).build();
    document.servers = None;

    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    document.components.get_or_insert_default().schemas.extend(schemas);

    let session = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some("A session's token.")).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", SecurityScheme::Http(session));
    let signature = ApiKeyValue::with_description("Signature", SIGNATURE);
    components.add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));

    let operations = document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let methods = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete, &mut item.head];
        methods.into_iter().flatten().map(move |operation| (path, operation))
    });
    for (path, operation) in operations {
        if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") {
            answer.description = "What was asked for.".into();
            if path.starts_with("/v1/chain/") {
                for header in [SLOT, FINALIZED_SLOT, LAG_SLOTS, LAG_SECONDS] {
                    answer.headers.insert(header.to_string(), Header::new(i64::schema()));
                }
            }
        }
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let refusal =
            ResponseBuilder::new().description("A refusal.").content("application/problem+json", problem).build();
        operation.responses.responses.insert("default".into(), refusal.into());
    }
    add_links(&mut document);
    document
}
