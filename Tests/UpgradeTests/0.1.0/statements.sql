-- What the processes of release 0.1.0 asked of the database, recorded from `crossdock run` and the look-up commands
-- against the simulated marketplaces (schema 3). Never edited by hand.

PREPARE s1 AS
SELECT clock_timestamp();

PREPARE s2 AS
SELECT epoch FROM catalogue_epoch;

PREPARE s3 AS
SELECT f.connection_id, f.feed, f.status, f.job_expires_at, f.next_due_at, f.last_polled_at IS NOT NULL
FROM feeds f JOIN platform_connections c ON c.id = f.connection_id AND c.status = 'enabled';

PREPARE s4 AS
SELECT id, user_id, platform, marketplace_id, name, base_url, dialect, mode, start_at, sync_rules, realtime_enabled, status, created_at, updated_at FROM platform_connections WHERE status = 'enabled' ORDER BY id;

PREPARE s5 AS
SELECT jsonb_build_object('connection_id', f.connection_id, 'connection', c.name,
         'platform', c.platform, 'feed', f.feed, 'status', f.status, 'cursor', f.cursor,
         'last_polled_at', f.last_polled_at, 'next_due_at', f.next_due_at,
         'lag_seconds', round(extract(epoch FROM now() - f.last_polled_at)),
         'last_error', f.last_error)
  FROM feeds f JOIN platform_connections c ON c.id = f.connection_id
 ORDER BY c.marketplace_id, f.feed;

PREPARE s6 AS
SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '.catalogue'));

PREPARE s7 AS
SELECT pg_try_advisory_xact_lock(hashtextextended('crossdock scheduler of ' || current_schema(), 0));

PREPARE s8 AS
SELECT to_regclass(quote_ident(current_schema()) || '.schema_migrations') IS NOT NULL;

PREPARE s9 AS
SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version;

PREPARE s10 (text[], text[]) AS
INSERT INTO variations (user_id, sku)
SELECT DISTINCT user_id, sku FROM unnest($1::text[], $2::text[]) AS n(user_id, sku) ORDER BY user_id, sku
ON CONFLICT DO NOTHING;

PREPARE s11 (text[], text[]) AS
SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value);

PREPARE s12 (text[], text[], text[], jsonb[], text) AS
WITH added AS (
  INSERT INTO notifications (user_id, kind, cause, body)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
  ON CONFLICT DO NOTHING RETURNING user_id
)
SELECT pg_notify($5, user_id) FROM (SELECT DISTINCT user_id FROM added) AS users;

PREPARE s13 (bigint[]) AS
DELETE FROM orders WHERE id = ANY($1::bigint[]);

PREPARE s14 (bigint[]) AS
SELECT m.conversation_id, m.kind FROM unnest($1::bigint[]) AS n(id)
  JOIN order_messages m ON m.conversation_id = n.id;

PREPARE s15 (bigint[]) AS
SELECT to_jsonb(r) FROM poll_runs r WHERE r.id = ANY($1) AND r.finished_at IS NOT NULL ORDER BY r.id;

PREPARE s16 (bigint[], bytea[]) AS
INSERT INTO outbox (count, messages)
SELECT count, messages FROM unnest($1::bigint[], $2::bytea[]) AS packet(count, messages);

PREPARE s17 (bigint[], text[], text[]) AS
INSERT INTO conversation_members AS m (conversation_id, role, external_id, name)
SELECT conversation_id, 'buyer', external_id, name
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS b(conversation_id, external_id, name)
ON CONFLICT (conversation_id, role) DO UPDATE SET external_id = excluded.external_id, name = excluded.name
 WHERE (m.external_id, m.name) IS DISTINCT FROM (excluded.external_id, excluded.name);

PREPARE s18 (bigint[], text[], text[], text[]) AS
INSERT INTO order_messages (conversation_id, kind, body, delivery_status)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
ON CONFLICT DO NOTHING RETURNING id, conversation_id, delivery_status;

