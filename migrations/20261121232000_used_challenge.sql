-- Challenges that were answered.
--
-- Contract
--   * A challenge is given out sealed, and nothing of it is stored: whoever asks for challenges in the
--     name of another takes no place and crowds out nobody.
--   * A challenge is used up by whoever inserts its nonce here, in the transaction that begins the
--     session, after the signatures were found to hold. So only owners of wallets make rows.
--   * A row may go an hour after the challenge expired, so that a process whose clock is behind another's
--     still finds it. Times are seconds since the Unix epoch, by the server's clock.

DROP TABLE protected.sign_in_challenge;

CREATE TABLE protected.used_challenge (
    nonce       bytea  PRIMARY KEY CHECK (octet_length(nonce) = 16),
    expires_at  bigint NOT NULL
);
CREATE INDEX used_challenge_expiry ON protected.used_challenge (expires_at);
GRANT SELECT, INSERT, DELETE ON protected.used_challenge TO aegle_api;
