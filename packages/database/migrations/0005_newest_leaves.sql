-- Where the newest readings of a device stand in the log, until they are enough for a row of device_readings: a row for the few readings that
-- one sealing transaction has of a device would cost more than what is in it. Leaf indexes, past all that device_readings has of the device.
ALTER TABLE devices ADD COLUMN newest_leaves bigint[] NOT NULL DEFAULT '{}';