PREPARE s19 (bigint[], text[], bigint[], text[]) AS
DELETE FROM order_entries e
 USING unnest($1::bigint[], $2::text[]) AS r(order_id, kind)
 WHERE e.order_id = r.order_id AND e.kind = r.kind
   AND (e.order_id, e.external_id) NOT IN (SELECT order_id, external_id
         FROM unnest($3::bigint[], $4::text[]) AS n(order_id, external_id));

PREPARE s20 (bigint[], text[], timestamptz[], text[], bigint[], text[]) AS
INSERT INTO stock_bases (listing_ref, location_id, as_of, kind, quantity, fact_id)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[])
ON CONFLICT DO NOTHING RETURNING listing_ref, location_id, as_of, kind, quantity, fact_id;

PREPARE s21 (bigint[], bigint[]) AS
UPDATE marketplace_stock s
   SET on_hand = s.on_hand + d.delta, listed_stock = greatest(0, s.on_hand + d.delta),
       version = s.version + 1, updated_at = now()
  FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
 WHERE s.id = d.id
RETURNING s.id, s.on_hand, s.version, s.base_at;

PREPARE s22 (bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], uuid[], bigint[], text[], text[], text[], text[], text[], timestamptz[]) AS
INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before,
  quantity_after, quantity_change, step, change_type, connection_id, listing_ref, external_order_id,
  line_id, reference_id, admin_id, notes, occurred_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
  $7::bigint[], $8::text[], $9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
  $15::text[], $16::timestamptz[]);

PREPARE s23 (bigint[], bigint[], timestamptz[], bigint[]) AS
UPDATE marketplace_stock s
   SET on_hand = d.on_hand, listed_stock = greatest(0, d.on_hand),
       base_at = greatest(s.base_at, coalesce(d.as_of, s.base_at)),
       last_api_quantity = CASE WHEN d.as_of >= s.base_at THEN d.quantity ELSE s.last_api_quantity END,
       last_synced_at = CASE WHEN d.as_of >= s.base_at THEN d.as_of ELSE s.last_synced_at END
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[])
         AS d(id, on_hand, as_of, quantity)
 WHERE s.id = d.id;

PREPARE s24 (bigint[], timestamptz[]) AS
SELECT b.listing_ref, b.location_id, b.as_of, b.kind, b.quantity, b.fact_id, f.from_base
  FROM unnest($1::bigint[], $2::timestamptz[]) AS w(listing_ref, earliest)
  JOIN LATERAL (SELECT coalesce(max(as_of), '-infinity') AS from_base FROM stock_bases
                 WHERE listing_ref = w.listing_ref AND as_of < w.earliest) AS f ON true
  JOIN stock_bases b ON b.listing_ref = w.listing_ref AND b.as_of >= f.from_base;

PREPARE s25 (bigint[], timestamptz[], bigint[]) AS
SELECT w.listing_ref, h.occurred_at, sum(h.step)::bigint
  FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS w(listing_ref, earliest, stock)
  JOIN LATERAL (SELECT coalesce(max(as_of), '-infinity') AS from_base FROM stock_bases
                 WHERE listing_ref = w.listing_ref AND as_of < w.earliest) AS f ON true
  JOIN listings l ON l.id = w.listing_ref
  JOIN stock_history h ON h.marketplace_stock_id = ANY (l.former_stock || w.stock)
   AND h.listing_ref = w.listing_ref AND h.occurred_at > f.from_base
 GROUP BY w.listing_ref, h.occurred_at;

PREPARE s26 (bigint[], uuid[], text[], text[], text[], text[], text[], text[], bigint[], text[], text[]) AS
INSERT INTO order_entries AS e
  (order_id, external_id, kind, listing_id, sku, variation_id, title, quantity, unit_price, full_price)
