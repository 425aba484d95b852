-- One ledger in one database. Bytes that were signed or hashed are bytea and never text: what came in is what a verifier reads.

-- Who this ledger is. Written once, at genesis; every receiver compares its own key and origin with it.
CREATE TABLE ledger (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  origin text NOT NULL,
  public_key bytea NOT NULL
);

-- The one row that accepting readings locks. `next_leaf_index` counts the leaves; `last_received_at` never decreases (microseconds);
-- `registry_version` moves with every registry leaf. Updated at each group commit: room is left so that the update stays on its page.
CREATE TABLE log_counter (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  next_leaf_index bigint NOT NULL CHECK (next_leaf_index >= 0),
  last_received_at bigint NOT NULL CHECK (last_received_at >= 0),
  registry_version bigint NOT NULL CHECK (registry_version >= 0)
) WITH (fillfactor = 10);

-- The log: each leaf exactly as it is hashed. Pending while leaf_index is not below the newest block's log_size; never updated or moved.
-- Partitions are made ahead of need by the receiver (leaf-store.ts) and may be archived.
CREATE TABLE leaves (
  leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
  leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 44 AND 65535)
) PARTITION BY RANGE (leaf_index);

-- Every transaction id ever accepted, so that a message sent again is the same transaction: what its receipt says is here, whether or not
-- its leaf was archived. Never archived itself.
CREATE TABLE transactions (
  transaction_id bytea PRIMARY KEY CHECK (octet_length(transaction_id) = 32),
  leaf_index bigint NOT NULL,
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  received_at bigint NOT NULL
);

-- The registry as the newest leaf leaves it: what the log's kind 2 leaves say, in a form that can be looked up.
CREATE TABLE keys (
  key_id bytea PRIMARY KEY CHECK (octet_length(key_id) = 32),
  public_key bytea NOT NULL,
  leaf_index bigint NOT NULL
);

CREATE TABLE key_devices (
  key_id bytea NOT NULL,
  device text NOT NULL,
  leaf_index bigint NOT NULL,
  PRIMARY KEY (key_id, device)
);

-- Sealed blocks. `hash` and `log_size` stand in the header too; here they can be looked up, and their constraints keep the chain single.
CREATE TABLE blocks (
  block_index bigint PRIMARY KEY CHECK (block_index >= 0),
  hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
  log_size bigint NOT NULL UNIQUE,
  header bytea NOT NULL CHECK (octet_length(header) = 116),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64)
);

-- The newest block, moved by the transaction that seals: a sealer builds only on the block that stands here, and a newest block that was
-- deleted is missed.
CREATE TABLE chain_head (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  block_index bigint NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 10);

-- Full C2SP tiles, written once. `root` is the node that the tile is in the level above, so no level needs the hashes of the one below.
CREATE TABLE tiles (
  level smallint NOT NULL CHECK (level >= 0),
  tile_index bigint NOT NULL CHECK (tile_index >= 0),
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  PRIMARY KEY (level, tile_index)
);
-- Hashes do not compress.
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Which receiver seals. `token` grows with each new holder, and a sealing transaction that carries an older one fails.
CREATE TABLE sealer_lease (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  holder uuid NOT NULL,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- For people with psql: the readings in words. The service reads `leaves`.
CREATE VIEW readings AS
SELECT
  leaf_index,
  encode(substr(leaf, 11, 32), 'hex') AS key_id,
  to_timestamp(('x' || encode(substr(leaf, 3, 8), 'hex'))::bit(64)::bigint / 1000000.0) AS received_at,
  convert_from(substr(leaf, 45 + get_byte(leaf, 42) * 256 + get_byte(leaf, 43)), 'UTF8') AS message
FROM leaves
WHERE get_byte(leaf, 0) = 1;
