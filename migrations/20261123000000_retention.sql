-- Legal holds, and the end of storage by the operator's retention schedule.
--
-- Contract
--   * A row of `hold` keeps what is stored of a vault, or of some of its records, from being destroyed: by
--     an erasure and by the schedule. It lets nobody read anything. It is in force until `lifted_at`, and
--     stays as history; nothing but that is ever written to it.
--   * Whoever destroys locks `hold` in SHARE mode first and then looks, in one transaction; whoever places
--     a hold writes to it. So of the two, one comes first and the other sees what it did.
--   * A row of `content_end` is a content whose end of storage its patient was told of, and the earliest
--     time of that end. The schedule in force decides again then.
--   * `erasure.cause` says why a content was destroyed: its owner erased the record, or its storage ended.
--     The record of the latter stands, and may be given content again.
--   * Of a vault's oldest rows of `notice` the schedule may have deleted some; the newest always stays, so
--     that numbers go on.

CREATE TABLE protected.hold (
    hold       bytea   PRIMARY KEY CHECK (octet_length(hold) = 16),
    vault      key32   NOT NULL,
    -- Records it is about; null for everything of the vault, also what comes later.
    records    bytea[] CHECK (cardinality(records) > 0),
    -- Who ordered it, and under which reference, in the operator's words.
    authority  text    NOT NULL CHECK (length(authority) BETWEEN 1 AND 500),
    reference  text    NOT NULL CHECK (length(reference) BETWEEN 1 AND 500),
    placed_at  timestamptz NOT NULL DEFAULT now(),
    lifted_at  timestamptz,
    -- Why it was lifted.
    reason     text    CHECK (length(reason) BETWEEN 1 AND 500),
    CHECK (num_nulls(lifted_at, reason) IN (0, 2))
);
CREATE INDEX hold_in_force ON protected.hold (vault) WHERE lifted_at IS NULL;

CREATE FUNCTION protected.keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a hold is lifted once, and otherwise never changes or goes';
END $$;
CREATE TRIGGER history BEFORE DELETE ON protected.hold
    FOR EACH ROW EXECUTE FUNCTION protected.keep_history();
CREATE TRIGGER history_of_change BEFORE UPDATE ON protected.hold
    FOR EACH ROW WHEN (
        OLD.lifted_at IS NOT NULL
        OR (OLD.hold, OLD.vault, OLD.records, OLD.authority, OLD.reference, OLD.placed_at)
            IS DISTINCT FROM (NEW.hold, NEW.vault, NEW.records, NEW.authority, NEW.reference, NEW.placed_at)
    )
    EXECUTE FUNCTION protected.keep_history();

-- Whether a hold in force is about a record; without one, whether it is about everything of the vault.
CREATE FUNCTION protected.is_held(of_vault bytea, of_record bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM protected.hold h
        WHERE h.vault = of_vault AND h.lifted_at IS NULL
            AND (h.records IS NULL OR coalesce(of_record = ANY (h.records), false))
    )
$$;

ALTER TABLE protected.hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.hold FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault()))
);
GRANT SELECT ON protected.hold TO aegle_api;

CREATE TABLE protected.content_end (
    record        key32 PRIMARY KEY REFERENCES protected.content ON DELETE CASCADE,
    vault         key32       NOT NULL,
    announced_at  timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL CHECK (ends_at >= announced_at)
);
CREATE INDEX content_end_vault ON protected.content_end (vault, record);

ALTER TABLE protected.content_end ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.content_end FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault()))
);
GRANT SELECT ON protected.content_end TO aegle_api;

ALTER TABLE protected.erasure
    ADD COLUMN cause text NOT NULL DEFAULT 'erased' CHECK (cause IN ('erased', 'retention'));
ALTER TABLE protected.erasure ALTER COLUMN cause DROP DEFAULT;

-- Whoever wanted to be told of everything still is.
UPDATE protected.subscription SET kinds = 31 WHERE kinds = 15;

CREATE INDEX content_stored ON protected.content (stored_at);
CREATE INDEX mailbox_item_posted ON protected.mailbox_item (posted_at);
CREATE INDEX access_request_requested ON protected.access_request (requested_at);
CREATE INDEX notice_at ON protected.notice (at);
