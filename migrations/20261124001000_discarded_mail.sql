-- Mail that its patient or its sender discards.
--
-- Contract
--   * An item with `discarded_at` is there for nobody any more. It is destroyed within seconds, or where a legal
--     hold is on everything of its vault, once that is lifted: nobody is told by what they see which of the two.

ALTER TABLE protected.mailbox_item ADD COLUMN discarded_at timestamptz;
CREATE INDEX mailbox_item_discarded ON protected.mailbox_item (item) WHERE discarded_at IS NOT NULL;
CREATE POLICY discarded ON protected.mailbox_item FOR UPDATE TO aegle_api USING (
    sender = protected.current_caller()
    OR (vault = protected.current_vault() AND (SELECT protected.serves(protected.current_vault())))
);
GRANT UPDATE (discarded_at) ON protected.mailbox_item TO aegle_api;
