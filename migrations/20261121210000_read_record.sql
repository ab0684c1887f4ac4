-- One record for one caller in one statement.
--
-- Contract
--   * Everything the decision about one record needs and that changes from request to request: the
--     session, how far the mirror is, and the record with the caller's key. What it rests on besides
--     (consents, credentials) changes only when the mirror moves on, and is kept by the server as of
--     that slot.
--   * It decides nothing. Row-level security holds for what it reads, in the name of the session's
--     wallet; the settings end with the statement's transaction.
--   * No row where the token is nobody's. Where the record is not there, or may not be seen, the
--     columns from `size` on are null.

CREATE FUNCTION protected.read_record(asked_hash bytea, asked_record bytea)
RETURNS TABLE (
    session bytea, wallet bytea, practitioner bytea, expires_at bigint, ended_at bigint,
    finalized_slot bigint, confirmed_slot bigint, confirmed_hash bytea, confirmed_time bigint,
    tip_slot bigint, tip_time bigint, tip_age bigint,
    vault bytea, record_version bigint, previous bytea, minted_slot bigint, minted_at bigint,
    commitment bytea, status text, finalized_status text,
    size bigint, blob bytea, salt bytea, labels text, labels_salt bytea, details_commitment bytea,
    holder bytea, recipient bytea, mail boolean, given boolean, wrapped_key bytea
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_session protected.session;
    of_record  public.record;
BEGIN
    SELECT * INTO of_session FROM protected.session s WHERE s.token_hash = asked_hash;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO of_record FROM public.record r WHERE r.record = asked_record;
    PERFORM set_config('aegle.caller', encode(of_session.wallet, 'hex'), true),
            set_config('aegle.vault', coalesce(encode(of_record.vault, 'hex'), ''), true);
    RETURN QUERY
    SELECT of_session.id, of_session.wallet::bytea, of_session.practitioner::bytea, of_session.expires_at,
           of_session.ended_at,
           c.finalized_slot, c.confirmed_slot, c.confirmed_hash::bytea,
           (SELECT b.block_time FROM public.slot b WHERE b.slot <= c.confirmed_slot AND b.block_time IS NOT NULL
            ORDER BY b.slot DESC LIMIT 1),
           t.slot, t.block_time, extract(epoch FROM clock_timestamp() - t.observed_at)::bigint,
           of_record.vault::bytea, of_record.record_version, of_record.previous::bytea, of_record.slot, of_record.at,
           of_record.commitment::bytea,
           coalesce((SELECT x.status::text FROM public.record_change x
                     WHERE x.record = asked_record AND x.slot <= c.confirmed_slot
                     ORDER BY x.slot DESC, x.tx_index DESC, x.instruction_index DESC, x.inner_index DESC LIMIT 1),
                    'active'),
           CASE WHEN of_record.slot <= c.finalized_slot THEN
               coalesce((SELECT x.status::text FROM public.record_change x
                         WHERE x.record = asked_record AND x.slot <= c.finalized_slot
                         ORDER BY x.slot DESC, x.tx_index DESC, x.instruction_index DESC, x.inner_index DESC LIMIT 1),
                        'active')
           END,
           k.size, k.blob::bytea, k.salt::bytea, k.labels, k.labels_salt::bytea, k.details_commitment::bytea,
           w.holder::bytea, w.recipient::bytea, w.mail, w.key_given_at IS NOT NULL, w.wrapped_key
    FROM public.checkpoint c
    LEFT JOIN public.node_tip t ON true
    LEFT JOIN protected.content k
        ON k.record = asked_record AND k.commitment = of_record.commitment AND of_record.slot <= c.confirmed_slot
    LEFT JOIN LATERAL (
        SELECT * FROM protected.wrap x
        WHERE x.record = k.record AND x.holder IN (of_session.wallet, of_record.vault)
        ORDER BY x.holder = of_session.wallet DESC, x.wrapped_at DESC LIMIT 1
    ) w ON true;
END $$;

REVOKE EXECUTE ON FUNCTION protected.read_record FROM PUBLIC;
GRANT EXECUTE ON FUNCTION protected.read_record TO aegle_api;

-- Grantees read most, so whether something is granted is asked first.
DROP POLICY seen ON protected.content;
CREATE POLICY seen ON protected.content FOR SELECT TO aegle_api USING (
    vault = protected.current_vault()
    AND (SELECT CASE WHEN protected.is_granted(protected.current_vault()) THEN true
                     ELSE protected.serves(protected.current_vault()) END)
);
DROP POLICY seen ON protected.wrap;
CREATE POLICY seen ON protected.wrap FOR SELECT TO aegle_api USING (
    vault = protected.current_vault()
    AND CASE WHEN holder = protected.current_caller() THEN
            (SELECT CASE WHEN protected.is_granted(protected.current_vault()) THEN true
                         ELSE protected.serves(protected.current_vault()) END)
        ELSE (SELECT protected.serves(protected.current_vault())) END
);
CREATE POLICY stored ON protected.wrap FOR INSERT TO aegle_api WITH CHECK (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
CREATE POLICY noted ON protected.wrap FOR UPDATE TO aegle_api USING (
    vault = protected.current_vault()
    AND (holder = protected.current_caller() OR (SELECT protected.serves(protected.current_vault())))
);
CREATE POLICY deleted ON protected.wrap FOR DELETE TO aegle_api USING (
    vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault()))
);
