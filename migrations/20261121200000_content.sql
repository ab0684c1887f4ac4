-- What patients keep here: ciphertext's place and labels, wrapped keys, openings, keyrings, mail.
--
-- Contract
--   * The server cannot read what it keeps: contents are ciphertext in the blob store, keys are wrapped
--     to people. What it may know of a record are its labels, bound to the chain by the commitment.
--   * Nothing here is believed against the chain. A row of `content` counts only while the record on
--     chain has the row's commitment; a row of `opening` only while it opens the consent on chain.
--   * Row-level security is the second wall behind the decision engine: a row of a vault is seen by a
--     caller who owns the vault, is its delegate, or holds a consent of it that is not revoked, and
--     then only where the transaction names that vault in `aegle.vault` (hex).
--   * Keys, salts and commitments are 32 bytes.

CREATE FUNCTION protected.current_vault() RETURNS bytea LANGUAGE sql STABLE
RETURN decode(nullif(current_setting('aegle.vault', true), ''), 'hex');

-- The chain forgets a withdrawal that stood on an abandoned branch; decisions remember it until
-- finality has passed its slot.
CREATE TABLE protected.abandoned_withdrawal (
    -- Consent, vault, recovery, delegate, credential or registrar.
    account  key32  NOT NULL,
    slot     bigint NOT NULL,
    PRIMARY KEY (account, slot)
);
GRANT SELECT ON protected.abandoned_withdrawal TO aegle_api;

CREATE FUNCTION protected.remember_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The first argument names the column of the account.
    INSERT INTO protected.abandoned_withdrawal (account, slot)
    SELECT decode(substr(to_jsonb(OLD) ->> TG_ARGV[0], 3), 'hex'), OLD.slot
    WHERE OLD.slot > (SELECT finalized_slot FROM checkpoint)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER remember_withdrawal AFTER DELETE ON consent_revocation
    FOR EACH ROW EXECUTE FUNCTION protected.remember_withdrawal('consent');
CREATE TRIGGER remember_withdrawal AFTER DELETE ON vault_change
    FOR EACH ROW WHEN (OLD.consent_epoch IS NOT NULL)
    EXECUTE FUNCTION protected.remember_withdrawal('vault');
CREATE TRIGGER remember_withdrawal AFTER DELETE ON recovery_change
    FOR EACH ROW WHEN (OLD.status = 'executed')
    EXECUTE FUNCTION protected.remember_withdrawal('recovery');
CREATE TRIGGER remember_withdrawal AFTER DELETE ON delegate_removal
    FOR EACH ROW EXECUTE FUNCTION protected.remember_withdrawal('delegate');
CREATE TRIGGER remember_withdrawal AFTER DELETE ON credential_change
    FOR EACH ROW EXECUTE FUNCTION protected.remember_withdrawal('credential');
CREATE TRIGGER remember_withdrawal AFTER DELETE ON registrar_removal
    FOR EACH ROW EXECUTE FUNCTION protected.remember_withdrawal('registrar');

