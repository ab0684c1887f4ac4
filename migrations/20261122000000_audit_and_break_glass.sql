-- Emergency policies of vaults, emergency openings with their reviews, and anchored roots of operators'
-- disclosure logs.
--
-- Contract: that of the first migration and of the one on recoveries and credentials. Besides,
--   * `vault_change.emergency_policy` is null where the event leaves it; a vault is created with 0, which
--     forbids opening records in an emergency.
--   * An opening counts as soon as it is confirmed: whoever releases something for it asks
--     `break_glass_at(checkpoint.confirmed_slot)`. An opening alone permits nothing.
--   * `open_break_glass(vault, id, slot, now)` answers whether an opening of that id is in effect in that vault
--     at that slot and time, `unreviewed_break_glass(vault, slot)` which ones nobody of the patient's side has
--     reviewed. A review neither ends an opening nor is needed for it.

-- Vaults.

ALTER TABLE vault_change ADD COLUMN emergency_policy smallint;
CREATE INDEX vault_change_emergency ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE emergency_policy IS NOT NULL;

-- Emergency openings.

CREATE TABLE break_glass (
    break_glass        key32    NOT NULL,
    vault              key32    NOT NULL,
    break_glass_id     key32    NOT NULL,
    bump               smallint NOT NULL,
    -- To the clinician's signed statement.
    commitment         key32    NOT NULL,
    -- First second no more in effect.
    expires_at         bigint   NOT NULL,
    -- Who submitted it: a relay, never the clinician.
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
CREATE UNIQUE INDEX break_glass_address ON break_glass (break_glass);
CREATE INDEX break_glass_vault ON break_glass (vault, break_glass);

CREATE TABLE break_glass_review (
    break_glass        key32    NOT NULL,
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
CREATE UNIQUE INDEX break_glass_review_address ON break_glass_review (break_glass);

-- Roots of disclosure logs.

CREATE TABLE audit_root (
    audit_root         key32    NOT NULL,
    -- Who keeps the log, and signed.
    operator           key32    NOT NULL,
    -- Zero for the operator's first, one more for each.
    index              bigint   NOT NULL,
    bump               smallint NOT NULL,
    tree_size          bigint   NOT NULL,
    root               key32    NOT NULL,
    heads              key32    NOT NULL,
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
CREATE UNIQUE INDEX audit_root_address ON audit_root (audit_root);
CREATE UNIQUE INDEX audit_root_operator ON audit_root (operator, index DESC);

-- Chain data is public.
GRANT SELECT ON break_glass, break_glass_review, audit_root TO aegle_api;

-- State as of a slot.

DROP FUNCTION vault_at(bigint);
CREATE FUNCTION vault_at(at_slot bigint)
RETURNS TABLE (
    vault key32, vault_id key32, bump smallint, owner key32, rent_payer key32,
    encryption_key key32, key_epoch bigint, consent_epoch bigint, delegate_epoch bigint,
    delegate_mints bigint, delegate_mint_cap bigint, record_count bigint, emergency_policy smallint,
    guardian_epoch bigint, guardian_count smallint, guardian_threshold smallint, guardian_commitment key32,
    recovery_delay bigint,
    guardians_due_at bigint, pending_guardian_count smallint, pending_guardian_threshold smallint,
    pending_guardian_commitment key32, pending_recovery_delay bigint,
    pending_recovery key32, recovery_lapses_at bigint,
    created_slot bigint, created_at bigint, created_signature bytea
) LANGUAGE sql STABLE AS $$
    SELECT v.vault, v.vault_id, v.bump, coalesce(o.owner, v.owner), v.rent_payer,
           coalesce(k.encryption_key, v.encryption_key), coalesce(k.key_epoch, 0),
           coalesce(c.consent_epoch, 0), coalesce(o.delegate_epoch, 0),
           coalesce(r.delegate_mints, 0), coalesce(m.delegate_mint_cap, v.delegate_mint_cap),
           coalesce(r.record_count, 0), coalesce(e.emergency_policy, 0::smallint),
           coalesce(g.guardian_epoch, 0), coalesce(g.guardian_count, 0::smallint),
           coalesce(g.guardian_threshold, 0::smallint),
           g.guardian_commitment, coalesce(g.recovery_delay, 0),
           coalesce(p.guardians_due_at, 0), coalesce(p.pending_guardian_count, 0::smallint),
           coalesce(p.pending_guardian_threshold, 0::smallint), p.pending_guardian_commitment,
           coalesce(p.pending_recovery_delay, 0),
           w.pending_recovery, coalesce(w.recovery_lapses_at, 0),
           v.slot, v.at, v.signature
    FROM vault v
    LEFT JOIN LATERAL (
        SELECT owner, delegate_epoch FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND owner IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) o ON true
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
    LEFT JOIN LATERAL (
        SELECT delegate_mint_cap FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND delegate_mint_cap IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT emergency_policy FROM vault_change
        WHERE vault_change.vault = v.vault AND vault_change.slot <= at_slot AND emergency_policy IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT guardian_epoch, guardian_count, guardian_threshold, guardian_commitment, recovery_delay
        FROM vault_guardian_change
        WHERE vault_guardian_change.vault = v.vault AND vault_guardian_change.slot <= at_slot
            AND guardian_epoch IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) g ON true
    LEFT JOIN LATERAL (
        SELECT guardians_due_at, pending_guardian_count, pending_guardian_threshold, pending_guardian_commitment,
               pending_recovery_delay
        FROM vault_guardian_change
        WHERE vault_guardian_change.vault = v.vault AND vault_guardian_change.slot <= at_slot
            AND guardians_due_at IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT pending_recovery, recovery_lapses_at FROM vault_guardian_change
        WHERE vault_guardian_change.vault = v.vault AND vault_guardian_change.slot <= at_slot
            AND pending_recovery IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) w ON true
    WHERE v.slot <= at_slot
$$;

CREATE FUNCTION break_glass_at(at_slot bigint)
RETURNS TABLE (
    break_glass key32, vault key32, break_glass_id key32, bump smallint, commitment key32, expires_at bigint,
    rent_payer key32, opened_slot bigint, opened_at bigint, opened_signature bytea, opened_by key32,
    reviewed_slot bigint, reviewed_at bigint, reviewed_signature bytea, reviewed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT b.break_glass, b.vault, b.break_glass_id, b.bump, b.commitment, b.expires_at,
           b.rent_payer, b.slot, b.at, b.signature, b.authority, r.slot, r.at, r.signature, r.authority
    FROM break_glass b
    LEFT JOIN break_glass_review r ON r.break_glass = b.break_glass AND r.slot <= at_slot
    WHERE b.slot <= at_slot
$$;

CREATE FUNCTION audit_root_at(at_slot bigint)
RETURNS TABLE (
    audit_root key32, operator key32, index bigint, bump smallint, tree_size bigint, root key32, heads key32,
    rent_payer key32, anchored_slot bigint, anchored_at bigint, anchored_signature bytea
) LANGUAGE sql STABLE AS $$
    SELECT a.audit_root, a.operator, a.index, a.bump, a.tree_size, a.root, a.heads,
           a.rent_payer, a.slot, a.at, a.signature
    FROM audit_root a
    WHERE a.slot <= at_slot
$$;

-- What a decision asks of them.

CREATE FUNCTION open_break_glass(of_vault bytea, of_id bytea, at_slot bigint, now bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM break_glass_at(at_slot) b
        WHERE b.vault = of_vault AND b.break_glass_id = of_id AND now < b.expires_at
    )
$$;

-- Oldest first.
CREATE FUNCTION unreviewed_break_glass(of_vault bytea, at_slot bigint)
RETURNS TABLE (break_glass key32, break_glass_id key32, commitment key32, opened_slot bigint, expires_at bigint)
LANGUAGE sql STABLE AS $$
    SELECT b.break_glass, b.break_glass_id, b.commitment, b.opened_slot, b.expires_at
    FROM break_glass_at(at_slot) b
    WHERE b.vault = of_vault AND b.reviewed_slot IS NULL
    ORDER BY b.opened_slot, b.break_glass
$$;
