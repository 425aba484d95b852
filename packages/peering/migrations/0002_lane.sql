-- How far the ring has this ledger's blocks: every block below `next_block` is on a majority of its replicas, and so is every leaf below `log_size`.
CREATE TABLE peering_lane_cursor (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  next_block bigint NOT NULL CHECK (next_block >= 0),
  log_size bigint NOT NULL CHECK (log_size >= 0)
);
INSERT INTO peering_lane_cursor (next_block, log_size) VALUES (0, 0);

-- Blocks whose body is longer than any value of the ring: their leaves are nowhere else.
CREATE TABLE peering_lane_skipped (
  block_index bigint PRIMARY KEY,
  first_leaf_index bigint NOT NULL,
  log_size bigint NOT NULL
);
