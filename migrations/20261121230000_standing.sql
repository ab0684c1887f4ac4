-- One record is read from memory as of a slot, so that each request asks the database only what can
-- change within it: the session, and how far the mirror is. The function that read everything at once
-- is gone.

DROP FUNCTION protected.read_record;

CREATE INDEX wrap_record_holder ON protected.wrap (record, holder, wrapped_at);
