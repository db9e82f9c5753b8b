-- The core: connections and feeds, the record of events, inbox and outbox, the stock ledger, the orders.
-- Locks: creates only, so nothing that runs is held up. Rollout: before the first start.
-- Partitions of inbox, outbox and stock_history are made by ensure_partitions(), here and later by maintenance.

-- ---------------------------------------------------------------- connections

CREATE SEQUENCE marketplace_ids AS int;

CREATE TABLE platform_connections (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id          text NOT NULL,
  platform         text NOT NULL CHECK (platform IN
                     ('allegro','shopify','backmarket','refurbed','square','clover','ebay','woocommerce')),
  marketplace_id   int  NOT NULL UNIQUE DEFAULT nextval('marketplace_ids'),
  name             text NOT NULL,
  base_url         text NOT NULL,
  dialect          text NOT NULL DEFAULT 'live' CHECK (dialect IN ('documented','live')),
  mode             text NOT NULL DEFAULT 'live' CHECK (mode IN ('live','shadow')),
  start_at         text NOT NULL DEFAULT 'latest',
  sync_rules       jsonb NOT NULL DEFAULT '{}',
  realtime_enabled bool NOT NULL DEFAULT false,
  status           text NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled','disabled')),
  secrets          bytea,
  secrets_key_id   text,
  token_lease      uuid,
  token_lease_until timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, platform, name)
);

-- One row per connection: the marketplace's call allowance, shared by every worker.
CREATE TABLE call_buckets (
  connection_id uuid PRIMARY KEY REFERENCES platform_connections ON DELETE CASCADE,
  tokens        double precision NOT NULL,
  rate          double precision NOT NULL CHECK (rate > 0),
  burst         double precision NOT NULL CHECK (burst > 0),
  blocked_until timestamptz,
  updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE breakers (
  connection_id uuid NOT NULL REFERENCES platform_connections ON DELETE CASCADE,
  error_class   text NOT NULL,
  failures      int NOT NULL DEFAULT 0,
  opened_at     timestamptz,
  open_until    timestamptz,
  probe_until   timestamptz,
  PRIMARY KEY (connection_id, error_class)
);

-- ---------------------------------------------------------------- polling

CREATE TABLE feeds (
  connection_id   uuid NOT NULL REFERENCES platform_connections ON DELETE CASCADE,
  feed            text NOT NULL CHECK (feed IN ('offer-events','order-events','orders','listings','disputes')),
  cursor          text,
  window_from     timestamptz,
  window_to       timestamptz,
  page_cursor     text,
  completed_to    timestamptz,
  lease_token     uuid,
  lease_until     timestamptz,
  job_slot        text,
  job_expires_at  timestamptz,
  next_due_at     timestamptz,
  last_polled_at  timestamptz,
  status          text NOT NULL DEFAULT 'active'
                    CHECK (status IN ('active','paused','stopped','unavailable','failing')),
  last_error      text,
  PRIMARY KEY (connection_id, feed)
);

CREATE TABLE poll_runs (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id  uuid NOT NULL REFERENCES platform_connections ON DELETE CASCADE,
  feed           text NOT NULL,
  job_id         text NOT NULL,
  reason         text NOT NULL,
  dry_run        bool NOT NULL DEFAULT false,
  started_at     timestamptz NOT NULL,
  finished_at    timestamptz,
  pages          int NOT NULL DEFAULT 0,
  calls          int NOT NULL DEFAULT 0,
  events         int NOT NULL DEFAULT 0,
  new_events     int NOT NULL DEFAULT 0,
  created        int NOT NULL DEFAULT 0,
  updated        int NOT NULL DEFAULT 0,
  cancelled      int NOT NULL DEFAULT 0,
  skipped        int NOT NULL DEFAULT 0,
  unchanged      int NOT NULL DEFAULT 0,
  error          text
);
CREATE INDEX poll_runs_recent ON poll_runs (connection_id, started_at);

-- Every event as the marketplace said it. The first row of an event_id fixes what the id means (Rule 4).
CREATE TABLE webhook_events (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id    uuid NOT NULL,
  event_id         text NOT NULL,
  event_type       text NOT NULL,
  source           text NOT NULL,
  message_id       text,
  payload          jsonb NOT NULL,
  status           text NOT NULL DEFAULT 'received'
                     CHECK (status IN ('received','published','skipped','processed','failed')),
  processing_error text,
  retry_count      int NOT NULL DEFAULT 0,
  occurred_at      timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  processed_at     timestamptz,
  UNIQUE (connection_id, event_id)
);
CREATE INDEX webhook_events_recent ON webhook_events (created_at);

-- ---------------------------------------------------------------- inbox and outbox

-- One row per effect. Keyed by the event's own time first: the same id always carries the same time, and the
-- index grows at its end only (Rule 20).
CREATE TABLE inbox (
  consumer     text        NOT NULL,
  event_time   timestamptz NOT NULL,
  message_id   text        NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_time, message_id)
) PARTITION BY RANGE (event_time);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

