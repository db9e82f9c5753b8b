-- Notifications in the order in which they become visible, and what operators were alerted to.
-- Locks: notifications is rewritten under an exclusive lock, which takes seconds for a million rows; the rest creates only.
-- Rollout: before the first gateway that streams.

-- The transaction that wrote a row. A stream is read in this order and only up to the oldest transaction that is still
-- under way, so that a row which commits late is not passed over (Rule 21).
ALTER TABLE notifications ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX notifications_stream ON notifications (user_id, tx, id);

-- One row per occurrence: from when something was first seen until it has not been seen for a while. `key` is what it is
-- about; `sent_at` is null until the receiver has taken it, and whoever sends it now has it until `lease_until`.
CREATE TABLE alerts (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key          text NOT NULL,
  kind         text NOT NULL,
  text         text NOT NULL,
  raised_at    timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  cleared_at   timestamptz,
  lease_until  timestamptz,
  sent_at      timestamptz
);
CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE cleared_at IS NULL;
CREATE INDEX alerts_unsent ON alerts (id) WHERE sent_at IS NULL;
CREATE INDEX alerts_recent ON alerts (raised_at);
