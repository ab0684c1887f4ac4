-- Requests that are repeated because their answer was lost.
--
-- Contract
--   * `request` is SHA-256 over the caller and all that the request says which stored what a row holds
--     now. A request with the same hash is that one again, and gets the same answer; it stores nothing.
--   * Null for what was stored before this column; a repetition of such a request is refused as another.
--   * Mailbox items and access requests have the hash for their id, so they need no column.

ALTER TABLE protected.content ADD COLUMN request key32;
GRANT UPDATE (request) ON protected.content TO aegle_api;
