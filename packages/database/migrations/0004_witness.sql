-- Witnesses, both ways (C2SP tlog-witness). Checkpoints stand here as the signed notes that they are.

-- As a log: the newest cosignature of each witness, by its verifier key. `checkpoint` is the ledger's note without cosignatures.
CREATE TABLE witness_cosignatures (
  witness text PRIMARY KEY,
  size bigint NOT NULL CHECK (size >= 0),
  checkpoint text NOT NULL,
  cosignature text NOT NULL
);

-- As a log: the newest checkpoint that enough witnesses cosigned, and their signature lines. It never goes back.
CREATE TABLE cosigned_checkpoint (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  size bigint NOT NULL CHECK (size >= 0),
  checkpoint text NOT NULL,
  cosignatures text NOT NULL
);

-- As a witness: whose memory this database is. A key without its memory would cosign a second history.
CREATE TABLE witness_identity (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  name text NOT NULL,
  public_key bytea NOT NULL
);

-- As a witness: the newest checkpoint cosigned of each log. The row is locked from the check to the commit, so a log has one history here.
-- `checkpoint` NULL: none yet. `cosigned_at` (seconds) never decreases.
CREATE TABLE witnessed_logs (
  origin text PRIMARY KEY,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  checkpoint text,
  cosigned_at bigint NOT NULL CHECK (cosigned_at >= 0)
);

-- As a witness: signed checkpoints that were refused, each beside the one held then.
-- fork: one size and two roots, both signed: proof by itself. rollback: smaller than the one held; an old checkpoint that somebody sends
-- again looks the same, a consistency path between the two tells. unproven: larger, but not shown to extend the one held.
CREATE TABLE witness_evidence (
  origin text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('fork', 'rollback', 'unproven')),
  offered_hash bytea NOT NULL CHECK (octet_length(offered_hash) = 32),
  held_checkpoint text NOT NULL,
  offered_checkpoint text NOT NULL,
  seen_at bigint NOT NULL,
  PRIMARY KEY (origin, kind, offered_hash)
);
