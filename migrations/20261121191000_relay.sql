-- The relay: what the operator pays for others.
--
-- Contract
--   * A transaction is in `relayed` before its signature by the relay leaves the process, and what it
--     may cost is counted in every budget that it falls under, in the same transaction. So no number of
--     parallel requests spends more than a budget.
--   * `relayed.lamports` is what counts: what was reserved while it is pending or has landed, the fee
--     where it failed on the ledger, nothing where it can no longer land. Rent that comes back later is
--     not taken off.
--   * `relay_budget` counts by who and when: an empty scope is everybody, otherwise a wallet; day -1 is
--     all days, otherwise days since the Unix epoch.
--   * Of an invitation only the SHA-256 of its code is stored. It opens one vault; a transaction that
--     comes to nothing gives it back.
--   * The server settles as the owner of the tables; callers see the own transactions.
--   * Times are seconds since the Unix epoch, by the server's clock.

CREATE TABLE protected.invitation (
    code_hash  key32  PRIMARY KEY,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL CHECK (expires_at > created_at),
    used_by    key32,
    used_at    bigint,
    CHECK (num_nulls(used_by, used_at) IN (0, 2))
);

CREATE TYPE protected.relay_status AS ENUM ('pending', 'landed', 'failed', 'expired');

CREATE TABLE protected.relayed (
    signature               bytea                  PRIMARY KEY CHECK (octet_length(signature) = 64),
    wallet                  key32                  NOT NULL,
    day                     integer                NOT NULL,
    lamports                bigint                 NOT NULL CHECK (lamports >= 0),
    fee                     bigint                 NOT NULL CHECK (fee >= 0),
    status                  protected.relay_status NOT NULL DEFAULT 'pending',
    -- It cannot land in a block above.
    last_valid_block_height bigint                 NOT NULL,
    -- Hash of the code that was used up.
    invitation              key32,
    created_at              bigint                 NOT NULL,
    settled_at              bigint,
    CHECK ((status = 'pending') = (settled_at IS NULL))
);
CREATE INDEX relayed_pending ON protected.relayed (created_at) WHERE status = 'pending';
CREATE INDEX relayed_settled ON protected.relayed (settled_at);
ALTER TABLE protected.relayed ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.relayed USING (wallet = protected.current_caller());

CREATE TABLE protected.relay_budget (
    scope        bytea   NOT NULL CHECK (octet_length(scope) IN (0, 32)),
    day          integer NOT NULL CHECK (day >= -1),
    lamports     bigint  NOT NULL CHECK (lamports >= 0),
    transactions bigint  NOT NULL CHECK (transactions >= 0),
    PRIMARY KEY (scope, day)
);

GRANT SELECT, UPDATE (used_by, used_at) ON protected.invitation TO aegle_api;
GRANT SELECT, INSERT ON protected.relayed TO aegle_api;
GRANT SELECT, INSERT, UPDATE (lamports, transactions) ON protected.relay_budget TO aegle_api;
