-- Encrypted contents: how they come in, and the objects of the blob store that hold them.
--
-- Contract
--   * An upload is `open` until a record or a mailbox item claims it in the transaction that creates
--     them; claimed, it is a blob, which nothing but a release ends. An open one that is not claimed in
--     time, or given up, is `released`. What is released never comes back.
--   * Its bytes are the objects of its finished parts, in the order of `start`, without gap or overlap.
--     An object's name is random and says nothing about what it holds, its blob or its size.
--   * The row of a part is committed before its object is written, and deleted after its object is. So
--     an object without a row is garbage, whenever and by whomever it is seen.
--   * `length` is null while a part is written. Past `leased_until` it may be marked `doomed`, and a
--     doomed part is never finished; a part goes with its object once it is doomed or its upload
--     released. Marking and deleting are two transactions, so a writer that was frozen finds out.
--   * Times are of the database's clock, the only one that all processes share.
--   * A caller sees own uploads only. A blob is read by whoever was given its id, through
--     `protected.blob_parts`: who may learn the id is decided where the id is stored.

CREATE TABLE protected.upload (
    id          public.key32 PRIMARY KEY,
    -- The wallet that sends it.
    owner       public.key32 NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    received    bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size),
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'claimed', 'released')),
    expires_at  timestamptz NOT NULL,
    CHECK (state <> 'claimed' OR received = size)
);
CREATE INDEX upload_unclaimed ON protected.upload (owner) INCLUDE (size) WHERE state <> 'claimed';
CREATE INDEX upload_expiry ON protected.upload (expires_at) WHERE state = 'open';
CREATE INDEX upload_released ON protected.upload (id) WHERE state = 'released';

CREATE TABLE protected.upload_part (
    object        public.key32 PRIMARY KEY,
    upload        public.key32 NOT NULL REFERENCES protected.upload (id),
    start         bigint NOT NULL CHECK (start >= 0),
    length        bigint CHECK (length > 0),
    leased_until  timestamptz NOT NULL,
    doomed        boolean NOT NULL DEFAULT false,
    CHECK (NOT doomed OR length IS NULL)
);
CREATE UNIQUE INDEX upload_part_place ON protected.upload_part (upload, start) INCLUDE (object, length)
    WHERE length IS NOT NULL;
CREATE INDEX upload_part_upload ON protected.upload_part (upload) WHERE length IS NULL;
CREATE INDEX upload_part_writing ON protected.upload_part (leased_until) WHERE length IS NULL;

-- The blob store that belongs to this database; the store holds the same id.
CREATE TABLE protected.blob_store (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id         public.key32 NOT NULL
);

ALTER TABLE protected.upload ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.upload TO aegle_api
    USING (owner = protected.current_caller()) WITH CHECK (owner = protected.current_caller());
ALTER TABLE protected.upload_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protected.upload_part TO aegle_api
    USING (upload IN (SELECT id FROM protected.upload WHERE owner = protected.current_caller()))
    WITH CHECK (upload IN (SELECT id FROM protected.upload WHERE owner = protected.current_caller()));

GRANT SELECT, INSERT, UPDATE (received, state, expires_at) ON protected.upload TO aegle_api;
GRANT SELECT, INSERT, UPDATE (length, doomed), DELETE ON protected.upload_part TO aegle_api;

-- The parts of a blob that overlap the bytes from `first` up to and without `last`, and its size. No
-- row where there is no such blob or no such byte.
CREATE FUNCTION protected.blob_parts(blob bytea, first bigint, last bigint)
RETURNS TABLE (size bigint, object bytea, start bigint, length bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT upload.size, part.object, part.start, part.length
    FROM protected.upload JOIN protected.upload_part AS part ON part.upload = upload.id
    WHERE upload.id = blob AND upload.state = 'claimed' AND part.length IS NOT NULL
        AND part.start < last AND part.start + part.length > first
    ORDER BY part.start
$$;

-- Ends a blob; its objects are deleted soon after the transaction commits. False where there is none.
CREATE FUNCTION protected.release_blob(blob bytea) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH released AS (
        UPDATE protected.upload SET state = 'released' WHERE id = blob AND state = 'claimed' RETURNING 1
    )
    SELECT EXISTS (SELECT FROM released)
$$;

REVOKE EXECUTE ON FUNCTION protected.blob_parts, protected.release_blob FROM PUBLIC;
GRANT EXECUTE ON FUNCTION protected.blob_parts, protected.release_blob TO aegle_api;
