-- Guardians and recoveries of vaults, reissued record tokens, registrars and credentials.
--
-- Contract: that of the first migration. Besides,
--   * columns of `vault_change` and `vault_guardian_change` that an event does not touch are null; the
--     columns that change together are a group, and a group's first column says whether it is touched.
--     What the chain ends is zero, as the chain writes it: no pending change of guardians is due at 0,
--     no pending recovery is the address of 32 zero bytes.
--   * `record.holder` and `record_reissue.holder` is the key in whose name the record's token account
--     is. Before this migration the program issued every token to the vault's owner.

-- Vaults.

ALTER TABLE vault_change
    ADD COLUMN owner             key32,
    ADD COLUMN delegate_epoch    bigint,
    ADD COLUMN delegate_mint_cap bigint;
CREATE INDEX vault_change_owner ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE owner IS NOT NULL;
CREATE INDEX vault_change_cap ON vault_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE delegate_mint_cap IS NOT NULL;

-- What changed of a vault's guardians or of its pending recovery.
CREATE TABLE vault_guardian_change (
    vault                       key32    NOT NULL,
    -- Guardians in effect.
    guardian_epoch              bigint,
    guardian_count              smallint,
    guardian_threshold          smallint,
    guardian_commitment         key32,
    -- Seconds.
    recovery_delay              bigint,
    -- Guardians that are to be in effect.
    guardians_due_at            bigint,
    pending_guardian_count      smallint,
    pending_guardian_threshold  smallint,
    pending_guardian_commitment key32,
    pending_recovery_delay      bigint,
    -- The pending recovery.
    pending_recovery            key32,
    recovery_lapses_at          bigint,
    authority                   key32    NOT NULL,
    at                          bigint   NOT NULL,
    signature                   bytea    NOT NULL,
    instruction_index           smallint NOT NULL,
    inner_index                 smallint NOT NULL,
    slot                        bigint   NOT NULL,
    tx_index                    integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE,
    CHECK (num_nulls(guardian_epoch, guardian_count, guardian_threshold, guardian_commitment, recovery_delay)
           IN (0, 5)),
    CHECK (num_nulls(guardians_due_at, pending_guardian_count, pending_guardian_threshold,
                     pending_guardian_commitment, pending_recovery_delay) IN (0, 5)),
    CHECK (num_nulls(pending_recovery, recovery_lapses_at) IN (0, 2))
);
CREATE INDEX vault_guardian_change_guardians ON vault_guardian_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE guardian_epoch IS NOT NULL;
CREATE INDEX vault_guardian_change_pending ON vault_guardian_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE guardians_due_at IS NOT NULL;
CREATE INDEX vault_guardian_change_recovery ON vault_guardian_change
    (vault, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE pending_recovery IS NOT NULL;

-- Recoveries.

CREATE TYPE recovery_status AS ENUM ('proposed', 'pending', 'vetoed', 'executed');

-- A recovery as proposed.
CREATE TABLE recovery (
    recovery            key32           NOT NULL,
    vault               key32           NOT NULL,
    recovery_id         key32           NOT NULL,
    bump                smallint        NOT NULL,
    new_owner           key32           NOT NULL,
    new_encryption_key  key32           NOT NULL,
    guardian_epoch      bigint          NOT NULL,
    delegate_epoch      bigint          NOT NULL,
    -- One bit for each guardian, by place.
    approvals           integer         NOT NULL,
    status              recovery_status NOT NULL,
    executable_at       bigint          NOT NULL,
    lapses_at           bigint          NOT NULL,
    authority           key32           NOT NULL,
    rent_payer          key32           NOT NULL,
    at                  bigint          NOT NULL,
    signature           bytea           NOT NULL,
    instruction_index   smallint        NOT NULL,
    inner_index         smallint        NOT NULL,
    slot                bigint          NOT NULL,
    tx_index            integer         NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX recovery_address ON recovery (recovery);
CREATE INDEX recovery_vault ON recovery (vault, recovery);

-- What changed of a recovery. Only an approval changes approvals and times.
CREATE TABLE recovery_change (
    recovery           key32           NOT NULL,
    status             recovery_status NOT NULL,
    approvals          integer,
    executable_at      bigint,
    lapses_at          bigint,
    authority          key32           NOT NULL,
    at                 bigint          NOT NULL,
    signature          bytea           NOT NULL,
    instruction_index  smallint        NOT NULL,
    inner_index        smallint        NOT NULL,
    slot               bigint          NOT NULL,
    tx_index           integer         NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE,
    CHECK (num_nulls(approvals, executable_at, lapses_at) IN (0, 3))
);
CREATE INDEX recovery_change_recovery ON recovery_change
    (recovery, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC);
CREATE INDEX recovery_change_approvals ON recovery_change
    (recovery, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE approvals IS NOT NULL;

-- Records.

ALTER TABLE record ADD COLUMN holder key32;
UPDATE record SET holder = coalesce((SELECT owner FROM vault WHERE vault.vault = record.vault), authority);
ALTER TABLE record ALTER COLUMN holder SET NOT NULL;

-- A record's token issued again.
CREATE TABLE record_reissue (
    record             key32    NOT NULL,
    -- How often the token was issued, this time included.
    issues             bigint   NOT NULL,
    holder             key32    NOT NULL,
    rent_payer         key32    NOT NULL,
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
CREATE INDEX record_reissue_record ON record_reissue
    (record, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC);

-- Registrars and credentials.

CREATE TABLE registrar (
    registrar            key32    NOT NULL,
    -- The key that attests; `authority` is governance, which added it.
    registrar_authority  key32    NOT NULL,
    bump                 smallint NOT NULL,
    kinds                smallint NOT NULL,
    profile_commitment   key32    NOT NULL,
    authority            key32    NOT NULL,
    rent_payer           key32    NOT NULL,
    at                   bigint   NOT NULL,
    signature            bytea    NOT NULL,
    instruction_index    smallint NOT NULL,
    inner_index          smallint NOT NULL,
    slot                 bigint   NOT NULL,
    tx_index             integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX registrar_address ON registrar (registrar);

CREATE TABLE registrar_removal (
    registrar          key32    NOT NULL,
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
CREATE UNIQUE INDEX registrar_removal_address ON registrar_removal (registrar);

CREATE TYPE credential_kind AS ENUM (
    'practitioner', 'organization', 'researcher', 'pharmacy', 'manufacturer', 'insurer', 'custodian', 'agent'
);
CREATE TYPE credential_status AS ENUM ('active', 'suspended', 'revoked');

-- A credential as issued.
CREATE TABLE credential (
    credential          key32           NOT NULL,
    registrar           key32           NOT NULL,
    subject             key32           NOT NULL,
    bump                smallint        NOT NULL,
    kind                credential_kind NOT NULL,
    emergency           boolean         NOT NULL,
    encryption_key      key32           NOT NULL,
    profile_commitment  key32           NOT NULL,
    from_day            bigint          NOT NULL,
    until_day           bigint          NOT NULL,
    authority           key32           NOT NULL,
    rent_payer          key32           NOT NULL,
    at                  bigint          NOT NULL,
    signature           bytea           NOT NULL,
    instruction_index   smallint        NOT NULL,
    inner_index         smallint        NOT NULL,
    slot                bigint          NOT NULL,
    tx_index            integer         NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE
);
CREATE UNIQUE INDEX credential_address ON credential (credential);
CREATE INDEX credential_registrar ON credential (registrar, credential);
CREATE INDEX credential_subject ON credential (subject, credential);

-- What changed of a credential: its status, or by renewal all of its terms.
CREATE TABLE credential_change (
    credential          key32    NOT NULL,
    revision            bigint   NOT NULL,
    status              credential_status,
    emergency           boolean,
    encryption_key      key32,
    profile_commitment  key32,
    from_day            bigint,
    until_day           bigint,
    authority           key32    NOT NULL,
    at                  bigint   NOT NULL,
    signature           bytea    NOT NULL,
    instruction_index   smallint NOT NULL,
    inner_index         smallint NOT NULL,
    slot                bigint   NOT NULL,
    tx_index            integer  NOT NULL,
    PRIMARY KEY (signature, instruction_index, inner_index),
    FOREIGN KEY (signature, instruction_index, inner_index) REFERENCES event ON DELETE CASCADE,
    CHECK (num_nulls(emergency, encryption_key, profile_commitment, from_day, until_day) IN (0, 5))
);
CREATE INDEX credential_change_credential ON credential_change
    (credential, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC);
CREATE INDEX credential_change_status ON credential_change
    (credential, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE status IS NOT NULL;
CREATE INDEX credential_change_terms ON credential_change
    (credential, slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC) WHERE emergency IS NOT NULL;

-- State as of a slot.

DROP FUNCTION vault_at(bigint);
CREATE FUNCTION vault_at(at_slot bigint)
RETURNS TABLE (
    vault key32, vault_id key32, bump smallint, owner key32, rent_payer key32,
    encryption_key key32, key_epoch bigint, consent_epoch bigint, delegate_epoch bigint,
    delegate_mints bigint, delegate_mint_cap bigint, record_count bigint,
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
           coalesce(r.record_count, 0),
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

CREATE FUNCTION recovery_at(at_slot bigint)
RETURNS TABLE (
    recovery key32, vault key32, recovery_id key32, bump smallint, new_owner key32, new_encryption_key key32,
    guardian_epoch bigint, delegate_epoch bigint, approvals integer, status recovery_status,
    executable_at bigint, lapses_at bigint, rent_payer key32,
    proposed_slot bigint, proposed_at bigint, proposed_signature bytea, proposed_by key32,
    changed_slot bigint, changed_at bigint, changed_signature bytea, changed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT r.recovery, r.vault, r.recovery_id, r.bump, r.new_owner, r.new_encryption_key,
           r.guardian_epoch, r.delegate_epoch, coalesce(a.approvals, r.approvals), coalesce(c.status, r.status),
           coalesce(a.executable_at, r.executable_at), coalesce(a.lapses_at, r.lapses_at), r.rent_payer,
           r.slot, r.at, r.signature, r.authority,
           coalesce(c.slot, r.slot), coalesce(c.at, r.at), coalesce(c.signature, r.signature),
           coalesce(c.authority, r.authority)
    FROM recovery r
    LEFT JOIN LATERAL (
        SELECT status, slot, at, signature, authority FROM recovery_change
        WHERE recovery_change.recovery = r.recovery AND recovery_change.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT approvals, executable_at, lapses_at FROM recovery_change
        WHERE recovery_change.recovery = r.recovery AND recovery_change.slot <= at_slot AND approvals IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) a ON true
    WHERE r.slot <= at_slot
$$;

DROP FUNCTION record_at(bigint);
CREATE FUNCTION record_at(at_slot bigint)
RETURNS TABLE (
    record key32, vault key32, record_id key32, bump smallint, mint_bump smallint, commitment key32,
    record_version bigint, previous key32, rent_payer key32, status record_status,
    issues bigint, holder key32,
    minted_slot bigint, minted_at bigint, minted_signature bytea, minted_by key32,
    changed_slot bigint, changed_at bigint, changed_signature bytea, changed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT r.record, r.vault, r.record_id, r.bump, r.mint_bump, r.commitment,
           r.record_version, r.previous, coalesce(i.rent_payer, r.rent_payer), coalesce(c.status, 'active'),
           coalesce(i.issues, 1), coalesce(i.holder, r.holder),
           r.slot, r.at, r.signature, r.authority,
           coalesce(c.slot, r.slot), coalesce(c.at, r.at), coalesce(c.signature, r.signature),
           coalesce(c.authority, r.authority)
    FROM record r
    LEFT JOIN LATERAL (
        SELECT status, slot, at, signature, authority FROM record_change
        WHERE record_change.record = r.record AND record_change.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT issues, holder, rent_payer FROM record_reissue
        WHERE record_reissue.record = r.record AND record_reissue.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) i ON true
    WHERE r.slot <= at_slot
$$;

CREATE FUNCTION registrar_at(at_slot bigint)
RETURNS TABLE (
    registrar key32, registrar_authority key32, bump smallint, kinds smallint, profile_commitment key32,
    rent_payer key32, added_slot bigint, added_at bigint, added_signature bytea, added_by key32,
    removed_slot bigint, removed_at bigint, removed_signature bytea, removed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT g.registrar, g.registrar_authority, g.bump, g.kinds, g.profile_commitment,
           g.rent_payer, g.slot, g.at, g.signature, g.authority, r.slot, r.at, r.signature, r.authority
    FROM registrar g
    LEFT JOIN registrar_removal r ON r.registrar = g.registrar AND r.slot <= at_slot
    WHERE g.slot <= at_slot
$$;

CREATE FUNCTION credential_at(at_slot bigint)
RETURNS TABLE (
    credential key32, registrar key32, subject key32, bump smallint, kind credential_kind,
    status credential_status, emergency boolean, encryption_key key32, profile_commitment key32,
    from_day bigint, until_day bigint, revision bigint, rent_payer key32,
    issued_slot bigint, issued_at bigint, issued_signature bytea, issued_by key32,
    changed_slot bigint, changed_at bigint, changed_signature bytea, changed_by key32
) LANGUAGE sql STABLE AS $$
    SELECT c.credential, c.registrar, c.subject, c.bump, c.kind,
           coalesce(s.status, 'active'), coalesce(t.emergency, c.emergency),
           coalesce(t.encryption_key, c.encryption_key), coalesce(t.profile_commitment, c.profile_commitment),
           coalesce(t.from_day, c.from_day), coalesce(t.until_day, c.until_day), coalesce(l.revision, 0),
           c.rent_payer, c.slot, c.at, c.signature, c.authority,
           coalesce(l.slot, c.slot), coalesce(l.at, c.at), coalesce(l.signature, c.signature),
           coalesce(l.authority, c.authority)
    FROM credential c
    LEFT JOIN LATERAL (
        SELECT revision, slot, at, signature, authority FROM credential_change
        WHERE credential_change.credential = c.credential AND credential_change.slot <= at_slot
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT status FROM credential_change
        WHERE credential_change.credential = c.credential AND credential_change.slot <= at_slot
            AND status IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT emergency, encryption_key, profile_commitment, from_day, until_day FROM credential_change
        WHERE credential_change.credential = c.credential AND credential_change.slot <= at_slot
            AND emergency IS NOT NULL
        ORDER BY slot DESC, tx_index DESC, instruction_index DESC, inner_index DESC LIMIT 1
    ) t ON true
    WHERE c.slot <= at_slot
$$;
