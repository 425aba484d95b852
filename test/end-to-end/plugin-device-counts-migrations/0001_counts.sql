-- How many sealed readings each device has, and the next block that is to be counted. One row is the cursor.
CREATE TABLE device_counts_devices (
  device text PRIMARY KEY,
  readings bigint NOT NULL CHECK (readings > 0)
);
CREATE TABLE device_counts_cursor (
  next_block bigint NOT NULL
);
INSERT INTO device_counts_cursor VALUES (0);
