// The outbox's tables and how SQLite keeps them. Text only; outbox.ts runs it at every open, and it changes nothing when all is there.

/**
 * WAL with synchronous=FULL: a commit is on disk when it returns, also through a power cut. EXCLUSIVE: a second sender on the same
 * file is refused, because seq counters and counts are safe with one writer only.
 * `messages.postponed` counts answers with a wrong receipt: such messages let all others go first. `unmatched_receipts` holds the last
 * receipt that was of another leaf than the message, as evidence, and how many there were since the message came or was tried again.
 * `enrolments.devices` is a JSON array of names: with a one-time token, nothing else here could say that it was spent well.
 */
export const OUTBOX_SCHEMA = `
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS keys (
  key_id BLOB PRIMARY KEY CHECK (length(key_id) = 32),
  algorithm INTEGER NOT NULL CHECK (algorithm IN (1, 2, 3)),
  public_key TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id BLOB NOT NULL UNIQUE CHECK (length(transaction_id) = 32),
  key_id BLOB NOT NULL REFERENCES keys,
  message BLOB NOT NULL,
  signature BLOB NOT NULL,
  postponed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS messages_order ON messages (postponed, id);
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id BLOB NOT NULL CHECK (length(transaction_id) = 32),
  key_id BLOB NOT NULL REFERENCES keys,
  message BLOB NOT NULL,
  signature BLOB NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  refused_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS dead_letters_transaction ON dead_letters (transaction_id);
CREATE TABLE IF NOT EXISTS unmatched_receipts (
  transaction_id BLOB PRIMARY KEY CHECK (length(transaction_id) = 32),
  receipt TEXT NOT NULL,
  answers INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS receipts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id BLOB NOT NULL UNIQUE CHECK (length(transaction_id) = 32),
  receipt TEXT NOT NULL,
  stored_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sequences (
  device TEXT PRIMARY KEY,
  next_seq INTEGER NOT NULL CHECK (next_seq BETWEEN 0 AND 9007199254740991)
) STRICT;
CREATE TABLE IF NOT EXISTS enrolments (
  receiver_url TEXT NOT NULL,
  key_id BLOB NOT NULL CHECK (length(key_id) = 32),
  devices TEXT NOT NULL,
  stored_at_us INTEGER NOT NULL,
  PRIMARY KEY (receiver_url, key_id)
) STRICT;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO counters VALUES ('delivered', 0);
COMMIT;
`;
