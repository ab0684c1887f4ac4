-- Destroying a content in two steps, each of which is done or not.
--
-- Contract
--   * One transaction takes away everything of a content but its key, and leaves the name of that in
--     `ended_key`. What is there before it is whole, and what it took nothing keeps any more: a hold that is
--     placed never meets a content that has lost its key.
--   * The keys that `ended_key` names are destroyed next, and tried again until they are. `destroyed_at` says
--     when, there and in `erasure`; it is null before.
--   * A row of `ended_key` goes a day later: by then every process has taken the key out of its memory.

ALTER TABLE protected.ended_key ADD COLUMN destroyed_at timestamptz;
CREATE INDEX ended_key_left ON protected.ended_key (erasure_key) WHERE destroyed_at IS NULL;
CREATE INDEX ended_key_destroyed ON protected.ended_key (destroyed_at) WHERE destroyed_at IS NOT NULL;

ALTER TABLE protected.erasure
    ALTER COLUMN destroyed_at DROP NOT NULL,
    ALTER COLUMN destroyed_at DROP DEFAULT;
CREATE INDEX erasure_key_left ON protected.erasure (erasure_key) WHERE destroyed_at IS NULL;
