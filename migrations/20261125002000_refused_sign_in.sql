-- How many sign-ins were refused, by day (UTC). Nothing else of them is kept: anybody can name a wallet.

CREATE TABLE protected.refused_sign_in (
    day      date   PRIMARY KEY,
    refused  bigint NOT NULL CHECK (refused > 0)
);
ALTER TABLE protected.refused_sign_in ENABLE ROW LEVEL SECURITY;
