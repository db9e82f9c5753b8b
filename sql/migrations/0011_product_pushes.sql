-- Products that are created, changed and deleted at the owner's other connections.
-- Locks: variations and shadow_actions exclusively for a moment (a column and a constraint without a rewrite), products
-- against writers while its index is built (about a second per million rows); else creates. Rollout: before the first
-- worker of propagation or push.

ALTER TABLE variations ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE INDEX products_of_sku ON products USING gin (variants jsonb_path_ops);
ALTER TABLE shadow_actions DROP CONSTRAINT shadow_actions_kind_check,
  ADD CONSTRAINT shadow_actions_kind_check CHECK (kind IN ('quantity','message','product')) NOT VALID;

-- One row per variation that was ever to be described at a connection as another one describes it; generations and leases
-- as those of stock_pushes. `written`: what was written last, by which its echo is known.
CREATE TABLE product_pushes (
  connection_id   uuid NOT NULL REFERENCES platform_connections ON DELETE CASCADE,
  variation_id    bigint NOT NULL REFERENCES variations,
  generation      bigint NOT NULL DEFAULT 1,
  job_generation  bigint NOT NULL DEFAULT 1,
  is_queued       bool NOT NULL DEFAULT true,
  queued_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease           uuid,
  lease_until     timestamptz,
  written         jsonb,
  outcome         text CHECK (outcome IN ('created','updated','deleted','current','superseded','held','shadow',
                                          'unsupported','failed')),
  error           text,
  updated_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, variation_id)
) WITH (fillfactor = 70);

-- What shops ask about a buyer's data, until it is done.
CREATE INDEX webhook_events_privacy ON webhook_events (id)
  WHERE event_type IN ('customers/data_request', 'customers/redact', 'shop/redact') AND processed_at IS NULL;
