-- No row of `hold` goes, by a `TRUNCATE` neither.

CREATE TRIGGER history_whole BEFORE TRUNCATE ON protected.hold
    FOR EACH STATEMENT EXECUTE FUNCTION protected.keep_history();
