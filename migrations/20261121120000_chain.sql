-- What the program's events say, mirrored from the chain.
--
-- Contract
--   * Every table but `slot`, `checkpoint` and `node_tip` holds facts: one row per event, never
--     updated. A fact is known by (signature, instruction_index, inner_index); the same fact twice
--     changes nothing, and facts may arrive in any order.
--   * Where a fact stands in the ledger is (slot, tx_index, instruction_index, inner_index), its
--     position. `slot` holds one branch of the chain, linked by parents; a fork is undone by deleting
--     the slots of the abandoned branch, and their facts go with them.
--   * State is a fold of facts up to a slot: the functions `…_at(slot)`. Finalized state is
--     `…_at(checkpoint.finalized_slot)`, confirmed state `…_at(checkpoint.confirmed_slot)`, and any
--     slot between the first and the confirmed one may be asked for.
--   * `checkpoint.finalized_slot` never decreases, `checkpoint.first_slot` never increases. Rows and
--     checkpoint are written in one transaction.
--   * Keys, ids, hashes and commitments are 32 bytes, signatures 64. Times are seconds since the Unix
--     epoch as the chain's clock gave them; days are days since the Unix epoch, UTC. Unsigned 64-bit
--     numbers of the chain that could exceed bigint stop ingestion instead of wrapping.

CREATE DOMAIN key32 AS bytea CHECK (octet_length(VALUE) = 32);

-- Every slot from the first ingested one to the confirmed one: a block, or proof that there is none
-- (a later block names an earlier parent).
CREATE TABLE slot (
    slot          bigint PRIMARY KEY CHECK (slot >= 0),
    -- Without a block, the slot was skipped and the columns below are null.
    block_hash    key32 UNIQUE,
    parent_slot   bigint,
    parent_hash   key32,
    block_height  bigint,
    block_time    bigint,
    ingested_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((block_hash IS NULL) = (parent_slot IS NULL)),
    CHECK ((block_hash IS NULL) = (parent_hash IS NULL)),
    CHECK (parent_slot < slot)
);

-- Before the first block is ingested, the finalized and the confirmed slot are its parent's.
CREATE TABLE checkpoint (
    singleton       boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    genesis_hash    key32  NOT NULL,
    program         key32  NOT NULL,
    first_slot      bigint NOT NULL,
    finalized_slot  bigint NOT NULL,
    finalized_hash  key32  NOT NULL,
    confirmed_slot  bigint NOT NULL,
    confirmed_hash  key32  NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (first_slot <= finalized_slot + 1 AND finalized_slot <= confirmed_slot)
);

CREATE FUNCTION checkpoint_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.finalized_slot < OLD.finalized_slot
        OR NEW.genesis_hash <> OLD.genesis_hash
        OR NEW.program <> OLD.program
        OR NEW.first_slot > OLD.first_slot
    THEN
        RAISE EXCEPTION 'the checkpoint only grows and stays on one chain and program'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION checkpoint_only_grows();

-- What the node last said its confirmed slot is, for the lag of processes that do not ask it.
CREATE TABLE node_tip (
    singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    slot         bigint      NOT NULL,
    -- Null where the node did not tell.
    block_time   bigint,
    observed_at  timestamptz NOT NULL DEFAULT now()
);

-- Every event, raw.
CREATE TABLE event (
    signature          bytea    NOT NULL CHECK (octet_length(signature) = 64),
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL REFERENCES slot ON DELETE CASCADE,
    tx_index           integer  NOT NULL,
    name               text     NOT NULL,
    -- The account created or changed, the vault it belongs to (none for the deployment's own), and
    -- the key that signed for it.
    account            key32    NOT NULL,
    vault              key32,
    authority          key32,
    -- The event as in the ledger, tag included.
    data               bytea    NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index)
);
CREATE UNIQUE INDEX event_position ON event (slot, tx_index, instruction_index, inner_index);
CREATE INDEX event_vault ON event (vault, slot, tx_index, instruction_index, inner_index);
CREATE INDEX event_name ON event (name, slot, tx_index, instruction_index, inner_index);
CREATE INDEX event_account ON event (account, slot, tx_index, instruction_index, inner_index);

-- Typed facts. Each names its event and repeats the position, by which state is folded.

CREATE TABLE config (
    config              key32    NOT NULL,
    bump                smallint NOT NULL,
    governance          key32    NOT NULL,
    rent_payer          key32    NOT NULL,
    min_recovery_delay  bigint   NOT NULL,
    max_recovery_delay  bigint   NOT NULL,
    record_uri          text     NOT NULL,
    signature           bytea    NOT NULL,
    instruction_index   smallint NOT NULL,
    inner_index         smallint NOT NULL,
    slot                bigint   NOT NULL,
    tx_index            integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);

