-- Orders that a marketplace has merged into others, attempts at delivering messages, and the activity log's timings.
-- Locks: each ALTER TABLE takes its table exclusively for a moment; the copy of the lines reads order_entries (some seconds per
-- million rows) and holds nobody up. Rollout: before the first order-sync worker of this release. A worker of the release
-- before opens a merged order again when it hears of it.
-- Lock order of whoever writes here: after orders.

-- The order that has claimed its lines: such an order is closed, whatever its own last version says (Rule 5).
ALTER TABLE orders ADD COLUMN merged_into text;

-- Lines of orders that can merge, with the last order to claim each: that whose first version seen is the latest.
CREATE TABLE order_lines (
  connection_id     uuid NOT NULL,
  line_id           text NOT NULL,
  external_order_id text NOT NULL,
  claimed_at        timestamptz NOT NULL,
  PRIMARY KEY (connection_id, line_id)
);

INSERT INTO order_lines (connection_id, line_id, external_order_id, claimed_at)
SELECT DISTINCT ON (o.connection_id, e.external_id) o.connection_id, e.external_id, o.external_id, o.source_updated_at
  FROM order_entries e JOIN orders o ON o.id = e.order_id
  JOIN platform_connections c ON c.id = o.connection_id AND c.platform = 'allegro'
 WHERE e.kind = 'item'
 ORDER BY o.connection_id, e.external_id, o.source_updated_at DESC, o.external_id DESC;

-- `attempted_at`: the first attempt of those that nobody knows the end of; `lease_until`: a worker delivers it until then.
ALTER TABLE order_messages
  ADD COLUMN attempted_at timestamptz,
  ADD COLUMN lease_until  timestamptz;

-- How long the step took: a call to a marketplace, or a webhook from its receipt until every consumer was done with it.
ALTER TABLE activity_log ADD COLUMN duration_ms bigint;
