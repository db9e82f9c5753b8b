-- What goes out to the marketplaces: wishes to bring a listing to the ledger's value, what shadow connections would
-- have done, details of products, and reconciliations.
-- Locks: listings exclusively for a moment (a column without a rewrite); else creates. Rollout: before the first worker
-- of propagation, push or reconcile.

-- One row per listing that was ever to be brought to the ledger's value. `generation` grows with every wish, and a
-- wish while a job is queued makes no other. `sequence` numbers the attempts and makes the idempotency key (Rule 33).
-- sent_quantity and sent_at are the intent: they stay until it is known what became of it (Rule 32).
CREATE TABLE stock_pushes (
  listing_ref     bigint PRIMARY KEY,
  connection_id   uuid NOT NULL,
  generation      bigint NOT NULL DEFAULT 1,
  job_generation  bigint NOT NULL DEFAULT 1,
  done_generation bigint NOT NULL DEFAULT 0,
  is_queued       bool NOT NULL DEFAULT true,
  queued_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  sequence        bigint NOT NULL DEFAULT 0,
  lease           uuid,
  lease_until     timestamptz,
  sent_quantity   int,
  sent_at         timestamptz,
  pushed_quantity int,
  pushed_at       timestamptz,
  outcome         text CHECK (outcome IN ('pushed','current','shadow','unsupported','failed')),
  error           text,
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CHECK ((sent_quantity IS NULL) = (sent_at IS NULL))
) WITH (fillfactor = 70);

-- What connections in shadow mode would have done.
CREATE TABLE shadow_actions (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id uuid NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('quantity','message')),
  target        text NOT NULL,
  body          jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shadow_actions_recent ON shadow_actions (connection_id, id);

-- Products as the marketplaces describe them; of two descriptions the later one counts.
CREATE TABLE products (
  connection_id uuid NOT NULL,
  external_id   text NOT NULL,
  title         text,
  description   text,
  status        text,
  variants      jsonb NOT NULL DEFAULT '[]',
  is_deleted    bool NOT NULL DEFAULT false,
  as_of         timestamptz NOT NULL,
  event_id      text COLLATE "C" NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, external_id)
);

-- The moment and the event that title, status and price of a listing come from.
ALTER TABLE listings
  ADD COLUMN details_at timestamptz,
  ADD COLUMN details_event text COLLATE "C";

CREATE TABLE reconciliations (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id  uuid NOT NULL,
  marketplace_id int NOT NULL,
  reason         text NOT NULL CHECK (reason IN ('schedule','manual')),
  is_dry_run     bool NOT NULL DEFAULT false,
  status         text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued','running','done','failed')),
  slot           text,
  lease          uuid,
  lease_until    timestamptz,
  cursor         text,
  pages          int NOT NULL DEFAULT 0,
  calls          int NOT NULL DEFAULT 0,
  listings       int NOT NULL DEFAULT 0,
  differences    int NOT NULL DEFAULT 0,
  repaired       int NOT NULL DEFAULT 0,
  biggest        jsonb NOT NULL DEFAULT '[]',
  error          text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  started_at     timestamptz,
  finished_at    timestamptz,
  UNIQUE (connection_id, slot)
);
-- Never two at once for one marketplace.
CREATE UNIQUE INDEX reconciliations_under_way ON reconciliations (connection_id)
  WHERE status IN ('queued', 'running');
CREATE INDEX reconciliations_recent ON reconciliations (created_at);
