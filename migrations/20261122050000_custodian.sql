-- Emergencies off the chain: who keeps shares of content keys, what clinicians signed, and what was released.
--
-- Contract
--   * A share of a record's content key, encrypted to a custodian, is dealt anew with every content and ends
--     with it. Its custodian sees it only once an opening of that record is on chain whose commitment is
--     that of a statement here; whether the opening is in effect, the engine decides.
--   * A statement is kept as it was signed. It is seen by its clinician, by whoever acts for the patient,
--     and, once opened, by custodians who keep a share of a record that it names. What was never opened goes
--     when its time is over, and so do released shares.
--   * `latest_emergency` has one row for each clinician, which every opening writes: of two at once, one
--     gives way and then sees the other.
--   * Content shows also to the clinician of an opening that is on chain.

CREATE TABLE protected.custodian_plan (
    vault      key32 PRIMARY KEY,
    -- The very text that the owner signed, by Ed25519.
    plan       text  NOT NULL CHECK (octet_length(plan) <= 8192),
    signature  bytea NOT NULL CHECK (octet_length(signature) = 64),
    stored_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE protected.custodian_share (
    record     key32 NOT NULL REFERENCES protected.content ON DELETE CASCADE,
    custodian  key32 NOT NULL,
    vault      key32 NOT NULL,
    -- X25519 key it is encrypted to.
    recipient  key32 NOT NULL,
    -- How many shares together give the key.
    threshold  smallint NOT NULL CHECK (threshold > 0),
    share      bytea NOT NULL CHECK (octet_length(share) = 81),
    dealt_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record, custodian)
);
CREATE INDEX custodian_share_custodian ON protected.custodian_share (custodian, vault);
CREATE INDEX custodian_share_vault ON protected.custodian_share (vault, record);

CREATE TABLE protected.emergency (
    -- Account of the opening, whether or not it is on chain.
    break_glass     key32 PRIMARY KEY,
    vault           key32  NOT NULL,
    clinician       key32  NOT NULL,
    -- The very text that the clinician signed, by Ed25519; it names the records.
    statement       text   NOT NULL CHECK (octet_length(statement) <= 65536),
    records         bytea[] NOT NULL,
    signature       bytea  NOT NULL CHECK (octet_length(signature) = 64),
    salt            key32  NOT NULL,
    -- SHA-256 over the salt, the statement and the signature.
    commitment      key32  NOT NULL,
    -- First second no more in effect.
    expires_at      bigint NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX emergency_vault ON protected.emergency (vault, break_glass);
CREATE INDEX emergency_clinician ON protected.emergency (clinician, break_glass);

CREATE TABLE protected.latest_emergency (
    clinician    key32 PRIMARY KEY,
    break_glass  key32 NOT NULL
);

-- A custodian's share, encrypted to the clinician of one opening.
CREATE TABLE protected.released_share (
    break_glass  key32 NOT NULL REFERENCES protected.emergency ON DELETE CASCADE,
    record       key32 NOT NULL REFERENCES protected.content ON DELETE CASCADE,
    custodian    key32 NOT NULL,
    vault        key32 NOT NULL,
    threshold    smallint NOT NULL,
    share        bytea NOT NULL CHECK (octet_length(share) = 81),
    released_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (break_glass, record, custodian)
);

-- Each of these asks a table that the policies of another one must not ask in turn.

CREATE FUNCTION protected.opened_by_caller(of_vault bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM protected.emergency e
        JOIN break_glass b ON b.break_glass = e.break_glass AND b.commitment = e.commitment
        WHERE e.vault = of_vault AND e.clinician = protected.current_caller()
    )
$$;

CREATE FUNCTION protected.opened(of_vault bytea, of_record bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM protected.emergency e
        JOIN break_glass b ON b.break_glass = e.break_glass AND b.commitment = e.commitment
        WHERE e.vault = of_vault AND of_record = ANY (e.records)
    )
$$;

CREATE FUNCTION protected.kept_by_caller(of_break_glass bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM protected.emergency e
        JOIN break_glass b ON b.break_glass = e.break_glass AND b.commitment = e.commitment
        JOIN protected.custodian_share s ON s.vault = e.vault AND s.record = ANY (e.records)
        WHERE e.break_glass = of_break_glass AND s.custodian = protected.current_caller()
    )
$$;

REVOKE EXECUTE ON FUNCTION protected.opened_by_caller, protected.opened, protected.kept_by_caller FROM PUBLIC;
GRANT EXECUTE ON FUNCTION protected.opened_by_caller, protected.opened, protected.kept_by_caller TO aegle_api;

ALTER TABLE protected.custodian_plan ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.custodian_plan FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
CREATE POLICY own ON protected.custodian_plan TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault()))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON protected.custodian_plan TO aegle_api;

ALTER TABLE protected.custodian_share ENABLE ROW LEVEL SECURITY;
CREATE POLICY dealt ON protected.custodian_share TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
CREATE POLICY kept ON protected.custodian_share FOR SELECT TO aegle_api USING (
    custodian = protected.current_caller() AND protected.opened(vault, record)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON protected.custodian_share TO aegle_api;

ALTER TABLE protected.emergency ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.emergency FOR SELECT TO aegle_api USING (
    clinician = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
    OR protected.kept_by_caller(break_glass)
);
CREATE POLICY stated ON protected.emergency FOR INSERT TO aegle_api WITH CHECK (
    clinician = protected.current_caller() AND vault = protected.current_vault()
);
GRANT SELECT, INSERT ON protected.emergency TO aegle_api;

ALTER TABLE protected.latest_emergency ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.latest_emergency TO aegle_api USING (clinician = protected.current_caller());
GRANT SELECT, INSERT, UPDATE ON protected.latest_emergency TO aegle_api;

ALTER TABLE protected.released_share ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.released_share FOR SELECT TO aegle_api USING (
    custodian = protected.current_caller()
    OR EXISTS (
        SELECT FROM protected.emergency e
        WHERE e.break_glass = released_share.break_glass AND e.clinician = protected.current_caller()
    )
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
CREATE POLICY released ON protected.released_share FOR INSERT TO aegle_api WITH CHECK (
    custodian = protected.current_caller() AND vault = protected.current_vault()
);
CREATE POLICY ended ON protected.released_share FOR DELETE TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
GRANT SELECT, INSERT, DELETE ON protected.released_share TO aegle_api;

CREATE POLICY opened ON protected.content FOR SELECT TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.opened_by_caller(protected.current_vault()))
);

-- That emergencies were forbidden is a withdrawal, too.
CREATE TRIGGER remember_forbidding AFTER DELETE ON vault_change
    FOR EACH ROW WHEN (OLD.emergency_policy = 0)
    EXECUTE FUNCTION protected.remember_withdrawal('vault');
