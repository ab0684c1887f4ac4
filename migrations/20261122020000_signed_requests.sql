-- Signed requests: keys and content are asked for by requests that a key of the session signs, and the
-- text that the wallet signed to sign in names that key.
--
-- Contract
--   * `sign_in` is such a text with its signatures, known by its digest. It stays as long as the log,
--     whose entries name it by the digest; nothing in it is secret or about health.
--   * `session.request_key` signs the session's requests, and `session.sign_in` says so. Sessions from
--     before have neither and end.
--   * The column `sign_in.at` is in seconds since the Unix epoch, by the server's clock.

CREATE TABLE protected.sign_in (
    digest                  key32  PRIMARY KEY,
    message                 text   NOT NULL CHECK (octet_length(message) <= 4096),
    signature               bytea  NOT NULL CHECK (octet_length(signature) = 64),
    -- Of the practitioner who acts for the wallet, where it is an organization's.
    practitioner_signature  bytea  CHECK (octet_length(practitioner_signature) = 64),
    at                      bigint NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON protected.sign_in
    FOR EACH ROW EXECUTE FUNCTION protected.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON protected.sign_in
    FOR EACH STATEMENT EXECUTE FUNCTION protected.refuse_change();

DELETE FROM protected.session;
ALTER TABLE protected.session ADD request_key key32 NOT NULL;
ALTER TABLE protected.session ADD sign_in key32 NOT NULL;

GRANT SELECT, INSERT ON protected.sign_in TO aegle_api;
