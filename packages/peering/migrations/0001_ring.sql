-- What this receiver keeps for the ring. Bodies and records are the bytes that were hashed or signed.

-- Content-addressed values: key = SHA-256(body). `stored_by`: the peer that handed it over, NULL for this receiver itself.
CREATE TABLE peering_values (
  key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
  body bytea NOT NULL,
  size_bytes bigint NOT NULL,
  stored_by bytea,
  stored_at bigint NOT NULL
);
-- Bodies are mostly signatures and hashes, and are read whole.
ALTER TABLE peering_values ALTER COLUMN body SET STORAGE EXTERNAL;

-- Signed records by the key of their name; id = SHA-256(record). Which of them stay is decided under a lock of the key (record-rule.ts).
CREATE TABLE peering_records (
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  id bytea NOT NULL CHECK (octet_length(id) = 32),
  record bytea NOT NULL,
  size_bytes bigint NOT NULL,
  stored_by bytea,
  stored_at bigint NOT NULL,
  PRIMARY KEY (key, id)
);

-- What is kept for each peer; peer '' is this receiver. Moved by the transaction that writes or deletes.
CREATE TABLE peering_usage (
  peer bytea PRIMARY KEY,
  value_count bigint NOT NULL CHECK (value_count >= 0),
  record_count bigint NOT NULL CHECK (record_count >= 0),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0)
);

-- Which kept bodies hold a transaction: the first 8 bytes of its id, so whoever finds a body looks inside.
CREATE TABLE peering_transactions (
  prefix bigint NOT NULL,
  value_key bytea NOT NULL REFERENCES peering_values (key) ON DELETE CASCADE,
  PRIMARY KEY (prefix, value_key)
);
CREATE INDEX peering_transactions_value_key ON peering_transactions (value_key);