CREATE TABLE config_change (
    config             key32    NOT NULL,
    paused             boolean  NOT NULL,
    authority          key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);

CREATE TABLE vault (
    vault               key32    NOT NULL,
    vault_id            key32    NOT NULL,
    bump                smallint NOT NULL,
    owner               key32    NOT NULL,
    rent_payer          key32    NOT NULL,
    encryption_key      key32    NOT NULL,
    delegate_mint_cap   bigint   NOT NULL,
    at                  bigint   NOT NULL,
    signature           bytea    NOT NULL,
    instruction_index   smallint NOT NULL,
    inner_index         smallint NOT NULL,
    slot                bigint   NOT NULL,
    tx_index            integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX vault_address ON vault (vault);

-- What changed of a vault; columns that an event does not touch are null. Every event of a vault that
-- carries new values gives one row.
CREATE TABLE vault_change (
    vault              key32    NOT NULL,
    encryption_key     key32,
    key_epoch          bigint,
    consent_epoch      bigint,
    record_count       bigint,
    delegate_mints     bigint,
    authority          key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE INDEX vault_change_key ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE key_epoch IS NOT NULL;
CREATE INDEX vault_change_consents ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE consent_epoch IS NOT NULL;
CREATE INDEX vault_change_records ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE record_count IS NOT NULL;

CREATE TABLE delegate (
    delegate           key32    NOT NULL,
    vault              key32    NOT NULL,
    key                key32    NOT NULL,
    bump               smallint NOT NULL,
    authority          key32    NOT NULL,
    rent_payer         key32    NOT NULL,
    rights             smallint NOT NULL,
    until_day          bigint   NOT NULL,
    delegate_epoch     bigint   NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX delegate_address ON delegate (delegate);
CREATE INDEX delegate_vault ON delegate (vault, delegate);

CREATE TABLE delegate_removal (
    delegate           key32    NOT NULL,
    authority          key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX delegate_removal_address ON delegate_removal (delegate);

-- One row per version of a record; `previous` is the one it amends.
CREATE TABLE record (
    record             key32    NOT NULL,
    vault              key32    NOT NULL,
    record_id          key32    NOT NULL,
    bump               smallint NOT NULL,
    mint_bump          smallint NOT NULL,
    commitment         key32    NOT NULL,
    record_version     bigint   NOT NULL,
    previous           key32,
    authority          key32    NOT NULL,
    rent_payer         key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX record_address ON record (record);
CREATE INDEX record_vault ON record (vault, record);
CREATE INDEX record_previous ON record (previous) WHERE previous IS NOT NULL;

CREATE TYPE record_status AS ENUM ('active', 'amended', 'entered_in_error', 'erased');

CREATE TABLE record_change (
    record             key32         NOT NULL,
    status             record_status NOT NULL,
    authority          key32         NOT NULL,
    at                 bigint        NOT NULL,
    signature          bytea         NOT NULL,
    instruction_index  smallint      NOT NULL,
    inner_index        smallint      NOT NULL,
    slot               bigint        NOT NULL,
    tx_index           integer       NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE INDEX record_change_record ON record_change
    (record, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC);

CREATE TABLE consent (
    consent            key32    NOT NULL,
    vault              key32    NOT NULL,
    consent_id         key32    NOT NULL,
    bump               smallint NOT NULL,
    handle             key32    NOT NULL,
    policy_commitment  key32    NOT NULL,
    purposes           integer  NOT NULL,
    actions            smallint NOT NULL,
    from_day           bigint   NOT NULL,
    until_day          bigint   NOT NULL,
    consent_epoch      bigint   NOT NULL,
    authority          key32    NOT NULL,
    rent_payer         key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX consent_address ON consent (consent);
CREATE INDEX consent_vault ON consent (vault, consent);

CREATE TABLE consent_revocation (
    consent            key32    NOT NULL,
    authority          key32    NOT NULL,
    at                 bigint   NOT NULL,
    signature          bytea    NOT NULL,
    instruction_index  smallint NOT NULL,
    inner_index        smallint NOT NULL,
    slot               bigint   NOT NULL,
    tx_index           integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX consent_revocation_address ON consent_revocation (consent);

-- State as of a slot. Plain SQL functions: the planner inlines them, so a condition on the address or
-- the vault uses the indexes above.

CREATE FUNCTION config_at(at_slot bigint)
RETURNS TABLE (
    config key32, bump smallint, paused boolean, rent_payer key32, governance key32,
    min_recovery_delay bigint, max_recovery_delay bigint, record_uri text, changed_slot bigint
) LANGUAGE sql STABLE AS $$
    SELECT c.config, c.bump, coalesce(p.paused, false), c.rent_payer, c.governance,
           c.min_recovery_delay, c.max_recovery_delay, c.record_uri, coalesce(p.slot, c.slot)
    FROM config c
    LEFT JOIN LATERAL (
        SELECT paused, slot FROM config_change
        WHERE config_change.config = c.config AND config_change.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) p ON true
    WHERE c.slot <= at_slot
$$;

CREATE FUNCTION vault_at(at_slot bigint)
RETURNS TABLE (
    vault key32, vault_id key32, bump smallint, owner key32, rent_payer key32,
    encryption_key key32, key_epoch bigint, consent_epoch bigint, delegate_epoch bigint,
    delegate_mints bigint, delegate_mint_cap bigint, record_count bigint,
    created_slot bigint, created_at bigint, created_signature bytea
) LANGUAGE sql STABLE AS $$
    SELECT v.vault, v.vault_id, v.bump, v.owner, v.rent_payer,
           coalesce(k.encryption_key, v.encryption_key), coalesce(k.key_epoch, 0),
           coalesce(c.consent_epoch, 0), 0::bigint,
           coalesce(r.delegate_mints, 0), v.delegate_mint_cap, coalesce(r.record_count, 0),
           v.slot, v.at, v.signature
    FROM vault v
    LEFT JOIN LATERAL (
        SELECT encryption_key, key_epoch FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND key_epoch IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) k ON true
    LEFT JOIN LATERAL (
        SELECT consent_epoch FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND consent_epoch IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT record_count, delegate_mints FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND record_count IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) r ON true
    WHERE v.slot <= at_slot
$$;

CREATE FUNCTION delegate_at(at_slot bigint)
RETURNS TABLE (
    delegate key32, vault key32, key key32, bump smallint, rent_payer key32, rights smallint,
    until_day bigint, delegate_epoch bigint, added_slot bigint, added_at bigint, added_signature bytea,
    removed_slot bigint, removed_at bigint, removed_signature bytea
) LANGUAGE sql STABLE AS $$
    SELECT d.delegate, d.vault, d.key, d.bump, d.rent_payer, d.rights, d.until_day, d.delegate_epoch,
           d.slot, d.at, d.signature, r.slot, r.at, r.signature
    FROM delegate d
    LEFT JOIN delegate_removal r ON r.delegate = d.delegate AND r.slot <= at_slot
    WHERE d.slot <= at_slot
$$;

CREATE FUNCTION record_at(at_slot bigint)
RETURNS TABLE (
    record key32, vault key32, record_id key32, bump smallint, mint_bump smallint, commitment key32,
    record_version bigint, previous key32, rent_payer key32, status record_status,
    minted_slot bigint, minted_at bigint, minted_signature bytea, minted_by key32,
    changed_slot bigint, changed_at bigint, changed_signature bytea, changed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT r.record, r.vault, r.record_id, r.bump, r.mint_bump, r.commitment,
           r.record_version, r.previous, r.rent_payer, coalesce(c.status, 'active'),
           r.slot, r.at, r.signature, r.authority,
           coalesce(c.slot, r.slot), coalesce(c.at, r.at), coalesce(c.signature, r.signature),
           coalesce(c.authority, r.authority)
    FROM record r
    LEFT JOIN LATERAL (
        SELECT status, slot, at, signature, authority FROM record_change
        WHERE record_change.record = r.record AND record_change.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) c ON true
    WHERE r.slot <= at_slot
$$;

CREATE FUNCTION consent_at(at_slot bigint)
RETURNS TABLE (
    consent key32, vault key32, consent_id key32, bump smallint, handle key32, policy_commitment key32,
    purposes integer, actions smallint, from_day bigint, until_day bigint, consent_epoch bigint,
    rent_payer key32, granted_slot bigint, granted_at bigint, granted_signature bytea, granted_by key32,
    revoked_slot bigint, revoked_at bigint, revoked_signature bytea, revoked_by key32
) LANGUAGE sql STABLE AS $$
    SELECT c.consent, c.vault, c.consent_id, c.bump, c.handle, c.policy_commitment,
           c.purposes, c.actions, c.from_day, c.until_day, c.consent_epoch,
           c.rent_payer, c.slot, c.at, c.signature, c.authority,
           r.slot, r.at, r.signature, r.authority
    FROM consent c
    LEFT JOIN consent_revocation r ON r.consent = c.consent AND r.slot <= at_slot
    WHERE c.slot <= at_slot
$$;