-- What opens a consent: who the grantee is, and the policy.
CREATE TABLE protected.opening (
    consent         key32 PRIMARY KEY,
    vault           key32 NOT NULL,
    consent_id      key32 NOT NULL,
    grantee         key32 NOT NULL,
    salt            key32 NOT NULL,
    -- The very text that the policy commitment covers.
    policy          text  NOT NULL CHECK (octet_length(policy) <= 65536),
    policy_salt     key32 NOT NULL,
    -- X25519 key to which contents are wrapped for the grantee.
    encryption_key  key32 NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX opening_grantee ON protected.opening (grantee, vault);
CREATE INDEX opening_vault ON protected.opening (vault, grantee);

CREATE FUNCTION protected.owns(of_vault bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM checkpoint c, LATERAL vault_at(c.confirmed_slot) v
        WHERE v.vault = of_vault AND v.owner = protected.current_caller()
    )
$$;

CREATE FUNCTION protected.serves(of_vault bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT protected.owns(of_vault) OR EXISTS (
        SELECT FROM delegate d
        WHERE d.vault = of_vault AND d.key = protected.current_caller()
            AND NOT EXISTS (SELECT FROM delegate_removal r WHERE r.delegate = d.delegate)
    )
$$;

CREATE FUNCTION protected.is_granted(of_vault bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM protected.opening o
        WHERE o.vault = of_vault AND o.grantee = protected.current_caller()
            AND NOT EXISTS (SELECT FROM consent_revocation r WHERE r.consent = o.consent)
    )
$$;

ALTER TABLE protected.opening ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.opening FOR SELECT TO aegle_api USING (
    grantee = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
CREATE POLICY stored ON protected.opening FOR INSERT TO aegle_api WITH CHECK (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
GRANT SELECT, INSERT ON protected.opening TO aegle_api;

-- One record's ciphertext and what is known of it.
CREATE TABLE protected.content (
    record              key32  PRIMARY KEY,
    vault               key32  NOT NULL,
    blob                key32  NOT NULL UNIQUE,
    -- Bytes of ciphertext.
    size                bigint NOT NULL CHECK (size > 0),
    -- SHA-256(salt, SHA-256(labels_salt, labels), details_commitment); counts while the chain agrees.
    commitment          key32  NOT NULL,
    salt                key32  NOT NULL,
    labels              text   NOT NULL CHECK (octet_length(labels) <= 65536),
    labels_salt         key32  NOT NULL,
    details_commitment  key32  NOT NULL,
    stored_by           key32  NOT NULL,
    stored_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX content_vault ON protected.content (vault, record);

ALTER TABLE protected.content ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.content FOR SELECT TO aegle_api USING (
    vault = protected.current_vault()
    AND (SELECT protected.serves(protected.current_vault()) OR protected.is_granted(protected.current_vault()))
);
CREATE POLICY stored ON protected.content FOR INSERT TO aegle_api WITH CHECK (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
GRANT SELECT, INSERT ON protected.content TO aegle_api;

-- A record's content key, encrypted to one recipient.
CREATE TABLE protected.wrap (
    record      key32 NOT NULL REFERENCES protected.content ON DELETE CASCADE,
    -- X25519 key it is encrypted to, and whose that is: the vault, or a grantee's wallet.
    recipient   key32 NOT NULL,
    holder      key32 NOT NULL,
    vault       key32 NOT NULL,
    -- Encrypted as mail, before the record was known.
    mail        boolean NOT NULL DEFAULT false,
    wrapped_key bytea NOT NULL CHECK (octet_length(wrapped_key) = 80),
    wrapped_at  timestamptz NOT NULL DEFAULT now(),
    -- When the holder last got this key, and the content.
    key_given_at      timestamptz,
    content_given_at  timestamptz,
    PRIMARY KEY (record, recipient)
);
CREATE INDEX wrap_holder ON protected.wrap (vault, holder);

ALTER TABLE protected.wrap ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.wrap TO aegle_api USING (
    vault = protected.current_vault()
    AND (
        (SELECT protected.serves(protected.current_vault()))
        OR (holder = protected.current_caller() AND (SELECT protected.is_granted(protected.current_vault())))
    )
) WITH CHECK (
    vault = protected.current_vault()
    AND (holder = protected.current_caller() OR (SELECT protected.serves(protected.current_vault())))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON protected.wrap TO aegle_api;

-- The wrapped root secret of one key epoch, as its owner wrote it.
CREATE TABLE protected.keyring (
    vault      key32  NOT NULL,
    key_epoch  bigint NOT NULL CHECK (key_epoch >= 0),
    keyring    text   NOT NULL CHECK (octet_length(keyring) <= 65536),
    stored_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vault, key_epoch)
);

ALTER TABLE protected.keyring ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.keyring TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault()))
);
GRANT SELECT, INSERT, UPDATE ON protected.keyring TO aegle_api;

-- A guardian's share of a root secret: first encrypted to the guardian, then by the guardian to who
-- takes the vault over.
CREATE TABLE protected.guardian_share (
    vault      key32  NOT NULL,
    key_epoch  bigint NOT NULL CHECK (key_epoch >= 0),
    guardian   key32  NOT NULL,
    -- Whoever may open it: the guardian, or the new owner of a recovery.
    holder     key32  NOT NULL,
    share      text   NOT NULL CHECK (octet_length(share) <= 4096),
    stored_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vault, key_epoch, guardian, holder)
);
CREATE INDEX guardian_share_holder ON protected.guardian_share (holder, vault);

ALTER TABLE protected.guardian_share ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.guardian_share FOR SELECT TO aegle_api USING (
    holder = protected.current_caller() OR guardian = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.owns(protected.current_vault())))
);
CREATE POLICY stored ON protected.guardian_share FOR INSERT TO aegle_api WITH CHECK (
    vault = protected.current_vault()
    AND (guardian = protected.current_caller() OR (SELECT protected.owns(protected.current_vault())))
);
CREATE POLICY changed ON protected.guardian_share FOR UPDATE TO aegle_api USING (
    vault = protected.current_vault()
    AND (guardian = protected.current_caller() OR (SELECT protected.owns(protected.current_vault())))
);
GRANT SELECT, INSERT, UPDATE ON protected.guardian_share TO aegle_api;