-- One row per packet: the messages that one transaction publishes. `messages` is a length-prefixed run of
-- records (Outbox/Packet.swift), kept out of line and uncompressed because it is read once. A packet stays
-- after the broker's confirm until its day is dropped, so that an audit can publish again what a deleted queue
-- lost (Rule 22).
CREATE TABLE outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY,
  created_at   timestamptz NOT NULL DEFAULT now(),
  count        int   NOT NULL CHECK (count > 0),
  messages     bytea NOT NULL CHECK (octet_length(messages) <= 16777216),
  lease_until  timestamptz,
  attempts     int   NOT NULL DEFAULT 0,
  last_error   text,
  published_at timestamptz,
  PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
ALTER TABLE outbox ALTER COLUMN messages SET STORAGE EXTERNAL;
CREATE INDEX outbox_pending ON outbox (id) WHERE published_at IS NULL;
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- Redelivered messages that are being handled, noted before the attempt so that a crash names its cause
-- (Rule 17). `body_hash` is taken over the raw body, before anything is decoded.
CREATE TABLE in_hand (
  consumer   text   NOT NULL,
  body_hash  bigint NOT NULL,
  crashes    int    NOT NULL DEFAULT 0,
  alone      bool   NOT NULL DEFAULT true,
  noted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, body_hash)
);

-- ---------------------------------------------------------------- catalogue

CREATE TABLE variations (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    text NOT NULL,
  sku        text NOT NULL,
  title      text,
  is_mapped  bool NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, sku)
);

-- `id` is what bases and history refer to. `reread_at`: until then no second re-reading of the listing is asked
-- for (Rule 9). `former_stock`: stock rows that the listing belonged to before it was mapped anew.
CREATE TABLE listings (
  id             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  connection_id  uuid NOT NULL,
  external_id    text NOT NULL,
  variation_id   bigint REFERENCES variations,
  sku            text,
  title          text,
  status         text,
  price          numeric,
  currency       text,
  quantity       int,
  quantity_as_of timestamptz,
  details        jsonb NOT NULL DEFAULT '{}',
  reread_at      timestamptz,
  former_stock   bigint[] NOT NULL DEFAULT '{}',
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, external_id)
);
CREATE INDEX listings_of_variation ON listings (variation_id);

-- Grows by one whenever a listing is mapped to another variation, so that lanes drop what they remember.
CREATE TABLE catalogue_epoch (singleton bool PRIMARY KEY DEFAULT true CHECK (singleton), epoch bigint NOT NULL);
INSERT INTO catalogue_epoch (epoch) VALUES (1);

CREATE FUNCTION advance_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalogue_epoch SET epoch = epoch + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER connections_advance_catalogue
  AFTER INSERT OR DELETE OR UPDATE OF user_id, marketplace_id, sync_rules, mode ON platform_connections
  FOR EACH STATEMENT EXECUTE FUNCTION advance_catalogue();

-- ---------------------------------------------------------------- stock ledger

-- fillfactor: every sale rewrites its row; free room on the page keeps the update off the indexes.
CREATE TABLE marketplace_stock (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  variation_id      bigint NOT NULL,
  marketplace_id    int NOT NULL,
  listed_stock      int NOT NULL DEFAULT 0 CHECK (listed_stock >= 0),
  on_hand           int NOT NULL DEFAULT 0,
  version           bigint NOT NULL DEFAULT 0,
  base_at           timestamptz NOT NULL DEFAULT '-infinity',
  last_synced_at    timestamptz,
  last_api_quantity int,
  admin_id          text,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  UNIQUE (variation_id, marketplace_id)
) WITH (fillfactor = 70);

