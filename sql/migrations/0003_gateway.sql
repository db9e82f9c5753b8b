-- What the gateway keeps: the answers of POSTs that may be repeated.
-- Locks: creates only, so nothing that runs is held up. Rollout: before the first gateway that serves the API.

-- One row per Idempotency-Key, written in the transaction of the POST's effects; kept for a day. `request`: SHA-256 of
-- method, address and body. The answer is null only within that transaction.
CREATE TABLE idempotency_keys (
  subject    text NOT NULL,
  key        text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 255),
  request    bytea NOT NULL,
  status     int,
  body       jsonb,
  location   text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, key)
);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);