SELECT n.order_id, n.external_id, n.kind, n.listing_id, n.sku,
       coalesce((SELECT l.variation_id FROM listings l
                  WHERE l.connection_id = n.connection_id AND l.external_id = n.listing_id),
                (SELECT v.id FROM variations v WHERE v.user_id = n.user_id AND v.sku = n.sku)),
       n.title, n.quantity, n.unit_price::numeric, n.full_price::numeric
  FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::bigint[], $10::text[], $11::text[])
         AS n(order_id, connection_id, user_id, external_id, kind, listing_id, sku, title, quantity,
              unit_price, full_price)
ON CONFLICT (order_id, external_id) DO UPDATE SET
  listing_id = excluded.listing_id, sku = excluded.sku, variation_id = excluded.variation_id,
  title = excluded.title, quantity = excluded.quantity, unit_price = excluded.unit_price,
  full_price = excluded.full_price
WHERE (e.listing_id, e.sku, e.variation_id, e.title, e.quantity, e.unit_price::text)
      IS DISTINCT FROM (excluded.listing_id, excluded.sku, excluded.variation_id, excluded.title,
                        excluded.quantity, excluded.unit_price::text);

PREPARE s27 (bigint[], double precision) AS
UPDATE listings l SET reread_at = clock_timestamp() + make_interval(secs => $2)
  FROM unnest($1::bigint[]) AS d(id)
 WHERE l.id = d.id AND coalesce(l.reread_at, '-infinity') < clock_timestamp()
   AND l.external_id NOT LIKE 'sku:%'
RETURNING l.connection_id, l.external_id, l.id;

PREPARE s28 (timestamptz[], bigint[]) AS
UPDATE outbox o SET published_at = clock_timestamp(), lease_until = NULL
  FROM unnest($1::timestamptz[], $2::bigint[]) AS p(created_at, id)
 WHERE o.created_at = p.created_at AND o.id = p.id;

PREPARE s29 (bigint) AS
UPDATE outbox o SET lease_until = clock_timestamp() + interval '60 s', attempts = o.attempts + 1
  FROM (SELECT created_at, id FROM outbox
         WHERE published_at IS NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
         ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) AS p
 WHERE o.created_at = p.created_at AND o.id = p.id
RETURNING o.created_at, o.id, o.messages;

PREPARE s30 (bigint) AS
UPDATE poll_runs SET started_at = clock_timestamp(), finished_at = NULL, error = NULL WHERE id = $1;

PREPARE s31 (bigint, bigint, bigint, bigint, bigint, bigint, text) AS
UPDATE poll_runs
SET finished_at = clock_timestamp(), pages = $2, calls = $3, events = $4, new_events = $5, skipped = $6,
    error = $7
WHERE id = $1;

PREPARE s32 (text) AS
SELECT id, user_id, platform, marketplace_id, name, base_url, dialect, mode, start_at, sync_rules, realtime_enabled, status, created_at, updated_at FROM platform_connections
WHERE $1::text IS NULL OR user_id = $1 ORDER BY marketplace_id;

PREPARE s33 (text) AS
SELECT pg_notify($1, '');

PREPARE s34 (text, text[]) AS
INSERT INTO variations (user_id, sku) SELECT $1, s.sku FROM unnest($2::text[]) AS s(sku) ORDER BY s.sku
ON CONFLICT (user_id, sku) DO NOTHING;

PREPARE s35 (text, bigint[]) AS
DELETE FROM in_hand WHERE consumer = $1 AND body_hash = ANY($2);

PREPARE s36 (text, bigint[], text[]) AS
INSERT INTO conversation_members (conversation_id, role, user_id)
SELECT conversation_id, $1, user_id FROM unnest($2::bigint[], $3::text[]) AS u(conversation_id, user_id)
ON CONFLICT DO NOTHING;

PREPARE s37 (text, bigint[], bool) AS
INSERT INTO in_hand AS h (consumer, body_hash, alone)
SELECT $1, body_hash, $3 FROM unnest($2::bigint[]) AS m(body_hash)
ON CONFLICT (consumer, body_hash) DO UPDATE
  SET crashes = h.crashes + h.alone::int, alone = excluded.alone, noted_at = clock_timestamp()
RETURNING body_hash, crashes;

