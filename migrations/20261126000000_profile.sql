-- Names that people show: profiles which credentials and registrars on the chain commit to.
--
-- Contract
--   * Who a credential is about, or its registrar, may publish and withdraw; a registrar its own profile. The salt and
--     the document are held against the commitment on the chain when they come, and again when they are shown: what
--     the chain no longer commits to is kept and not shown.
--   * Everybody may read it, so there is no row-level security. Nothing of a patient is here.
--   * `words` is what a search looks through, in lower case: the name, then the specialty.

CREATE TABLE protected.profile (
    account      key32  PRIMARY KEY,
    -- Whom it is about: a credential's subject, a registrar's authority.
    subject      key32  NOT NULL,
    salt         key32  NOT NULL,
    document     text   NOT NULL CHECK (octet_length(document) <= 4096),
    commitment   key32  NOT NULL,
    words        text   NOT NULL,
    published_at bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON protected.profile TO aegle_api;
