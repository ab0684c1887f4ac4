"""What one of two hostile users asks, and what no answer may hold.

`AEGLE_FUZZ_TASK` names a JSON file with the user's own ids, those of the other that the user was told,
and markers: texts that show only in what is the other's. Values are put in the place of generated ones
by their names, so that requests get past the checks of form and aim at what is there.
"""

import atexit
import collections
import collections.abc
import json
import os
import random
import threading
import urllib.request

import schemathesis

with open(os.environ["AEGLE_FUZZ_TASK"]) as file:
    TASK = json.load(file)
OWN, OTHER = TASK["own"], TASK["other"]
# In the place of a value: the request goes without it.
ABSENT = object()
# One's own alone, the other's alone, or mixed.
BOTH = ([OWN], [OTHER], [OTHER, OWN])
LABELS = '{"kind":"aegle:labels:v1","categories":["document"]}'
POLICY = {"kind": "aegle:policy:v1", "base": "all-normal"}
# Most are granted for treatment.
PURPOSES = ["TREAT", "TREAT", "TREAT", "ETREAT", "HRESCH", "PATRQT"]


def pools(users, draft):
    """Values for a place, by its name."""
    def each(name):
        return [user[name] for user in users]

    vaults, wallets, records = each("vault"), each("wallet"), [record for user in users for record in user["records"]]
    return {
        "vault": vaults,
        "patient": vaults,
        "grantee": wallets,
        "address": wallets,
        "practitioner": wallets,
        "guardian": wallets,
        "subject": wallets,
        "holder": wallets + vaults,
        "account": vaults + records,
        "record": records,
        "consent": each("consent"),
        "upload": [upload for user in users for upload in (TASK["uploads"] if user is OWN else [user["upload"]])],
        "item": each("item"),
        "request": each("request"),
        "session": each("session"),
        "recipient": [TASK["vault_key"]],
        "encryption_key": [TASK["vault_key"]],
        "wrapped_key": [TASK["wrapped_key"], TASK["wrapped_key"], "AAAA"],
        "labels": [LABELS],
        "opening": [TASK["opening"]],
        "policy": [POLICY if draft else json.dumps(POLICY)],
        "keyring": ["ring", "a\0b"],
        "share": ["share", "a\0b"],
        "category": ["laboratory", "imaging"],
        "from": ["2020-01-01", ABSENT],
        "until": ["2030-01-01", ABSENT],
        "study": [ABSENT],
        "cursor": [ABSENT],
        "after": [ABSENT],
        "as_of_slot": ["145", ABSENT],
        "purpose": PURPOSES,
        "aegle-purpose": PURPOSES,
        "upload-offset": ["0", "1"],
    }


def names(value, pools):
    """Names in the value for which there are values to put in."""
    if isinstance(value, list):
        return [name for part in value for name in names(part, pools)]
    # Headers are a mapping of another kind, whose names have any case.
    if not isinstance(value, collections.abc.Mapping):
        return []
    parts = [(name.lower(), part) for name, part in value.items()]
    return [found for name, part in parts for found in ([name] if name in pools else names(part, pools))]


def aim(value, pools, rng):
    if isinstance(value, list):
        return [aim(part, pools, rng) for part in value]
    if not isinstance(value, collections.abc.Mapping):
        return value
    aimed = {
        name: rng.choice(pools[name.lower()]) if name.lower() in pools else aim(part, pools, rng)
        for name, part in value.items()
    }
    return {name: part for name, part in aimed.items() if part is not ABSENT}


def of(context, value):
    """The value, aimed, or but for one name, or as it was generated. The same for the same value, so that a
    failure can be shrunk and repeated."""
    path = context.operation.path if context.operation else ""
    rng = random.Random(path + repr(value))
    values = pools(rng.choice(BOTH), path.endswith("/draft"))
    mode, found = rng.random(), sorted(set(names(value, values)))
    if mode < 0.1:
        return value
    if mode < 0.5 and found:
        del values[rng.choice(found)]
    return aim(value, values, rng)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return of(context, path_parameters)


@schemathesis.hook
def map_query(context, query):
    return of(context, query)


@schemathesis.hook
def map_headers(context, headers):
    return of(context, headers)


@schemathesis.hook
def map_body(context, body):
    return of(context, body)


TOKEN = None
SIGNING_IN = threading.Lock()


@schemathesis.auth(refresh_interval=None)
class Session:
    """The user's session; another one once it was ended."""

    def get(self, case, context):
        global TOKEN
        with SIGNING_IN:
            token = TOKEN
            if token is None:
                with urllib.request.urlopen(TASK["sessions"]) as answer:
                    token = TOKEN = answer.read().decode()
            return token

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/partial-upload")
def serialize_bytes(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


ANSWERS = collections.Counter()


@atexit.register
def report():
    with open(TASK["answers"], "w") as file:
        json.dump([[*key, count] for key, count in sorted(ANSWERS.items())], file)


@schemathesis.hook
def after_call(context, case, response):
    global TOKEN
    ANSWERS[case.method, case.operation.path, response.status_code] += 1
    if response.status_code == 401:
        TOKEN = None
    elif case.method == "DELETE" and "/sessions" in case.path:
        TOKEN = None


# What the user itself sends may come to the other rightfully, as in a consent.
GIVEN = set()
if os.path.exists(TASK["given"]):
    with open(TASK["given"]) as file:
        GIVEN = set(json.load(file))
MARKERS = [(marker, marker.encode()) for marker in TASK["markers"] if marker not in GIVEN]
OWN_MARKERS = [(marker, marker.encode()) for marker in TASK["own_markers"]]
SENT = set()


@schemathesis.check
def nothing_of_the_other(ctx, response, case):
    request = response.request
    sent = f"{request.url} {request.headers}".encode() + (
        request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    )
    for marker, text in OWN_MARKERS:
        if marker not in SENT and text in sent:
            SENT.add(marker)
            with open(TASK["given"], "w") as file:
                json.dump(sorted(SENT), file)
    got = response.content + repr(sorted(response.headers.items())).encode()
    for marker, text in MARKERS:
        assert text not in got, f"{case.method} {case.path} gave away {marker}"
