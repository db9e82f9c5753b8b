-- The record of what has been applied here; written by the migrator in the transaction of each migration.
-- Locks: creates only. Rollout: any time.

CREATE TABLE schema_migrations (
  version    int PRIMARY KEY CHECK (version >= 0),
  name       text NOT NULL,
  checksum   text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  duration   interval NOT NULL
);