-- Results that somebody sent a patient and that are no records yet.
CREATE TABLE protected.mailbox_item (
    item                key32  PRIMARY KEY,
    vault               key32  NOT NULL,
    sender              key32  NOT NULL,
    practitioner        key32,
    blob                key32  NOT NULL UNIQUE,
    size                bigint NOT NULL CHECK (size > 0),
    salt                key32  NOT NULL,
    labels              text   NOT NULL CHECK (octet_length(labels) <= 65536),
    labels_salt         key32  NOT NULL,
    details_commitment  key32  NOT NULL,
    -- X25519 key of the vault that the content key is wrapped to.
    recipient           key32  NOT NULL,
    wrapped_key         bytea  NOT NULL CHECK (octet_length(wrapped_key) = 80),
    posted_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mailbox_item_vault ON protected.mailbox_item (vault, posted_at);
CREATE INDEX mailbox_item_sender ON protected.mailbox_item (sender, posted_at);

ALTER TABLE protected.mailbox_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.mailbox_item FOR SELECT TO aegle_api USING (
    sender = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
CREATE POLICY posted ON protected.mailbox_item FOR INSERT TO aegle_api WITH CHECK (
    sender = protected.current_caller() AND vault = protected.current_vault()
);
CREATE POLICY taken ON protected.mailbox_item FOR DELETE TO aegle_api USING (
    sender = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
GRANT SELECT, INSERT, DELETE ON protected.mailbox_item TO aegle_api;

-- Somebody asks a patient to be allowed something. The message is encrypted to the vault's key.
CREATE TABLE protected.access_request (
    request       key32    PRIMARY KEY,
    vault         key32    NOT NULL,
    requester     key32    NOT NULL,
    practitioner  key32,
    purposes      integer  NOT NULL CHECK (purposes > 0),
    actions       smallint NOT NULL CHECK (actions > 0),
    message       bytea    CHECK (octet_length(message) <= 4096),
    requested_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX access_request_vault ON protected.access_request (vault, requested_at);
CREATE INDEX access_request_requester ON protected.access_request (requester, requested_at);

ALTER TABLE protected.access_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON protected.access_request FOR SELECT TO aegle_api USING (
    requester = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
CREATE POLICY made ON protected.access_request FOR INSERT TO aegle_api WITH CHECK (
    requester = protected.current_caller() AND vault = protected.current_vault()
);
CREATE POLICY withdrawn ON protected.access_request FOR DELETE TO aegle_api USING (
    requester = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
GRANT SELECT, INSERT, DELETE ON protected.access_request TO aegle_api;
