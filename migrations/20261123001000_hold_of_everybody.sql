-- Whether something is held decides what owner and delegates may replace, so the answer must not depend on who
-- asks: a delegate does not see the rows of `hold`, and the function now looks as the owner of the tables.

CREATE OR REPLACE FUNCTION protected.is_held(of_vault bytea, of_record bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM protected.hold h
        WHERE h.vault = of_vault AND h.lifted_at IS NULL
            AND (h.records IS NULL OR coalesce(of_record = ANY (h.records), false))
    )
$$;
REVOKE EXECUTE ON FUNCTION protected.is_held FROM PUBLIC;
GRANT EXECUTE ON FUNCTION protected.is_held TO aegle_api;
