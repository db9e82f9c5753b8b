-- What the HTTP API reads and keeps: how far an event is, what became of a poll's orders, the polling settings that are
-- changed at run time, and the indexes by which lists are read page by page.
-- Locks: ALTER TABLE takes order_statistics exclusively for a moment; each CREATE INDEX holds up the writers of its table
-- while it is built (about a second per million rows). Rollout: before the first process of this release.

-- ---------------------------------------------------------------- how far an event is

-- The dead letters of consumers, as the lanes that sent them away saw them. The broker's queue is the truth; this tells
-- webhook_events.status, and is forgotten when its event is processed after all.
CREATE TABLE event_failures (
  message_id    text NOT NULL,
  queue         text NOT NULL,
  connection_id uuid,
  error_class   text NOT NULL,
  error         text NOT NULL,
  attempts      int  NOT NULL,
  failed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (message_id, queue)
);

-- What is not settled yet is few, however many events there were: the look-ups of the status keep to these.
-- Of an event with a message_id, occurred_at is the time that its message carries, by which the inbox is keyed.
CREATE INDEX webhook_events_published ON webhook_events (id) WHERE status = 'published';
CREATE INDEX webhook_events_failed ON webhook_events (id) WHERE status = 'failed';

-- ---------------------------------------------------------------- polling

-- `known`: orders that a poll brought again, as they were; they make no event. `last_poll_at`: of orders.
ALTER TABLE order_statistics
  ADD COLUMN known        bigint NOT NULL DEFAULT 0,
  ADD COLUMN last_poll_at timestamptz,
  ADD COLUMN reset_at     timestamptz;

-- What went wrong with orders since the statistics were reset, by class: polls that failed (stage poll), and orders that
-- became dead letters (stage sync). No connection: the message was not even readable.
CREATE TABLE order_errors (
  connection_id uuid,
  stage         text NOT NULL CHECK (stage IN ('poll','sync')),
  error_class   text NOT NULL,
  count         bigint NOT NULL DEFAULT 0,
  UNIQUE NULLS NOT DISTINCT (connection_id, stage, error_class)
);

-- The orders of runs that somebody waits for, and what became of each; null: not known yet.
CREATE TABLE poll_run_orders (
  message_id text NOT NULL PRIMARY KEY,
  run_id     bigint NOT NULL,
  outcome    text CHECK (outcome IN ('created','updated','cancelled','skipped','unchanged','error')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX poll_run_orders_of_run ON poll_run_orders (run_id);

-- A dead letter of order-sync is an order that was not synced.
CREATE FUNCTION note_order_failure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE poll_run_orders SET outcome = 'error' WHERE message_id = NEW.message_id;
  INSERT INTO order_errors AS e (connection_id, stage, error_class, count)
  VALUES (NEW.connection_id, 'sync', NEW.error_class, 1)
  ON CONFLICT (connection_id, stage, error_class) DO UPDATE SET count = e.count + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER order_failures AFTER INSERT OR UPDATE ON event_failures
  FOR EACH ROW WHEN (NEW.queue = 'order-sync') EXECUTE FUNCTION note_order_failure();

-- What a person has set at run time; null leaves it to the environment of each process.
CREATE TABLE polling_config (
  singleton        bool PRIMARY KEY DEFAULT true CHECK (singleton),
  enabled          bool,
  interval_minutes int CHECK (interval_minutes BETWEEN 1 AND 44640),
  lookback_minutes int CHECK (lookback_minutes BETWEEN 1 AND 44640),
  batch_size       int CHECK (batch_size BETWEEN 1 AND 250),
  max_pages        int CHECK (max_pages BETWEEN 1 AND 10000),
  updated_by       text,
  updated_at       timestamptz NOT NULL DEFAULT now()
);

-- When a scheduler last led.
CREATE TABLE scheduler_beat (
  singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
  beat_at   timestamptz NOT NULL
) WITH (fillfactor = 50);

-- ---------------------------------------------------------------- lists, page by page, of one connection

CREATE INDEX orders_of_connection ON orders (connection_id, id);
CREATE INDEX orders_by_external_id ON orders (external_id);
CREATE INDEX webhook_events_of_connection ON webhook_events (connection_id, id);
CREATE INDEX order_conversations_of_connection ON order_conversations (connection_id, id);
CREATE INDEX marketplace_stock_of_marketplace ON marketplace_stock (marketplace_id, id);
CREATE INDEX activity_log_of_user ON activity_log (user_id, id);
CREATE INDEX poll_runs_of_feed ON poll_runs (feed, id);
