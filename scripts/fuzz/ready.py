"""Requests that can succeed, one kind for each operation; one in three is as well made, and reaches for
what is the other's.

A schema cannot say that an upload is finished, that an opening opens a commitment or that a wallet signed:
such parts come from the desk, which the test keeps for each user.
"""

import base64
import json
import os
import random
import urllib.error
import urllib.request

with open(os.environ["AEGLE_FUZZ_TASK"]) as file:
    TASK = json.load(file)
OWN, OTHER = TASK["own"], TASK["other"]
POLICY = {"kind": "aegle:policy:v1", "base": "all-normal"}


def desk(what, token=None):
    request = urllib.request.Request(f"{TASK['desk']}/{what}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        given = json.load(answer)
    if given is None:
        raise LookupError(what)
    return given


def whose(rng):
    return rng.choice([OWN, OWN, OTHER])


def some_id(rng):
    return rng.randbytes(32).hex()


def wrap(user):
    return {"holder": user["vault"], "recipient": TASK["vault_key"], "wrapped_key": TASK["wrapped_key"]}


def whole_upload(rng, token):
    begun = desk("begun", token)
    return {
        "path": {"upload": begun["id"]},
        "headers": {"upload-offset": "0"},
        "body": rng.randbytes(begun["size"]),
    }


def begun_upload(rng, token):
    return {"path": {"upload": desk("begun", token)["id"]}}


def new_record(rng, token):
    return {
        "body": {
            "vault": whose(rng)["vault"],
            "record_id": some_id(rng),
            "upload": desk("upload", token),
            "opening": TASK["opening"],
            "wraps": [wrap(OWN)],
        }
    }


def new_content(rng, token):
    if whose(rng) is OTHER:
        body = {"vault": OTHER["vault"], "upload": desk("upload", token), "wraps": [wrap(OTHER)]}
        return {"path": {"record": rng.choice(OTHER["records"])}, "body": body}
    return {
        "path": {"record": desk("record", token)["record"]},
        "body": {"vault": OWN["vault"], "upload": desk("upload", token), "wraps": [wrap(OWN)]},
    }


def new_mail(rng, token):
    return {
        "body": {
            "vault": rng.choice([OWN, OTHER])["vault"],
            "upload": desk("upload", token),
            "opening": TASK["opening"],
            "recipient": TASK["vault_key"],
            "wrapped_key": TASK["wrapped_key"],
        }
    }


def an_item(rng, token):
    item = OTHER if whose(rng) is OTHER else desk("item")
    return {"path": {"vault": item["vault"], "item": item["item"]}}


def a_request(rng, token):
    request = OTHER if whose(rng) is OTHER else desk("request")
    return {"path": {"vault": request["vault"], "request": request["request"]}}


def new_request(rng, token):
    message = base64.b64encode(rng.randbytes(20)).decode()
    vault = rng.choice([OWN, OTHER])["vault"]
    return {"body": {"vault": vault, "purposes": rng.choice([1, 16, 17]), "actions": 1, "message": message}}


def new_consent(rng, token):
    return {
        "body": {
            "vault": whose(rng)["vault"],
            "consent_id": some_id(rng),
            "grantee": OTHER["wallet"],
            "salt": some_id(rng),
            "policy": json.dumps(POLICY),
            "policy_salt": some_id(rng),
            "encryption_key": TASK["vault_key"],
        }
    }


def new_wraps(rng, token):
    user = whose(rng)
    return {"body": {"vault": user["vault"], "wraps": [{"record": rng.choice(user["records"]), "wrap": wrap(OWN)}]}}


def new_keyring(rng, token):
    return {"body": {"vault": whose(rng)["vault"], "key_epoch": rng.choice([0, 1]), "keyring": "ring", "shares": []}}


def a_record(rng, token):
    record = rng.choice(whose(rng)["records"])
    return {"path": {"record": record}, "headers": {"aegle-purpose": rng.choice(["TREAT", "TREAT", "PATRQT"])}}


def records(rng, token):
    return {"query": {"patient": whose(rng)["vault"]}, "headers": {"aegle-purpose": "TREAT"}}


def of_patient(rng, token):
    return {"query": {"patient": whose(rng)["vault"]}}


def own_log(rng, token):
    user = whose(rng)
    return {"query": {"patient": user["vault"]}, "headers": {"aegle-purpose": "PATRQT"}}


def a_receipt(rng, token):
    return {"path": {"index": desk("place", token)["place"] - rng.choice([0, 0, 1])}}


def an_inclusion(rng, token):
    size = desk("place", token)["size"]
    return {"query": {"index": rng.randrange(size), "size": size}}


def a_consistency(rng, token):
    size = desk("place", token)["size"]
    return {"query": {"from": rng.randint(1, size), "to": size}}


def new_subscription(rng, token):
    kinds = rng.sample(["grants", "revocations", "disclosures", "emergencies"], rng.randint(1, 4))
    target = {"webhook": {"url": "https://hooks.example/" + some_id(rng)}}
    return {"body": {"vault": whose(rng)["vault"], "target": target, "kinds": kinds}}


def a_subscription(rng, token):
    subscription = desk("subscription", token)
    return {"path": {"vault": whose(rng)["vault"], "subscription": subscription["subscription"]}}


def an_accounting(rng, token):
    forms = ["application/json", "text/csv", "application/pdf"]
    return {"query": {"patient": whose(rng)["vault"]}, "headers": {"aegle-purpose": "PATRQT", "accept": rng.choice(forms)}}


def on_chain(name):
    return lambda rng, token: {"path": {name: TASK["chain"][name]}, "query": {}}


def of_vault(rng, token):
    return {"path": {"vault": rng.choice([OWN, OTHER])["vault"]}, "query": {"limit": rng.randint(1, 200)}}


def in_emergency(rng, token):
    opened = rng.choice(TASK["emergency"]["opened"])
    return {"path": {"break_glass": opened}, "headers": {"aegle-purpose": "ETREAT"}}


def new_key_shares(rng, token):
    user = whose(rng)
    shares = [{"record": rng.choice(user["records"]), "shares": [TASK["key_share"]]}]
    return {"body": {"vault": user["vault"], "records": shares}}


READY = {
    "POST /v1/sign-in": lambda rng, token: {"body": desk("answer")},
    "POST /v1/sign-in/challenge": lambda rng, token: {
        "body": {"address": rng.choice([OWN, OTHER])["wallet"], "request_key": TASK["request_key"]["key_id"]}
    },
    "DELETE /v1/sessions/{session}": lambda rng, token: {"path": {"session": desk("session")["id"]}},
    "POST /v1/uploads": lambda rng, token: {"body": {"size": rng.randint(1, 20_000)}},
    "PATCH /v1/uploads/{upload}": whole_upload,
    "HEAD /v1/uploads/{upload}": begun_upload,
    "DELETE /v1/uploads/{upload}": begun_upload,
    "POST /v1/records": new_record,
    "PUT /v1/records/{record}/content": new_content,
    "GET /v1/records": records,
    "GET /v1/records/{record}": a_record,
    "GET /v1/records/{record}/content": a_record,
    "GET /v1/records/{record}/erasure": lambda rng, token: {"path": {"record": rng.choice(OWN["records"])}},
    "GET /v1/chain/records/{record}": lambda rng, token: {
        "path": {"record": rng.choice(OWN["records"])},
        "query": {},
    },
    "POST /v1/mailbox": new_mail,
    "POST /v1/mailbox/{vault}/{item}/accept": lambda rng, token: {
        **an_item(rng, token),
        "body": {"record_id": some_id(rng)},
    },
    "GET /v1/mailbox/{vault}/{item}/content": an_item,
    "DELETE /v1/mailbox/{vault}/{item}": an_item,
    "POST /v1/access-requests": new_request,
    "DELETE /v1/access-requests/{vault}/{request}": a_request,
    "POST /v1/consents": new_consent,
    "POST /v1/consents/draft": lambda rng, token: {
        "body": {"vault": whose(rng)["vault"], "purposes": 1, "policy": POLICY}
    },
    "POST /v1/wraps": new_wraps,
    "POST /v1/keyrings": new_keyring,
    "POST /v1/guardian-shares": lambda rng, token: {"body": TASK["handed"]},
    "GET /v1/custodians": of_patient,
    "PUT /v1/custodians": lambda rng, token: {"body": desk("plan")},
    "DELETE /v1/custodians": of_patient,
    "GET /v1/custodian-shares": of_patient,
    "POST /v1/custodian-shares": new_key_shares,
    "GET /v1/emergencies": lambda rng, token: of_patient(rng, token) if rng.random() < 0.5 else {"query": {}},
    "POST /v1/emergencies": lambda rng, token: {
        "body": desk("statement"),
        "headers": {"aegle-purpose": "ETREAT"},
    },
    "GET /v1/emergencies/{break_glass}/shares": in_emergency,
    "GET /v1/releases/{break_glass}": in_emergency,
    "POST /v1/releases/{break_glass}": lambda rng, token: {
        **in_emergency(rng, token),
        "body": {"shares": [{"record": TASK["emergency"]["record"], "share": TASK["key_share"]["share"]}]},
    },
    "GET /v1/consents": of_patient,
    "GET /v1/keyrings": of_patient,
    "GET /v1/agent": of_patient,
    "GET /v1/endings": of_patient,
    "GET /v1/holds": of_patient,
    "GET /v1/wraps": of_patient,
    "GET /v1/wraps/pending": of_patient,
    "GET /v1/explain": lambda rng, token: {
        "query": {"patient": whose(rng)["vault"], "grantee": OTHER["wallet"], "purpose": "TREAT"}
    },
    "GET /v1/disclosures": own_log,
    "GET /v1/disclosures/head": own_log,
    "GET /v1/receipts/{index}": a_receipt,
    "GET /v1/log/sign-ins/{digest}": lambda rng, token: {"path": {"digest": desk("place", token)["sign_in"]}},
    "GET /v1/log/inclusion": an_inclusion,
    "GET /v1/log/consistency": a_consistency,
    "GET /v1/disclosures/accounting": an_accounting,
    "GET /v1/inbox": of_patient,
    "POST /v1/inbox/read": lambda rng, token: {"body": {"vault": whose(rng)["vault"], "until": rng.randint(0, 9)}},
    "GET /v1/subscriptions": of_patient,
    "POST /v1/subscriptions": new_subscription,
    "DELETE /v1/subscriptions/{vault}/{subscription}": a_subscription,
    "POST /v1/subscriptions/{vault}/{subscription}/confirmation": lambda rng, token: {
        **a_subscription(rng, token),
        "body": {"code": "12345678"},
    },
    "POST /v1/relay": lambda rng, token: {"body": desk("transaction")},
    "GET /v1/relay/{signature}": lambda rng, token: {"path": {"signature": desk("relayed", token)["signature"]}},
    "GET /v1/chain/consents/{consent}": on_chain("consent"),
    "GET /v1/chain/credentials/{credential}": on_chain("credential"),
    "GET /v1/chain/registrars/{registrar}": on_chain("registrar"),
    "GET /v1/chain/recoveries/{recovery}": on_chain("recovery"),
    "GET /v1/chain/audit-roots/{audit_root}": on_chain("audit_root"),
    "GET /v1/chain/break-glass/{break_glass}": on_chain("break_glass"),
    "GET /v1/chain/vaults/{vault}/records": of_vault,
    "GET /v1/chain/vaults/{vault}/consents": of_vault,
    "GET /v1/chain/vaults/{vault}/delegates": of_vault,
    "GET /v1/chain/vaults/{vault}/recoveries": of_vault,
}


class Own(random.Random):
    """Chooses the user's own, which comes first wherever both are there."""

    def choice(self, values):
        return values[0]


def ready(method, path, rng, token):
    """Parts of a request of this operation that can succeed; none where every generated one can, or where
    the desk has nothing, as after the session ended."""
    make = READY.get(f"{method.upper()} {path}")
    if make is None:
        return None
    try:
        return make(rng, token)
    except (urllib.error.URLError, LookupError, OSError):
        return None
