-- Who is attested to be something, such as the custodians whom a patient may choose from.
CREATE INDEX credential_kind ON credential (kind, credential);
