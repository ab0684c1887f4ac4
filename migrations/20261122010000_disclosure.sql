-- The disclosure log: every decision about a patient's records, in a way that shows what is missing.
--
-- Contract
--   * A row of `disclosure` is a leaf of the operator's log, `index` its place; places have no gap. A row
--     is committed before what it is about leaves the server, and never changes or goes.
--   * `number` counts the rows of a vault without a gap; `disclosure_head` is the last row of each vault. The vault of zeros is nobody's: requests
--     about records that are not there.
--   * `commitment` commits to the very text of `entry` by `salt`, and to vault, number and the
--     commitment of the vault's row before by `link_salt`.
--   * `disclosure_log` is one row. Whoever appends moves it from the size that was expected, so appenders
--     of several processes follow one another and none overwrites another's end.
--   * `disclosure_node` are the complete nodes of the Merkle tree (RFC 9162) over the first
--     `checkpoint.size` rows of the newest checkpoint, by the order in which they became complete.
--   * Callers see rows of the vault their transaction names, if they act for its patient, and those of
--     their own requests that were permitted. Writing is not done in a caller's name.

CREATE TABLE protected.disclosure_log (
    sole   boolean PRIMARY KEY DEFAULT true CHECK (sole),
    size   bigint  NOT NULL CHECK (size >= 0)
);
INSERT INTO protected.disclosure_log (size) VALUES (0);

CREATE TABLE protected.disclosure (
    index       bigint PRIMARY KEY CHECK (index >= 0),
    vault       key32  NOT NULL,
    number      bigint NOT NULL CHECK (number >= 0),
    commitment  key32  NOT NULL,
    -- The commitment to vault, number and what was before, and its salt.
    link        key32  NOT NULL,
    link_salt   key32  NOT NULL,
    salt        key32  NOT NULL,
    entry       text   NOT NULL CHECK (octet_length(entry) <= 65536),
    -- Who asked, and whether the entry is theirs to see.
    caller      key32   NOT NULL,
    permitted   boolean NOT NULL,
    UNIQUE (vault, number)
);

CREATE TABLE protected.disclosure_head (
    vault       key32  PRIMARY KEY,
    entries     bigint NOT NULL CHECK (entries > 0),
    commitment  key32  NOT NULL,
    -- Salts the vault's value among the heads.
    salt        key32  NOT NULL
);

CREATE TABLE protected.disclosure_node (
    position  bigint PRIMARY KEY CHECK (position >= 0),
    node      key32  NOT NULL
);

CREATE TABLE protected.disclosure_checkpoint (
    size     bigint PRIMARY KEY CHECK (size >= 0),
    root     key32  NOT NULL,
    heads    key32  NOT NULL,
    -- The signed note.
    note     text   NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION protected.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the disclosure log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON protected.disclosure
    FOR EACH ROW EXECUTE FUNCTION protected.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON protected.disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION protected.refuse_change();

ALTER TABLE protected.disclosure ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.disclosure FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
CREATE POLICY asked ON protected.disclosure FOR SELECT TO aegle_api USING (
    caller = protected.current_caller() AND permitted
);
GRANT SELECT ON protected.disclosure TO aegle_api;