PREPARE s38 (text, timestamptz[], text[]) AS
INSERT INTO inbox (consumer, event_time, message_id)
SELECT $1, event_time, message_id FROM unnest($2::timestamptz[], $3::text[]) AS m(event_time, message_id)
ON CONFLICT DO NOTHING RETURNING message_id;

PREPARE s39 (text, bigint) AS
SELECT jsonb_build_object('variation_id', s.variation_id, 'sku', v.sku,
         'marketplace_id', s.marketplace_id, 'on_hand', s.on_hand, 'listed_stock', s.listed_stock,
         'last_synced_at', s.last_synced_at, 'last_api_quantity', s.last_api_quantity,
         'updated_at', s.updated_at)
  FROM marketplace_stock s
  LEFT JOIN variations v ON v.id = s.variation_id
 WHERE ($1::text IS NULL OR v.sku = $1) AND ($2::bigint IS NULL OR s.marketplace_id = $2)
 ORDER BY v.sku, s.marketplace_id;

PREPARE s40 (text, text, text, bigint) AS
SELECT jsonb_build_object('id', id, 'connection_id', connection_id, 'event_id', event_id,
         'event_type', event_type, 'source', source, 'status', status,
         'processing_error', processing_error, 'retry_count', retry_count,
         'occurred_at', occurred_at, 'created_at', created_at, 'processed_at', processed_at)
  FROM webhook_events
 WHERE ($1::text IS NULL OR connection_id::text = lower($1))
   AND ($2::text IS NULL OR event_type = $2) AND ($3::text IS NULL OR status = $3)
 ORDER BY id DESC LIMIT $4;

PREPARE s41 (uuid) AS
DELETE FROM breakers WHERE connection_id = $1;

PREPARE s42 (uuid) AS
SELECT id, user_id, platform, marketplace_id, name, base_url, dialect, mode, start_at, sync_rules, realtime_enabled, status, created_at, updated_at FROM platform_connections WHERE id = $1;

PREPARE s43 (uuid) AS
SELECT open_until IS NOT NULL FROM breakers WHERE connection_id = $1;

PREPARE s44 (uuid) AS
SELECT secrets, secrets_key_id FROM platform_connections WHERE id = $1 AND secrets IS NOT NULL;

PREPARE s45 (uuid, text[], text[], text[], jsonb[], text[], text[], timestamptz[]) AS
INSERT INTO webhook_events
  (connection_id, event_id, event_type, source, message_id, payload, status, processing_error, occurred_at)
SELECT $1, e.id, e.type, 'poll', e.message_id, e.payload, e.status, e.error, e.occurred_at
FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::timestamptz[])
  AS e(id, type, message_id, payload, status, error, occurred_at)
ORDER BY e.id
ON CONFLICT (connection_id, event_id) DO NOTHING RETURNING event_id;

PREPARE s46 (uuid, text) AS
INSERT INTO breakers (connection_id, error_class) VALUES ($1, $2) ON CONFLICT DO NOTHING;

PREPARE s47 (uuid, text) AS
INSERT INTO feeds (connection_id, feed) VALUES ($1, $2) ON CONFLICT DO NOTHING;

PREPARE s48 (uuid, text) AS
SELECT error_class, failures, opened_at, open_until, probe_until, clock_timestamp() FROM breakers
WHERE connection_id = $1 AND ($2::text IS NULL OR error_class = $2) ORDER BY error_class FOR UPDATE;

PREPARE s49 (uuid, text, text[], text[], text[], text[], text[], text[], bigint[], timestamptz) AS
INSERT INTO listings AS l
  (connection_id, external_id, variation_id, sku, title, status, price, currency, quantity, quantity_as_of)
SELECT $1, n.id, v.id, n.sku, n.title, n.status, n.price::numeric, n.currency, n.quantity::int, $10
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[])
  AS n(id, sku, title, status, price, currency, quantity)
