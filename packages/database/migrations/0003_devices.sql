-- Devices: what the sealed readings of each say of its sequence and its clock. All of it follows from the log: the sealer writes it in the
-- transaction that seals, and makes it again where the mark is behind the newest block.

-- The leaves below log_size are accounted in `devices` and `device_readings`. To have both made again: empty them and set this to 0.
CREATE TABLE devices_mark (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  log_size bigint NOT NULL CHECK (log_size >= 0)
) WITH (fillfactor = 10);
INSERT INTO devices_mark (log_size) VALUES (0);

-- One row a device, as of the mark; times in microseconds. `seen`: the sequence numbers seen, as ranges, start and end (not included) by
-- turns; at most 4,096 ranges, and `missing_unplaced` counts what gave way (packages/ledger, sequence-account.ts). `last_device_time` is what the device's own
-- clock said in the newest reading that has a `timestamp`, and `last_clock_offset` that time less the received time of the same reading.
-- Updated at each sealing: room is left so that the update stays on its page. Names sort by their bytes, whatever the database's locale.
CREATE TABLE devices (
  device text COLLATE "C" PRIMARY KEY,
  readings bigint NOT NULL CHECK (readings > 0),
  readings_without_seq bigint NOT NULL,
  duplicates bigint NOT NULL,
  missing_unplaced bigint NOT NULL,
  seen bigint[] NOT NULL CHECK (cardinality(seen) % 2 = 0),
  first_received_at bigint NOT NULL,
  last_received_at bigint NOT NULL,
  last_device_time bigint,
  last_clock_offset bigint,
  CHECK ((last_device_time IS NULL) = (last_clock_offset IS NULL))
) WITH (fillfactor = 70);

-- Where the readings of a device stand in the log: leaf indexes as offsets from first_leaf, the first of them 0. Written once; the rows of a
-- device follow each other and do not overlap. Four bytes a reading and about a hundred a row.
CREATE TABLE device_readings (
  device text COLLATE "C" NOT NULL,
  first_leaf bigint NOT NULL,
  offsets integer[] NOT NULL CHECK (cardinality(offsets) > 0),
  PRIMARY KEY (device, first_leaf)
);

-- The keys of a device, newest first.
CREATE INDEX key_devices_by_device ON key_devices (device COLLATE "C", leaf_index);