-- Every order as the ledger knows it: `versions` is the grow-only set of its versions (JSON text, decoded by
-- StockLedger/OrderVersions.swift), from which the order's steps follow.
CREATE TABLE stock_orders (
  connection_id uuid NOT NULL,
  external_id   text NOT NULL,
  versions      text NOT NULL,
  PRIMARY KEY (connection_id, external_id)
) WITH (fillfactor = 90);

-- Lines of orders that can merge: which orders have claimed a line (Rule 5).
CREATE TABLE stock_lines (
  connection_id uuid NOT NULL,
  line_id       text NOT NULL,
  orders        text[] NOT NULL,
  PRIMARY KEY (connection_id, line_id)
);

-- Bases: what a listing was, as of a moment of the marketplace's clock: snapshots and confirmed pushes (Rule 10).
CREATE TABLE stock_bases (
  listing_ref bigint NOT NULL,
  location_id text NOT NULL DEFAULT '',
  as_of       timestamptz NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('snapshot','push')),
  quantity    int NOT NULL,
  fact_id     text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (listing_ref, as_of, kind, quantity, fact_id, location_id)
);

-- The ledger's own deltas (top-ups), by the id of their event: one is booked once however late it comes again.
CREATE TABLE stock_deltas (
  connection_id uuid NOT NULL,
  message_id    text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, message_id)
);

-- Every change of a stock row, append only. `step` is what the marketplace itself saw happen to the listing at
-- occurred_at; `quantity_change` is what the ledger booked for it (0 when a later base had absorbed it).
CREATE TABLE stock_history (
  id                   bigint GENERATED ALWAYS AS IDENTITY,
  marketplace_stock_id bigint NOT NULL,
  variation_id         bigint NOT NULL,
  marketplace_id       int NOT NULL,
  quantity_before      int NOT NULL,
  quantity_after       int NOT NULL,
  quantity_change      int NOT NULL,
  step                 int NOT NULL DEFAULT 0,
  change_type          text NOT NULL CHECK (change_type IN
    ('order_created','order_cancelled','order_updated','topup','manual','reconciliation','api_sync')),
  connection_id        uuid,
  listing_ref          bigint,
  external_order_id    text,
  line_id              text,
  reference_id         text,
  admin_id             text,
  notes                text,
  occurred_at          timestamptz NOT NULL,
  created_at           timestamptz NOT NULL DEFAULT now(),
  CHECK (quantity_after - quantity_before = quantity_change)
) PARTITION BY RANGE (created_at);
CREATE TABLE stock_history_default PARTITION OF stock_history DEFAULT;
CREATE INDEX stock_history_of_stock ON stock_history (marketplace_stock_id, occurred_at);

-- ---------------------------------------------------------------- orders

-- The header is that of the greatest version ever seen, ordered by (source_updated_at, closed, observed_at, digest)
-- (Rule 4); the entries are those of the greatest version that had a list of lines, the lines_… columns (null: none
-- had one yet). Whoever writes an order or its entries holds its row's lock.
CREATE TABLE orders (
  id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id      uuid NOT NULL,
  marketplace_id     int,
  external_id        text NOT NULL,
  number             text,
  status             text NOT NULL CHECK (status IN
                       ('new','paid','processing','shipped','fulfilled','cancelled','refunded')),
  financial_status   text,
  fulfillment_status text,
  closed             bool NOT NULL,
  currency           text,
  total              numeric,
  tax                numeric,
  shipping           numeric,
  buyer              jsonb,
  shipping_address   jsonb,
  tracking           jsonb,
  placed_at          timestamptz,
  source_updated_at  timestamptz NOT NULL,
  cancelled_at       timestamptz,
  observed_at        timestamptz NOT NULL,
  digest             bigint NOT NULL,
  lines_updated_at   timestamptz,
  lines_closed       bool,
  lines_observed_at  timestamptz,
  lines_digest       bigint,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  UNIQUE (connection_id, external_id),
  CHECK (closed = (status = 'cancelled')),
  CHECK (num_nulls(lines_updated_at, lines_closed, lines_observed_at, lines_digest) IN (0, 4))
) WITH (fillfactor = 85);
CREATE INDEX orders_recent ON orders (created_at);

