-- Wakes who waits for finality: a notification on the channel `aegle_finalized` when the finalized slot
-- of the checkpoint moves.
--
-- Contract
--   * It is a hint and carries nothing. It may come late, once for several moves, or not at all (to a
--     session that was away); whoever waits reads the checkpoint, and reads it now and then without one.
--   * It comes after the commit: who is woken sees the rows of the slots that became final.

CREATE FUNCTION hint_finality() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('aegle_finalized', '');
    RETURN NULL;
END $$;

CREATE TRIGGER hint_finality AFTER UPDATE ON checkpoint
    FOR EACH ROW WHEN (NEW.finalized_slot > OLD.finalized_slot) EXECUTE FUNCTION hint_finality();
