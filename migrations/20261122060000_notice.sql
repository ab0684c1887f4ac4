-- What patients are told of: events of their vaults on the chain and disclosures, and who else is told.
--
-- Contract
--   * A row of `notice` is one thing that a patient is told. `number` counts the rows of a vault from 1
--     without a gap, and `place` all rows; rows are appended one transaction at a time, so who has seen a
--     number or a place has seen all before it.
--   * It says that something happened, when, and to which vault: no names, labels or records.
--   * A row comes of one event of the chain, or of one entry of the disclosure log, and no event or entry
--     makes two. Events are told once they are final, emergencies once they are confirmed: `settled` is
--     false until finality passed their slot. One that the final chain does not have is followed by a row
--     `emergency_undone`, and both forget the event: should it come back, it is told again.
--   * `notice_feed` is one row: up to where chain and log were told. What was there before this migration
--     is not told.
--   * `notice_read` is up to which number somebody has read, each wallet for itself.
--   * A row of `subscription` is told what its vault's rows from `next_number` on say that have one of its
--     `kinds`, in order, one at a time: `next_number` moves on once the receiver has taken one. Nobody can
--     read its secret back.

CREATE TABLE protected.notice_feed (
    sole               boolean  PRIMARY KEY DEFAULT true CHECK (sole),
    -- Position of the last final event that was told.
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    -- Entries of the log that were told.
    disclosures        bigint   NOT NULL,
    -- Rows of `notice`.
    notices            bigint   NOT NULL
);
INSERT INTO protected.notice_feed (slot, tx_index, instruction_index, inner_index, disclosures, notices)
SELECT coalesce((SELECT finalized_slot FROM checkpoint), -1), 2147483647, 32767, 32767, size, 0
FROM protected.disclosure_log;

CREATE TABLE protected.notice (
    vault              key32    NOT NULL,
    number             bigint   NOT NULL CHECK (number > 0),
    place              bigint   NOT NULL UNIQUE,
    kind               text     NOT NULL,
    -- Bit of the kinds that subscriptions name; 0 where they do not.
    topic              smallint NOT NULL,
    -- Seconds since the Unix epoch.
    at                 bigint   NOT NULL,
    -- The event it comes of, and where the chain had it.
    signature          bytea,
    instruction_index  smallint,
    inner_index        smallint,
    slot               bigint,
    settled            boolean  NOT NULL,
    -- The entry it comes of.
    disclosure         bigint   UNIQUE,
    PRIMARY KEY (vault, number),
    UNIQUE (signature, instruction_index, inner_index)
);
CREATE INDEX notice_unsettled ON protected.notice (slot) WHERE NOT settled;

CREATE TABLE protected.notice_read (
    vault   key32  NOT NULL,
    wallet  key32  NOT NULL,
    number  bigint NOT NULL,
    PRIMARY KEY (vault, wallet)
);

CREATE TABLE protected.subscription (
    subscription   bytea       PRIMARY KEY CHECK (octet_length(subscription) = 16),
    vault          key32       NOT NULL,
    wallet         key32       NOT NULL,
    channel        text        NOT NULL CHECK (channel IN ('webhook', 'email')),
    target         text        NOT NULL CHECK (octet_length(target) <= 2048),
    kinds          smallint    NOT NULL CHECK (kinds > 0),
    -- Signs what a webhook is sent.
    secret         key32       NOT NULL,
    -- What was sent to an address, which its owner repeats; null once that was done, and for webhooks.
    code           text,
    code_sent      boolean     NOT NULL DEFAULT false,
    code_tries     smallint    NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- The first number that was not taken.
    next_number    bigint      NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0,
    retry_at       timestamptz NOT NULL DEFAULT now(),
    failing_since  timestamptz,
    -- Since when nothing is sent any more: it was removed, or its receiver gave no answer for too long.
    ended_at       timestamptz,
    removed        boolean     NOT NULL DEFAULT false
);
CREATE INDEX subscription_due ON protected.subscription (retry_at) WHERE ended_at IS NULL;
CREATE INDEX subscription_wallet ON protected.subscription (wallet, vault);

ALTER TABLE protected.notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.notice FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
GRANT SELECT (vault, number, kind, topic, at) ON protected.notice TO aegle_api;

ALTER TABLE protected.notice_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.notice_read FOR ALL TO aegle_api USING (
    wallet = protected.current_caller() AND vault = protected.current_vault()
);
GRANT SELECT, INSERT, UPDATE ON protected.notice_read TO aegle_api;

ALTER TABLE protected.subscription ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.subscription FOR ALL TO aegle_api USING (
    wallet = protected.current_caller() AND vault = protected.current_vault()
);
GRANT SELECT (subscription, vault, wallet, channel, target, kinds, code, code_tries, created_at, next_number,
              failing_since, ended_at, removed),
    INSERT,
    UPDATE (target, code, code_tries, next_number, ended_at, removed) ON protected.subscription TO aegle_api;