-- What was bought, and as an entry of its own (kind shipping, external_id ':shipping') what its dispatch costs.
CREATE TABLE order_entries (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id     bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  external_id  text NOT NULL,
  kind         text NOT NULL DEFAULT 'item' CHECK (kind IN ('item','shipping')),
  listing_id   text,
  sku          text,
  variation_id bigint,
  title        text,
  quantity     int NOT NULL CHECK (quantity > 0),
  unit_price   numeric,
  full_price   numeric,
  UNIQUE (order_id, external_id),
  CHECK ((kind = 'shipping') = (external_id = ':shipping'))
);

-- Versions of orders of which none qualified yet (cancelled before known, not eligible, outside the financial
-- statuses): kept so that every order of arrival ends alike (Rule 13), and gone once the order is there.
CREATE TABLE skipped_orders (
  connection_id     uuid NOT NULL,
  external_id       text NOT NULL,
  source_updated_at timestamptz NOT NULL,
  closed            bool NOT NULL,
  observed_at       timestamptz NOT NULL,
  digest            bigint NOT NULL,
  reason            text NOT NULL CHECK (reason IN ('cancelled','ineligible','financial_status')),
  event             json NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, external_id, source_updated_at, closed, observed_at, digest)
);

-- What became of the order events of a connection since its statistics were last reset.
CREATE TABLE order_statistics (
  connection_id uuid PRIMARY KEY,
  created       bigint NOT NULL DEFAULT 0,
  updated       bigint NOT NULL DEFAULT 0,
  cancelled     bigint NOT NULL DEFAULT 0,
  skipped       bigint NOT NULL DEFAULT 0,
  unchanged     bigint NOT NULL DEFAULT 0,
  errors        bigint NOT NULL DEFAULT 0,
  updated_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- History as others read it: the order's row is named as soon as there is one.
CREATE VIEW marketplace_stock_history AS
SELECT h.id, h.marketplace_stock_id, h.variation_id, h.marketplace_id, h.quantity_before, h.quantity_after,
       h.quantity_change, h.change_type, o.id AS order_id, e.id AS order_item_id, h.reference_id, h.admin_id,
       h.notes, h.occurred_at, h.created_at, h.connection_id, h.external_order_id, h.listing_ref, h.line_id, h.step
  FROM stock_history h
  LEFT JOIN orders o ON o.connection_id = h.connection_id AND o.external_id = h.external_order_id
  LEFT JOIN order_entries e ON e.order_id = o.id AND e.external_id = h.line_id;

-- ---------------------------------------------------------------- the desk

CREATE TABLE dead_letter_actions (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue      text NOT NULL,
  message_id text NOT NULL,
  action     text NOT NULL CHECK (action IN ('requeue','discard','edit')),
  generation int  NOT NULL DEFAULT 1,
  state      text NOT NULL DEFAULT 'intended' CHECK (state IN ('intended','done')),
  actor      text NOT NULL,
  reason     text,
  original   jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at    timestamptz
);
CREATE INDEX dead_letter_actions_of_message ON dead_letter_actions (queue, message_id);

CREATE TABLE activity_log (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id uuid,
  user_id       text,
  kind          text NOT NULL,
  body          jsonb NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activity_log_recent ON activity_log (created_at);

-- ---------------------------------------------------------------- partitions

-- Makes the partitions of a table from `first` on, one per `step` (a day or a month). Rows that wait in the
-- default partition stay there: their range is then left to the default.
CREATE FUNCTION ensure_partitions_of(parent text, key text, first date, last date, step interval) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  start date;
  child text;
  taken bool;
BEGIN
  FOR start IN SELECT generate_series(first, last, step)::date LOOP
    child := parent || '_' || to_char(start, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(child) IS NOT NULL;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %L AND %I < %L)',
                   parent || '_default', key, start::timestamptz, key, (start + step)::timestamptz) INTO taken;
    CONTINUE WHEN taken;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                   child, parent, start::timestamptz, (start + step)::timestamptz);
  END LOOP;
END $$;

CREATE FUNCTION ensure_partitions() RETURNS void
LANGUAGE sql AS $$
  SELECT ensure_partitions_of('inbox', 'event_time', current_date - 7, current_date + 14, '1 day');
  SELECT ensure_partitions_of('outbox', 'created_at', current_date, current_date + 14, '1 day');
  SELECT ensure_partitions_of('stock_history', 'created_at', date_trunc('month', current_date)::date,
                              current_date + 40, '1 month');
$$;

SELECT ensure_partitions();
