//! Where an answer leads: which operations take what it gives, as the document's links say it.

use utoipa::openapi::{OpenApi, RefOr, link::Link};

/// An operation and the answer that leads somewhere, and to each operation what it takes from it: a
/// parameter, and the place in the body.
type Lead = (&'static str, &'static str, &'static [(&'static str, Taken)]);
type Taken = &'static [(&'static str, &'static str)];

const RECORD: Taken = &[("record", "/data/record")];
const FIRST_RECORD: Taken = &[("record", "/data/0/record")];
const UPLOAD: Taken = &[("upload", "/id")];
const ITEM: Taken = &[("vault", "/data/vault"), ("item", "/data/item")];
const FIRST_ITEM: Taken = &[("vault", "/data/0/vault"), ("item", "/data/0/item")];
const REQUEST: Taken = &[("vault", "/data/vault"), ("request", "/data/request")];
const FIRST_REQUEST: Taken = &[("vault", "/data/0/vault"), ("request", "/data/0/request")];

const SUBSCRIPTION: Taken = &[("vault", "/data/vault"), ("subscription", "/data/subscription")];
const FIRST_SUBSCRIPTION: Taken = &[("vault", "/data/0/vault"), ("subscription", "/data/0/subscription")];
const OPENING: Taken = &[("break_glass", "/data/break_glass")];
const FIRST_OPENING: Taken = &[("break_glass", "/data/0/break_glass")];

const LEADS: [Lead; 20] = [
    ("create_upload", "201", &[("find_upload", UPLOAD), ("append_upload", UPLOAD), ("cancel_upload", UPLOAD)]),
    (
        "create_record",
        "200",
        &[("get_record", RECORD), ("get_content", RECORD), ("replace_content", RECORD), ("get_erasure", RECORD)],
    ),
    ("list_records", "200", &[("get_record", FIRST_RECORD), ("get_content", FIRST_RECORD)]),
    ("post_item", "200", &[("get_item_content", ITEM), ("accept_item", ITEM), ("delete_item", ITEM)]),
    (
        "list_items",
        "200",
        &[("get_item_content", FIRST_ITEM), ("accept_item", FIRST_ITEM), ("delete_item", FIRST_ITEM)],
    ),
    ("accept_item", "200", &[("get_record", RECORD), ("get_content", RECORD)]),
    ("create_access_request", "200", &[("delete_access_request", REQUEST)]),
    ("list_access_requests", "200", &[("delete_access_request", FIRST_REQUEST)]),
    ("create_subscription", "200", &[("delete_subscription", SUBSCRIPTION), ("confirm_subscription", SUBSCRIPTION)]),
    ("list_subscriptions", "200", &[("delete_subscription", FIRST_SUBSCRIPTION)]),
    ("open_emergency", "200", &[("collect_shares", OPENING)]),
    ("list_emergencies", "200", &[("collect_shares", FIRST_OPENING)]),
    ("list_releases", "200", &[("fetch_shares", FIRST_OPENING), ("release_shares", FIRST_OPENING)]),
    ("list_patients", "200", &[("list_records", &[("patient", "/data/0/vault")])]),
    ("list_sessions", "200", &[("end_session", &[("session", "/data/0/id")])]),
    ("relay_transaction", "200", &[("get_relayed", &[("signature", "/signature")])]),
    ("list_chain_records", "200", &[("get_chain_record", FIRST_RECORD)]),
    ("list_chain_consents", "200", &[("get_consent", &[("consent", "/data/0/consent")])]),
    ("list_registrars", "200", &[("get_registrar", &[("registrar", "/data/0/registrar")])]),
    ("list_credentials", "200", &[("get_credential", &[("credential", "/data/0/credential")])]),
];

/// Adds the links to the answers that lead somewhere.
pub fn add_links(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    let operations = items.flat_map(|item| [&mut item.get, &mut item.post, &mut item.put, &mut item.patch]);
    for operation in operations.flatten() {
        for (_, status, targets) in LEADS.iter().filter(|(id, ..)| operation.operation_id.as_deref() == Some(*id)) {
            let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(*status) else { continue };
            for (target, taken) in *targets {
                let link = taken.iter().fold(Link::builder().operation_id(*target), |link, (parameter, place)| {
                    link.parameter(*parameter, format!("$response.body#{place}"))
                });
                answer.links.insert((*target).to_owned(), link.build().into());
            }
        }
    }
}
