-- Erasure: what opens a record is stored under a key that the database does not have.
--
-- Contract
--   * `erasure_key` names a key in a store of its own, outside the database and every backup of it. Under
--     it lie what opens a record's commitment (`opening`: salt, salt of the labels, commitment to the
--     details), each key of the record (`wrapped_key`), and each share of its key (`share`), dealt or released:
--     nonce (24 bytes) ‖ ciphertext ‖ tag (16).
--   * A name is random and used once, so that what is restored from a backup never meets a key anew. The
--     record that is made of a mailbox item takes over its key.
--   * Rows of an earlier release hold the same in clear, in the columns that are null otherwise, wrapped
--     keys of 80 bytes and shares of 81. A server seals them before it serves anything.
--   * `ended_key` are the keys to be destroyed that no record has: of mail that was laid aside, and of
--     contents that no record claimed. A row goes once its key is destroyed.
--   * `erasure` is what was destroyed of an erased record: first its key, then, in the transaction that
--     writes the row, everything else here but the lines of the disclosure log. Its blob goes soon after.
--   * `restored` says that the database was restored from a backup, and up to which slot erasures have to
--     be applied before anything may be served.

ALTER TABLE protected.content
    ADD COLUMN erasure_key key32,
    ADD COLUMN opening bytea CHECK (octet_length(opening) = 136),
    ALTER COLUMN salt DROP NOT NULL,
    ALTER COLUMN labels_salt DROP NOT NULL,
    ALTER COLUMN details_commitment DROP NOT NULL,
    ADD CHECK (num_nulls(erasure_key, opening) IN (0, 2)),
    ADD CHECK (num_nulls(salt, labels_salt, details_commitment) = CASE WHEN opening IS NULL THEN 0 ELSE 3 END);
CREATE INDEX content_in_clear ON protected.content (record) WHERE opening IS NULL;

ALTER TABLE protected.mailbox_item
    ADD COLUMN erasure_key key32,
    ADD COLUMN opening bytea CHECK (octet_length(opening) = 136),
    ALTER COLUMN salt DROP NOT NULL,
    ALTER COLUMN labels_salt DROP NOT NULL,
    ALTER COLUMN details_commitment DROP NOT NULL,
    DROP CONSTRAINT mailbox_item_wrapped_key_check,
    ADD CHECK (num_nulls(erasure_key, opening) IN (0, 2)),
    ADD CHECK (num_nulls(salt, labels_salt, details_commitment) = CASE WHEN opening IS NULL THEN 0 ELSE 3 END),
    ADD CHECK (octet_length(wrapped_key) = CASE WHEN opening IS NULL THEN 80 ELSE 120 END);
CREATE INDEX mailbox_item_in_clear ON protected.mailbox_item (item) WHERE opening IS NULL;

ALTER TABLE protected.wrap
    DROP CONSTRAINT wrap_wrapped_key_check,
    ADD CHECK (octet_length(wrapped_key) IN (80, 120));

ALTER TABLE protected.custodian_share
    ADD COLUMN erasure_key key32,
    DROP CONSTRAINT custodian_share_share_check,
    ADD CHECK (octet_length(share) = CASE WHEN erasure_key IS NULL THEN 81 ELSE 121 END);
ALTER TABLE protected.released_share
    ADD COLUMN erasure_key key32,
    DROP CONSTRAINT released_share_share_check,
    ADD CHECK (octet_length(share) = CASE WHEN erasure_key IS NULL THEN 81 ELSE 121 END);

CREATE TABLE protected.ended_key (
    erasure_key  key32 PRIMARY KEY,
    ended_at     timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE protected.ended_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY ended ON protected.ended_key FOR INSERT TO aegle_api WITH CHECK (true);
GRANT INSERT ON protected.ended_key TO aegle_api;

CREATE TABLE protected.erasure (
    record        key32   PRIMARY KEY,
    vault         key32   NOT NULL,
    erasure_key   key32   NOT NULL,
    -- How many keys of the record there were, how many shares of its key, dealt and released, and what the
    -- ciphertext was.
    wraps         bigint  NOT NULL CHECK (wraps >= 0),
    shares        bigint  NOT NULL CHECK (shares >= 0),
    blob          key32   NOT NULL,
    bytes         bigint  NOT NULL CHECK (bytes > 0),
    destroyed_at  timestamptz NOT NULL DEFAULT now(),
    -- When the ciphertext was gone from the blob store.
    blob_gone_at  timestamptz
);
CREATE INDEX erasure_blob_left ON protected.erasure (blob) WHERE blob_gone_at IS NULL;
ALTER TABLE protected.erasure ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.erasure FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault()))
);
GRANT SELECT ON protected.erasure TO aegle_api;

CREATE TABLE protected.restored (
    sole     boolean PRIMARY KEY DEFAULT true CHECK (sole),
    -- The node's finalized slot when the backup was restored.
    slot     bigint  NOT NULL
);

-- Who erased what since a slot.
CREATE INDEX record_change_erased ON record_change (slot) WHERE status = 'erased';
