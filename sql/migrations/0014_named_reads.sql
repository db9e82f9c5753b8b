-- What webhooks have named without saying how it stands, so that a hundred webhooks about one listing cost one reading.
-- Locks: none on what is there. Rollout: before the gateway and the poll workers of this release.
-- Lock order of whoever writes here: after webhook_events; rows by their key.

CREATE TABLE named_reads (
  connection_id uuid NOT NULL REFERENCES platform_connections (id) ON DELETE CASCADE,
  feed          text NOT NULL,
  -- An order of `orders` or a listing of `listings`; '' stands for the feed itself, which has news.
  external_id   text NOT NULL,
  named_at      timestamptz NOT NULL,
  PRIMARY KEY (connection_id, feed, external_id)
);

-- The one job that reads what is named of a connection's feed.
CREATE TABLE named_readers (
  connection_id uuid NOT NULL REFERENCES platform_connections (id) ON DELETE CASCADE,
  feed          text NOT NULL,
  job           text NOT NULL,
  until         timestamptz NOT NULL,
  PRIMARY KEY (connection_id, feed)
);
