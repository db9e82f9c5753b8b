-- Rows as release 0.1.0 leaves them at schema 3.

INSERT INTO platform_connections (id, user_id, platform, marketplace_id, name, base_url, secrets)
VALUES ('6f1c2b3a-0000-4000-8000-000000000001', 'u-1', 'allegro', 7, 'main', 'https://api.allegro.pl', '\x00ff');
INSERT INTO feeds (connection_id, feed, cursor, last_polled_at)
VALUES ('6f1c2b3a-0000-4000-8000-000000000001', 'order-events', 'event-id-456', '2026-01-01T12:00:00Z');
INSERT INTO webhook_events (connection_id, event_id, event_type, source, message_id, payload, status, occurred_at)
VALUES ('6f1c2b3a-0000-4000-8000-000000000001', 'event-id-456', 'order.created', 'order-events', 'allegro:1',
        '{"id": "event-id-456"}', 'published', '2026-01-01T12:00:00Z');
INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', 'allegro:1');
INSERT INTO outbox (count, messages) VALUES (1, '\xdeadbeef');
INSERT INTO variations (user_id, sku) VALUES ('u-1', 'SKU-0001');
INSERT INTO listings (connection_id, external_id, variation_id, sku, quantity)
SELECT '6f1c2b3a-0000-4000-8000-000000000001', 'offer-9', id, sku, 8 FROM variations;
INSERT INTO marketplace_stock (variation_id, marketplace_id, listed_stock, on_hand) SELECT id, 7, 0, -2 FROM variations;
INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before, quantity_after,
                           quantity_change, change_type, reference_id, occurred_at)
SELECT id, variation_id, 7, 0, -2, -2, 'order_created', '#1001', '2026-01-01T12:00:00Z' FROM marketplace_stock;
INSERT INTO orders (connection_id, marketplace_id, external_id, number, status, closed, total, source_updated_at,
                    observed_at, digest)
VALUES ('6f1c2b3a-0000-4000-8000-000000000001', 7, 'o-1', '#1001', 'paid', false, 123.45, '2026-01-01T12:00:00Z',
        '2026-01-01T12:00:01Z', 42);
INSERT INTO order_entries (order_id, external_id, sku, quantity, unit_price) SELECT id, 'li-1', 'SKU-0001', 2, 49.99 FROM orders;
INSERT INTO notifications (user_id, kind, body) VALUES ('u-1', 'stock_low', '{"sku": "SKU-0001"}');
