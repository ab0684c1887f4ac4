-- Keys that somebody had and lost, as far as they were given out.
--
-- Contract
--   * A row is written in the transaction that deletes the wrapped key, and only if the holder ever got
--     it: what was given cannot be taken back, and the patient is told so for as long as the record is.
--   * A holder who never fetched the content has at most its old key: encrypting the content anew makes
--     that key worthless, and then `replaced_at` is set.

CREATE TABLE protected.past_wrap (
    record            key32 NOT NULL REFERENCES protected.content ON DELETE CASCADE,
    holder            key32 NOT NULL,
    vault             key32 NOT NULL,
    content_given_at  timestamptz,
    ended_at          timestamptz NOT NULL DEFAULT now(),
    replaced_at       timestamptz,
    PRIMARY KEY (record, holder, ended_at)
);
CREATE INDEX past_wrap_vault ON protected.past_wrap (vault, record);

ALTER TABLE protected.past_wrap ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.past_wrap TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
GRANT SELECT, INSERT, UPDATE (replaced_at) ON protected.past_wrap TO aegle_api;

-- A content may be encrypted anew: another blob under another key, for the same commitment.
GRANT UPDATE (blob, size) ON protected.content TO aegle_api;
CREATE POLICY encrypted_anew ON protected.content FOR UPDATE TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
