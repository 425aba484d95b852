-- The strict registry: keys that were revoked, and what enrolment hands out before a key is in the log.

-- The kind 3 leaf that revoked the key.
ALTER TABLE keys ADD COLUMN revoked_at_leaf bigint;

-- Nonces that an enrolment must sign; each is taken once.
CREATE TABLE enrolment_nonces (
  nonce bytea PRIMARY KEY CHECK (octet_length(nonce) = 32),
  expires_at timestamptz NOT NULL
);

-- One-time tokens, as SHA-256: whoever reads this table cannot enrol. `devices` NULL: any device that no key in force speaks for.
CREATE TABLE invites (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  devices text[],
  expires_at timestamptz NOT NULL
);
