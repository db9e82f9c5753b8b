-- What the dashboard's pages look up: an order's events, a connection's failed pushes.
-- Locks: webhook_events exclusively for a moment (a column without a rewrite); the indexes hold up the writers of their
-- tables for a moment: the first has no rows of before, the second few. Rollout: before the first process of this release.
-- Those of the release before write no subject: what they store meanwhile is not on an order's timeline.

-- The event's `subject`: `order/820982911946154508`.
ALTER TABLE webhook_events ADD COLUMN subject text;
CREATE INDEX webhook_events_of_subject ON webhook_events (connection_id, subject, id) WHERE subject IS NOT NULL;

CREATE INDEX stock_pushes_failed ON stock_pushes (connection_id, updated_at) WHERE outcome = 'failed';