LEFT JOIN variations v ON v.user_id = $2 AND v.sku = n.sku
ORDER BY n.id
ON CONFLICT (connection_id, external_id) DO UPDATE
SET variation_id = coalesce(l.variation_id, excluded.variation_id), sku = excluded.sku,
    title = excluded.title, status = excluded.status, price = excluded.price, currency = excluded.currency,
    quantity = excluded.quantity, quantity_as_of = excluded.quantity_as_of, updated_at = now()
WHERE l.quantity_as_of IS NULL OR l.quantity_as_of <= excluded.quantity_as_of;

PREPARE s50 (uuid, text, bigint, timestamptz, timestamptz, timestamptz) AS
UPDATE breakers SET failures = $3, opened_at = $4, open_until = $5, probe_until = $6
WHERE connection_id = $1 AND error_class = $2;

PREPARE s51 (uuid, text, text, timestamptz, timestamptz) AS
INSERT INTO feeds (connection_id, feed, job_slot, job_expires_at, next_due_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (connection_id, feed) DO UPDATE
SET job_slot = $3, job_expires_at = $4, next_due_at = $5;

PREPARE s52 (uuid, text, text, text, bool) AS
INSERT INTO poll_runs (connection_id, feed, job_id, reason, dry_run, started_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp()) RETURNING id;

PREPARE s53 (uuid, text, text, text, text, text, text, text, bytea, text) AS
INSERT INTO platform_connections
  (id, user_id, platform, name, base_url, dialect, mode, start_at, secrets, secrets_key_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id, user_id, platform, marketplace_id, name, base_url, dialect, mode, start_at, sync_rules, realtime_enabled, status, created_at, updated_at;

PREPARE s54 (uuid, text, uuid, text, text, bool, text) AS
UPDATE feeds
SET lease_token = NULL, lease_until = NULL, status = coalesce($4, status), last_error = $5,
    last_polled_at = CASE WHEN $6 AND $5::text IS NULL THEN clock_timestamp() ELSE last_polled_at END,
    job_expires_at = CASE WHEN $6 AND job_slot = $7 THEN NULL ELSE job_expires_at END
WHERE connection_id = $1 AND feed = $2 AND lease_token = $3;

PREPARE s55 (uuid, text, uuid, text, text, text, timestamptz, timestamptz, text, timestamptz, double precision) AS
UPDATE feeds
SET cursor = $6, window_from = $7, window_to = $8, page_cursor = $9, completed_to = $10,
    lease_until = clock_timestamp() + make_interval(secs => $11)
WHERE connection_id = $1 AND feed = $2 AND lease_token = $3
  AND cursor IS NOT DISTINCT FROM $4 AND page_cursor IS NOT DISTINCT FROM $5;

PREPARE s56 (uuid, text, uuid, double precision) AS
UPDATE feeds SET lease_token = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
WHERE connection_id = $1 AND feed = $2 AND (lease_token IS NULL OR lease_until < clock_timestamp())
RETURNING cursor, window_from, window_to, page_cursor, completed_to, status, last_polled_at IS NULL,
          clock_timestamp();

PREPARE s57 (uuid, uuid, bytea, bytea, text) AS
UPDATE platform_connections
SET secrets = $4, secrets_key_id = $5, updated_at = now(),
    token_lease = nullif(token_lease, $2),
    token_lease_until = CASE WHEN token_lease = $2 THEN NULL ELSE token_lease_until END
WHERE id = $1 AND secrets = $3;

PREPARE s58 (uuid, uuid, double precision) AS
UPDATE platform_connections
SET token_lease = $2, token_lease_until = clock_timestamp() + make_interval(secs => $3)
WHERE id = $1 AND (token_lease IS NULL OR token_lease_until < clock_timestamp());

PREPARE s59 (uuid, double precision, double precision) AS
INSERT INTO call_buckets (connection_id, tokens, rate, burst) VALUES ($1, $3, $2, $3)
ON CONFLICT DO NOTHING;

PREPARE s60 (uuid, double precision, double precision, double precision) AS
INSERT INTO call_buckets (connection_id, tokens, rate, burst, blocked_until)
VALUES ($1, 0, $2, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (connection_id) DO UPDATE
SET tokens = 0, blocked_until = greatest(call_buckets.blocked_until, excluded.blocked_until);

PREPARE s61 (uuid, double precision, double precision, double precision) AS
WITH held AS MATERIALIZED (
  SELECT connection_id, tokens, updated_at, blocked_until FROM call_buckets
  WHERE connection_id = $1 FOR UPDATE
), filled AS MATERIALIZED (
  SELECT h.connection_id, t.now, h.blocked_until,
         least($3, h.tokens + greatest(0, extract(epoch FROM t.now - h.updated_at)::float8) * $2) AS tokens
  FROM held h, LATERAL (SELECT clock_timestamp() AS now WHERE h.connection_id IS NOT NULL) t
), decided AS MATERIALIZED (
  SELECT f.*, coalesce(f.blocked_until > f.now, false) AS blocked,
         f.tokens >= $4 AND NOT coalesce(f.blocked_until > f.now, false) AS granted
  FROM filled f
)
UPDATE call_buckets b
SET tokens = CASE WHEN d.granted THEN d.tokens - $4 ELSE d.tokens END,
    rate = $2, burst = $3, updated_at = d.now
FROM decided d WHERE b.connection_id = d.connection_id
RETURNING d.granted,
  greatest(CASE WHEN d.blocked THEN extract(epoch FROM d.blocked_until - d.now)::float8 ELSE 0 END,
           ($4 - d.tokens) / $2);

PREPARE s62 (uuid[]) AS
SELECT c.id, c.user_id, c.marketplace_id,
       coalesce((c.sync_rules->>'propagateInventory')::bool, false) AND c.mode = 'live'
  FROM platform_connections c WHERE c.id = ANY($1);

PREPARE s63 (uuid[]) AS
SELECT c.id, c.user_id, c.platform, c.name, c.mode = 'shadow', c.sync_rules
  FROM unnest($1::uuid[]) AS n(id) JOIN platform_connections c ON c.id = n.id;

PREPARE s64 (uuid[]) AS
SELECT id, marketplace_id, user_id FROM platform_connections WHERE id = ANY($1::uuid[]);

PREPARE s65 (uuid[], text[]) AS
SELECT l.connection_id, l.line_id, array_to_json(l.orders)::jsonb
  FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, line_id)
  JOIN stock_lines l ON l.connection_id = n.connection_id AND l.line_id = n.line_id
   FOR UPDATE OF l;

PREPARE s66 (uuid[], text[]) AS
SELECT o.connection_id, o.external_id, o.versions
  FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
  JOIN stock_orders o ON o.connection_id = n.connection_id AND o.external_id = n.external_id
   FOR UPDATE OF o;

PREPARE s67 (uuid[], text[]) AS
SELECT o.id, o.connection_id, o.external_id, o.source_updated_at, o.closed, o.observed_at, o.digest,
       o.lines_updated_at, o.lines_closed, o.lines_observed_at, o.lines_digest
  FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
  JOIN orders o ON o.connection_id = n.connection_id AND o.external_id = n.external_id
   FOR UPDATE OF o;

PREPARE s68 (uuid[], text[]) AS
SELECT s.connection_id, s.external_id, s.source_updated_at, s.closed, s.observed_at, s.digest, s.event,
       s.reason
  FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
 CROSS JOIN LATERAL (SELECT * FROM skipped_orders s
                      WHERE s.connection_id = n.connection_id AND s.external_id = n.external_id
                     OFFSET 0) AS s;

PREPARE s69 (uuid[], text[], text[]) AS
INSERT INTO stock_lines (connection_id, line_id, orders)
SELECT connection_id, line_id, ARRAY[order_id]
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS l(connection_id, line_id, order_id)
ON CONFLICT DO NOTHING RETURNING connection_id, line_id;

PREPARE s70 (uuid[], text[], text[]) AS
INSERT INTO stock_orders (connection_id, external_id, versions)
SELECT connection_id, external_id, versions
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS o(connection_id, external_id, versions)
ON CONFLICT DO NOTHING RETURNING connection_id, external_id;

PREPARE s71 (uuid[], text[], text[]) AS
UPDATE stock_lines l SET orders = l.orders || n.orders
  FROM (SELECT connection_id, line_id, array_agg(order_id) AS orders
          FROM unnest($1::uuid[], $2::text[], $3::text[]) AS a(connection_id, line_id, order_id)
         GROUP BY connection_id, line_id) AS n
 WHERE l.connection_id = n.connection_id AND l.line_id = n.line_id;

PREPARE s72 (uuid[], text[], text[]) AS
UPDATE stock_orders o SET versions = n.versions
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(connection_id, external_id, versions)
 WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id;

PREPARE s73 (uuid[], text[], text[], bool[], text[], text[], bool[], jsonb[], jsonb[]) AS
INSERT INTO order_conversations AS c (connection_id, external_order_id, type, is_opened, version, number,
  is_cancelled, payment, tracking)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::text[], $7::bool[],
                     $8::jsonb[], $9::jsonb[])
ON CONFLICT (connection_id, external_order_id) DO UPDATE SET
  type = CASE excluded.type WHEN 'dispute' THEN excluded.type ELSE c.type END,
  is_opened = c.is_opened OR excluded.is_opened,
  updated_at = now(),
  (version, number, is_cancelled, payment, tracking) =
    (SELECT v.version, v.number, v.is_cancelled, v.payment, v.tracking
       FROM (VALUES (c.version, c.number, c.is_cancelled, c.payment, c.tracking),
                    (excluded.version, excluded.number, excluded.is_cancelled, excluded.payment,
                     excluded.tracking)) AS v(version, number, is_cancelled, payment, tracking)
      ORDER BY v.version COLLATE "C" DESC NULLS LAST LIMIT 1)
RETURNING c.id, c.connection_id, c.external_order_id, c.version, c.number;

PREPARE s74 (uuid[], text[], text[], text[]) AS
INSERT INTO listings (connection_id, external_id, variation_id, sku)
SELECT DISTINCT ON (n.connection_id, n.external_id) n.connection_id, n.external_id, v.id, n.sku
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(connection_id, external_id, user_id, sku)
  JOIN variations v ON v.user_id = n.user_id AND v.sku = n.sku
 ORDER BY n.connection_id, n.external_id
ON CONFLICT DO NOTHING;

PREPARE s75 (uuid[], text[], text[], text[]) AS
UPDATE listings l SET variation_id = v.id
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(connection_id, external_id, user_id, sku)
  JOIN variations v ON v.user_id = n.user_id AND v.sku = n.sku
 WHERE l.connection_id = n.connection_id AND l.external_id = n.external_id AND l.variation_id IS NULL;

PREPARE s76 (uuid[], text[], bigint[]) AS
INSERT INTO marketplace_stock (variation_id, marketplace_id)
SELECT DISTINCT l.variation_id, n.marketplace_id
  FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS n(connection_id, external_id, marketplace_id)
  JOIN listings l ON l.connection_id = n.connection_id AND l.external_id = n.external_id
 ORDER BY 1, 2
ON CONFLICT DO NOTHING;

PREPARE s77 (uuid[], text[], bigint[]) AS
SELECT n.ordinal, l.id, s.id, l.variation_id, v.sku
  FROM unnest($1::uuid[], $2::text[], $3::bigint[])
         WITH ORDINALITY AS n(connection_id, external_id, marketplace_id, ordinal)
  JOIN listings l ON l.connection_id = n.connection_id AND l.external_id = n.external_id
  JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = n.marketplace_id
  JOIN variations v ON v.id = l.variation_id;

PREPARE s78 (uuid[], text[], bigint[], text[], text[], text[], text[], bool[], text[], text[], text[], text[], jsonb[], jsonb[], jsonb[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], bigint[], timestamptz[], bool[], timestamptz[], bigint[]) AS
INSERT INTO orders (connection_id, external_id, marketplace_id, number, status, financial_status,
  fulfillment_status, closed, currency, total, tax, shipping, buyer, shipping_address, tracking, placed_at,
  source_updated_at, cancelled_at, observed_at, digest, lines_updated_at, lines_closed, lines_observed_at,
  lines_digest)
SELECT n.connection_id, n.external_id, n.marketplace_id, n.number, n.status, n.financial_status,
  n.fulfillment_status, n.closed, n.currency, n.total::numeric, n.tax::numeric, n.shipping::numeric, n.buyer,
  n.shipping_address, n.tracking, n.placed_at, n.source_updated_at, n.cancelled_at, n.observed_at, n.digest,
  n.lines_updated_at, n.lines_closed, n.lines_observed_at, n.lines_digest
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
  $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[], $15::jsonb[],
  $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[],
  $21::timestamptz[], $22::bool[], $23::timestamptz[], $24::bigint[]) AS n(connection_id, external_id, marketplace_id, number, status, financial_status, fulfillment_status, closed,
  currency, total, tax, shipping, buyer, shipping_address, tracking, placed_at, source_updated_at,
  cancelled_at, observed_at, digest, lines_updated_at, lines_closed, lines_observed_at, lines_digest)
