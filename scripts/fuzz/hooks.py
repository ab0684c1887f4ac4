"""What one of two hostile users asks, and what no answer may hold.

`AEGLE_FUZZ_TASK` names a JSON file with the user's own ids, those of the other that the user was told,
and markers: texts that show only in what is the other's. Values are put in the place of generated ones
by their names, so that requests get past the checks of form and aim at what is there; and many requests
are made such that they can succeed (`ready.py`).
"""

import ast
import atexit
import collections
import collections.abc
import json
import os
import random
import threading

import schemathesis

from ready import OTHER, OWN, POLICY, TASK, Own, desk, ready
from signing import Signer

# Python before 3.11.8 and 3.12.2 counts the depth of syntax trees for all threads at once and fails when two
# make one, as Hypothesis does (python/cpython#106905).
MAKING_TREE = threading.Lock()
make_tree = ast.parse


def one_tree_at_a_time(*args, **kwargs):
    with MAKING_TREE:
        return make_tree(*args, **kwargs)


ast.parse = one_tree_at_a_time

# Ids in answers to this user, of uploads with their sizes.
LEARNED = {}
# In the place of a value: the request goes without it.
ABSENT = object()
# One's own alone, the other's alone, or mixed.
BOTH = ([OWN], [OTHER], [OTHER, OWN])
LABELS = '{"kind":"aegle:labels:v1","categories":["document"]}'
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
        "credential": [TASK["chain"]["credential"]],
        "registrar": [TASK["chain"]["registrar"]],
        "recovery": [TASK["chain"]["recovery"]],
        "purposes": [1, 1, 511],
        "actions": [1],
        "key_epoch": [0],
        "message": ["AAAA", ABSENT],
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
    if isinstance(value, collections.abc.Mapping):
        # What an earlier answer gave is followed.
        for name in [name.lower() for name, part in value.items() if isinstance(part, str) and part in LEARNED]:
            values.pop(name, None)
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
                token = TOKEN = desk("token")
            return token

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/partial-upload")
def serialize_bytes(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


# Of the requests that are not malformed on purpose, so many can succeed; the others are left as generated.
READY = 0.75
# Operations of which one succeeded; until then the user asks for what is the own.
SUCCEEDED = set()
# And so many of them are signed.
SIGNED = 0.95
SIGNER = Signer(**TASK["request_key"])


def malformed(case):
    return case.meta is not None and case.meta.generation.mode.name == "NEGATIVE"


@schemathesis.hook
def before_call(context, case, kwargs):
    shown = f"{case.method} {case.path} {case.path_parameters} {case.query} {case.body}"
    if random.Random(shown + "signed").random() < SIGNED:
        kwargs["auth"] = SIGNER
    succeeded = (case.method, case.path) in SUCCEEDED
    if malformed(case) or (succeeded and random.Random(shown).random() > READY):
        return
    made = ready(case.method, case.path, (random.Random if succeeded else Own)(shown + "ready"), TOKEN)
    if made is None:
        return
    stateful = case.meta is not None and case.meta.phase.name.name == "STATEFUL"
    given = case.path_parameters if stateful and succeeded and case.path_parameters else {}
    followed = {name: part for name, part in given.items() if str(part) in LEARNED}
    size = LEARNED.get(followed.get("upload"))
    if size is not None and isinstance(made.get("body"), bytes):
        made["body"] = bytes(size)
    if "path" in made:
        case.path_parameters = {**made["path"], **followed}
    for name, value in made.get("headers", {}).items():
        case.headers[name] = value
    if "query" in made:
        case.query = made["query"]
    if "body" in made:
        case.body = made["body"]


ANSWERS = collections.Counter()


@atexit.register
def report():
    with open(TASK["answers"], "w") as file:
        json.dump([[*key, count] for key, count in sorted(ANSWERS.items())], file)


def learn(value):
    """Remembers the ids in an answer."""
    if isinstance(value, list):
        for part in value[:5]:
            learn(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in ("id", "record", "item", "request", "signature", "consent", "credential") and isinstance(part, str):
                LEARNED[part] = value.get("size")
            else:
                learn(part)


@schemathesis.hook
def after_call(context, case, response):
    global TOKEN
    ANSWERS[case.method, case.operation.path, response.status_code] += 1
    if 200 <= response.status_code < 300:
        SUCCEEDED.add((case.method, case.path))
        if "json" in str(response.headers.get("content-type")):
            learn(response.json())
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
