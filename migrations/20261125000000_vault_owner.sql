-- Whose vault is it: the vaults of a wallet are looked up by their first owner and by those whom a recovery
-- proposed, and then compared with the owner of the state that is asked for.

CREATE INDEX vault_owner ON vault (owner);
CREATE INDEX recovery_new_owner ON recovery (new_owner);
