-- Where what is not on the chain lies, and the role under which it is read and written.
--
-- Contract
--   * Everything about patients and callers that is not on the chain lies in the schema `protected`.
--     What concerns a patient's records has row-level security, which holds for `aegle_api` and which
--     that role cannot bypass. The server's connections for such requests take this role; its other
--     connections (ingestion, chain data) do not.
--   * The schema `public` holds nothing but what the chain says.
--   * `aegle.caller` is the wallet that the running transaction serves, in hex; it is set for one
--     transaction at a time, so a pooled connection never carries a caller on. Without it
--     `protected.current_caller()` is null, which no row's policy accepts.
--   * Each migration that adds such a table grants the role what the server does with it, and no more.

DO $$
BEGIN
    -- Roles belong to the cluster, which may hold several of our databases; another one may be migrated at
    -- this moment, and no lock reaches across databases.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'aegle_api') THEN
        BEGIN
            CREATE ROLE aegle_api NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'aegle_api', 'SET') THEN
        BEGIN
            EXECUTE format('GRANT aegle_api TO %I', current_user);
        EXCEPTION WHEN unique_violation THEN NULL;
        END;
    END IF;
END $$;

CREATE SCHEMA protected;
GRANT USAGE ON SCHEMA protected TO aegle_api;

-- Chain data is public.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO aegle_api;

CREATE FUNCTION protected.current_caller() RETURNS bytea LANGUAGE sql STABLE
RETURN decode(nullif(current_setting('aegle.caller', true), ''), 'hex');
