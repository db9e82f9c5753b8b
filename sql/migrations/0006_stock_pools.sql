-- Stock that a user shares between connections: one pool per variation, of which the rows of marketplace_stock are
-- mirrors. Bases learn since when a push may have been in force.
-- Locks: marketplace_stock and stock_bases exclusively for a moment; new columns without a rewrite. Rollout: any time;
-- workers of the release before go on with rows that are in no pool.

-- Lock order of whoever writes stock: inbox, stock_orders, stock_pools by id, marketplace_stock by id, pushes, listings.
-- `opened_at`: opened by a person with the stock that its rows had then; facts up to that moment don't count. Null:
-- opened by its first snapshot, the anchor.
CREATE TABLE stock_pools (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  variation_id   bigint NOT NULL,
  is_shared      bool NOT NULL DEFAULT true,
  on_hand        int NOT NULL DEFAULT 0,
  version        bigint NOT NULL DEFAULT 0,
  opened_at      timestamptz,
  anchor_listing bigint,
  anchor_at      timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nulls(anchor_listing, anchor_at) IN (0, 2)),
  CHECK (opened_at IS NULL OR anchor_at IS NULL)
) WITH (fillfactor = 70);
-- A row that leaves its pool goes on in one of its own (is_shared false), with the stock that it had.
CREATE UNIQUE INDEX stock_pools_of_variation ON stock_pools (variation_id) WHERE is_shared;

-- `joined_at`: facts of the row's listings up to that moment belong to the stock that it had before.
ALTER TABLE marketplace_stock
  ADD COLUMN pool_id bigint REFERENCES stock_pools,
  ADD COLUMN joined_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX marketplace_stock_of_pool ON marketplace_stock (pool_id) WHERE pool_id IS NOT NULL;

ALTER TABLE stock_bases ADD COLUMN since timestamptz;
