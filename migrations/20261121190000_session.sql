-- Sign-in and sessions.
--
-- Contract
--   * A challenge is answered once, and before it expires: whoever sets `used_at` has used it up,
--     whether or not the signatures then hold.
--   * `requester` is a hash of the asking network under a secret of the process, so that nobody can
--     crowd out the challenges of another; it tells nothing about the network.
--   * Of a session's token only the SHA-256 is stored. A session counts while `ended_at` is null and
--     `expires_at` is ahead; it is looked up for each request, so that ending one takes effect at once.
--   * `expires_at` never passes `ends_at`, however often a session is renewed.
--   * These tables are read before it is known who asks, so they have no row-level security; every
--     statement that lists or ends sessions names the wallet.
--   * Times are seconds since the Unix epoch, by the server's clock.

CREATE TABLE protected.sign_in_challenge (
    nonce        bytea  PRIMARY KEY CHECK (octet_length(nonce) = 16),
    address      key32  NOT NULL,
    practitioner key32  CHECK (practitioner <> address),
    requester    bytea  NOT NULL CHECK (octet_length(requester) = 8),
    issued_at    bigint NOT NULL,
    expires_at   bigint NOT NULL CHECK (expires_at > issued_at),
    used_at      bigint
);
CREATE INDEX sign_in_challenge_address ON protected.sign_in_challenge (address, requester, issued_at);
CREATE INDEX sign_in_challenge_expiry ON protected.sign_in_challenge (expires_at);

CREATE TABLE protected.session (
    id           bytea  PRIMARY KEY CHECK (octet_length(id) = 16),
    token_hash   key32  NOT NULL UNIQUE,
    wallet       key32  NOT NULL,
    -- Who acts for the wallet, where it is an organization's.
    practitioner key32  CHECK (practitioner <> wallet),
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL CHECK (expires_at > created_at),
    ends_at      bigint NOT NULL CHECK (ends_at >= expires_at),
    ended_at     bigint
);
CREATE INDEX session_wallet ON protected.session (wallet, created_at);
CREATE INDEX session_end ON protected.session (ends_at);

GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON protected.sign_in_challenge TO aegle_api;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at, ended_at) ON protected.session TO aegle_api;