ON CONFLICT DO NOTHING RETURNING id, connection_id, external_id;

PREPARE s79 (uuid[], text[], bigint[], text[], text[], text[], text[], bool[], text[], text[], text[], text[], jsonb[], jsonb[], jsonb[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], bigint[], timestamptz[], bool[], timestamptz[], bigint[]) AS
UPDATE orders o SET
  marketplace_id = n.marketplace_id, number = n.number, status = n.status,
  financial_status = n.financial_status, fulfillment_status = n.fulfillment_status, closed = n.closed,
  currency = n.currency, total = n.total::numeric, tax = n.tax::numeric, shipping = n.shipping::numeric,
  buyer = n.buyer, shipping_address = n.shipping_address, tracking = n.tracking, placed_at = n.placed_at,
  source_updated_at = n.source_updated_at, cancelled_at = n.cancelled_at, observed_at = n.observed_at,
  digest = n.digest, lines_updated_at = n.lines_updated_at, lines_closed = n.lines_closed,
  lines_observed_at = n.lines_observed_at, lines_digest = n.lines_digest, updated_at = now()
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
  $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[], $15::jsonb[],
  $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[],
  $21::timestamptz[], $22::bool[], $23::timestamptz[], $24::bigint[]) AS n(connection_id, external_id, marketplace_id, number, status, financial_status, fulfillment_status, closed,
  currency, total, tax, shipping, buyer, shipping_address, tracking, placed_at, source_updated_at,
  cancelled_at, observed_at, digest, lines_updated_at, lines_closed, lines_observed_at, lines_digest)
 WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id;

PREPARE s80 (uuid[], text[], timestamptz[], bool[], timestamptz[], bigint[], text[], text[]) AS
INSERT INTO skipped_orders
  (connection_id, external_id, source_updated_at, closed, observed_at, digest, reason, event)
SELECT n.connection_id, n.external_id, n.updated_at, n.closed, n.observed_at, n.digest, n.reason, n.event::json
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bool[], $5::timestamptz[], $6::bigint[],
              $7::text[], $8::text[])
         AS n(connection_id, external_id, updated_at, closed, observed_at, digest, reason, event)
ON CONFLICT DO NOTHING;

PREPARE s81 (uuid[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]) AS
INSERT INTO order_statistics AS s (connection_id, created, updated, cancelled, skipped, unchanged, errors)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                     $7::bigint[])
ON CONFLICT (connection_id) DO UPDATE SET
  created = s.created + excluded.created, updated = s.updated + excluded.updated,
  cancelled = s.cancelled + excluded.cancelled, skipped = s.skipped + excluded.skipped,
  unchanged = s.unchanged + excluded.unchanged, errors = s.errors + excluded.errors, updated_at = now();
