"""Signs requests with the session's key, by a library that knows nothing of this server (RFC 9421)."""

import secrets

import requests.auth
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

COVERED = ("@method", "@path", "@query", "aegle-purpose")


class Signer(requests.auth.AuthBase):
    """Signs what is about to be sent, as it is sent."""

    def __init__(self, key_id, seed):
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))

        class Key(HTTPSignatureKeyResolver):
            def resolve_private_key(self, key_id):
                return key

        self.key_id = key_id
        self.signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Key())

    def __call__(self, request):
        try:
            self.signer.sign(
                request, key_id=self.key_id, nonce=secrets.token_hex(16), covered_component_ids=COVERED, label="aegle"
            )
        except HTTPMessageSignaturesException:
            # What cannot be signed, as without a purpose, is sent as it is.
            pass
        return request
